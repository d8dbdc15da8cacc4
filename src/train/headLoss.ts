import { offsetChannels } from "../data/offsets.js";
import type { GraphBuilder } from "../nets/graph.js";
import type { Value } from "../nets/value.js";
import { buildLoss, type LossInputs, type LossSpec } from "./losses.js";

/**
 * An experiment's losses on the classes of an output and, where it has offsets, `offsetWeight` times the mean distance
 * (L1, in units of offsetUnit voxels) of the offsets in voxels of a particle.
 */
export function buildHeadLoss(
  g: GraphBuilder,
  specs: readonly LossSpec[],
  offsetWeight: number | null,
  { logits, target, ...rest }: LossInputs,
): Value {
  if (offsetWeight === null) return buildLoss(g, specs, { logits, target, ...rest });
  const classes = logits.channels - offsetChannels;
  const part = (x: Value, start: number, count: number) => g.selectChannels(x, start, count);
  const what = { logits: part(logits, 0, classes), target: part(target, 0, classes), ...rest };
  const background = rest.activation === "softmax" ? 1 : 0;
  const inside = g.multiply(g.sumChannels(part(target, background, classes - background)), rest.voxelWeight);
  const off = g.abs(g.subtract(part(logits, classes, offsetChannels), part(target, classes, offsetChannels)));
  const total = g.sum(g.sumChannels(g.multiply(off, inside)));
  const mean = g.divide(total, g.affine(g.sum(inside), 1, 1e-6));
  return g.add(buildLoss(g, specs, what), g.affine(mean, offsetWeight));
}
