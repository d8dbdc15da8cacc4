/** Architecture `vnet`: V-Net's residual stages of large kernels. */
import type { Architecture } from "../architecture.js";
import { doubled, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const levels = [
  { width: 8, depth: 1 },
  { width: 16, depth: 2 },
  { width: 32, depth: 3 },
  { width: 64, depth: 3 },
] as const;

const active = (g: GraphBuilder, x: Value, name: string): Value => g.prelu(x, name, { perChannel: true });

/** Builds 5×5×5 convolutions whose result is added to `shortcut`. */
function stage(g: GraphBuilder, x: Value, shortcut: Value, name: string, depth: number): Value {
  let value = x;
  for (let at = 0; at < depth; at++) {
    const linear = g.convolution(value, `${name}.${at}.conv`, shortcut.channels, { kernel: [5, 5, 5] });
    const normalised = g.batchNorm(linear, `${name}.${at}.norm`);
    const last = at === depth - 1;
    value = active(g, last ? g.add(normalised, shortcut) : normalised, `${name}.${at}.act`);
  }
  return value;
}

function encode(g: GraphBuilder, x: Value): Value[] {
  const features: Value[] = [];
  for (const [level, { width, depth }] of levels.entries()) {
    const finer = features.at(-1);
    const shape = { kernel: [2, 2, 2], stride: [2, 2, 2] } as const;
    const entry = finer
      ? active(g, g.convolution(finer, `down.${level}.conv`, width, shape), `down.${level}.act`)
      : g.convolution(x, "stem", width, { kernel: [1, 1, 1] });
    features.push(stage(g, entry, entry, `e.${level}`, depth));
  }
  return features;
}

function decode(g: GraphBuilder, features: readonly Value[], finest: 0 | 1): Value {
  let value = features.at(-1)!;
  for (let level = features.length - 2; level >= finest; level--) {
    const { width, depth } = levels[level]!;
    const grown = active(g, doubled(g, value, `up.${level}.conv`, width), `up.${level}.act`);
    value = stage(g, g.concat(grown, features[level]!), grown, `d.${level}`, depth);
  }
  return value;
}

/** V-Net in four levels, narrower than the paper's. */
export const vnet: Architecture = {
  name: "vnet",
  description:
    "residual stages of 5×5×5 convolutions, PReLU a channel, strided and transposed 2×2×2 convolutions",
  source:
    "V-Net (Milletari et al. 2016) in four levels of 8/16/32/64 channels for its five of 16 to 256, its decoder as wide as its encoder, with batch norm",
  build: (g, x, outputs) => head(g, decode(g, encode(g, x), 0), outputs),
  buildHalf: (g, x, outputs) => head(g, decode(g, encode(g, x), 1), outputs),
};
