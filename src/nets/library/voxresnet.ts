/** Architecture `voxresnet`: a residual encoder whose scales are all classified. */
import type { Architecture } from "../architecture.js";
import { cube, head } from "../blocks.js";
import type { GraphBuilder } from "../graph.js";
import type { Value } from "../value.js";

const fineWidth = 32;
const width = 64;

const active = (g: GraphBuilder, x: Value, name: string): Value => g.relu(g.batchNorm(x, name));

/** Builds a residual module: norm, ReLU, convolution, twice, and the input added. */
function voxRes(g: GraphBuilder, x: Value, name: string): Value {
  const first = g.convolution(active(g, x, `${name}.0`), `${name}.2`, x.channels);
  return g.add(g.convolution(active(g, first, `${name}.3`), `${name}.5`, x.channels), x);
}

/** Builds features at strides 1, 2, 4 and 8. */
function scales(g: GraphBuilder, x: Value): Value[] {
  const stem = active(g, g.convolution(x, "stem.0", fineWidth), "stem.1");
  const found = [active(g, g.convolution(stem, "stem.3", fineWidth), "stem.4")];
  for (const level of [1, 2, 3]) {
    const down = g.convolution(found.at(-1)!, `down.${level}.0`, width, { stride: [2, 2, 2] });
    const deep = voxRes(g, voxRes(g, down, `down.${level}.1`), `down.${level}.2`);
    found.push(active(g, deep, `down.${level}.3`));
  }
  return found;
}

/** A residual encoder without a decoder: every scale is classified, and the upsampled scores are added. */
export const voxresnet: Architecture = {
  name: "voxresnet",
  description: "a residual encoder with batch norm; four scales are classified and their scores added",
  source:
    "Chen et al. 2018; scores are upsampled trilinearly, not by deconvolutions, and its classifiers are supervised at their own resolution with a weight of 1/4",
  build(g, x, outputs) {
    const scores = scales(g, x).map((scale, level) => head(g, scale, outputs, `head.${level}`));
    const logits = scores.reduce((sum, score, level) =>
      g.add(sum, g.upsampleLinear(score, cube(2 ** level))),
    );
    return { logits, auxiliary: scores.slice(1).map((score) => ({ logits: score, weight: 0.25 })) };
  },
};
