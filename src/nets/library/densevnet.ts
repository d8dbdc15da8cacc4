/** Architecture `densevnet`: stacks of densely connected, dilated convolutions. */
import type { Architecture } from "../architecture.js";
import { cube } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const stacks = [
  { units: 5, growth: 4, skip: 12 },
  { units: 10, growth: 8, skip: 24 },
  { units: 10, growth: 16, skip: 24 },
] as const;
const width = 24;
const dilations = [1, 2, 4] as const;

interface Shape {
  readonly size?: number;
  readonly stride?: number;
  readonly dilation?: number;
}

function unit(g: GraphBuilder, x: Value, name: string, out: number, shape: Shape = {}): Value {
  const { size = 3, stride = 1, dilation = 1 } = shape;
  const options = { kernel: cube(size), stride: cube(stride), dilation: cube(dilation), bias: false };
  return g.relu(g.batchNorm(g.convolution(x, `${name}.0`, out, options), `${name}.1`));
}

/** Builds a stack whose units see all units before them; dilations 1, 2, 4 in turn widen their view. */
function stack(g: GraphBuilder, x: Value, name: string, units: number, growth: number): Value {
  let seen = x;
  for (let at = 0; at < units; at++) {
    const dilation = dilations[at % dilations.length]!;
    seen = g.concat(seen, unit(g, seen, `${name}.${at}`, growth, { dilation }));
  }
  return seen;
}

function halfLogits(g: GraphBuilder, x: Value, outputs: number): Value {
  const small = g.batchNorm(g.averagePool(x), "small");
  const parts = [small];
  let input = g.concat(small, unit(g, x, "stem", width, { size: 5, stride: 2 }));
  for (const [level, { units, growth, skip }] of stacks.entries()) {
    if (level > 0) input = unit(g, input, `down.${level}`, width, { stride: 2 });
    input = stack(g, input, `stack.${level}`, units, growth);
    const side = unit(g, input, `skip.${level}`, skip);
    parts.push(level === 0 ? side : g.upsampleLinear(side, cube(2 ** level)));
  }
  return g.convolution(g.concat(...parts), "head", outputs);
}

/** Dense stacks at strides 2, 4 and 8, joined at half the resolution, at which the logits are computed. */
export const densevnet: Architecture = {
  name: "densevnet",
  description:
    "three stacks of densely connected, dilated convolutions with batch norm; logits at half the resolution",
  source:
    "Gibson et al. 2018: 5/10/10 units of 4/8/16 channels; without its spatial prior and its dropout; dilations 1/2/4 in turn are ours",
  build: (g, x, outputs) => g.upsampleLinear(halfLogits(g, x, outputs)),
  buildHalf: halfLogits,
};
