/** Training losses as graphs: cross entropy, Tversky, focal, squared and absolute error, offset distance. */
import { z } from "zod";
import { offsetChannels } from "../../data/patches/offsets.js";
import type { Activation } from "../../engines/activation.js";
import type { LossPart, SummedLoss } from "../../engines/trainable.js";
import type { GraphBuilder } from "../../nets/graph.js";
import type { Value } from "../../nets/value.js";

const weight = z.number().positive().default(1);
const positiveWeight = z.number().positive().default(1);
const addedWeight = z.number().nonnegative().default(0);

/** The losses of an experiment; `weight` is the factor of each in the sum. */
export const lossSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("crossEntropy"),
      weight,
      classWeights: z.array(z.number().nonnegative()).optional(),
      backgroundWeight: z.number().positive().default(1),
    })
    .describe(
      "cross entropy over background and types; `classWeights` of all classes, the background first, or `backgroundWeight` alone, the types then having 1",
    ),
  z
    .strictObject({ kind: z.literal("binaryCrossEntropy"), weight, positiveWeight })
    .describe(
      "cross entropy of each type by itself; `positiveWeight` of the voxels that belong to a particle",
    ),
  z
    .strictObject({
      kind: z.literal("tversky"),
      weight,
      alpha: z.number().min(0).max(1).default(0.3),
      beta: z.number().min(0).max(1).default(0.7),
    })
    .describe("1 − Tversky index, mean over the types; `alpha` weighs false voxels, `beta` missed ones"),
  z
    .strictObject({ kind: z.literal("focal"), weight, gamma: z.number().min(1).default(2), positiveWeight })
    .describe("focal loss of each type by itself; the larger `gamma`, the less do easy voxels count"),
  z
    .strictObject({ kind: z.literal("squaredError"), weight, positiveWeight: addedWeight })
    .describe("mean squared difference; a voxel of target t counts 1 + `positiveWeight` · t times"),
  z
    .strictObject({ kind: z.literal("absoluteError"), weight, positiveWeight: addedWeight })
    .describe("mean absolute difference; a voxel of target t counts 1 + `positiveWeight` · t times"),
]);
export type LossSpec = z.infer<typeof lossSchema>;

/**
 * Inputs of a loss, all maps: logits and target with equal channels, and a weight per voxel, or per voxel and channel (0 is
 * ignored).
 */
interface LossInputs {
  readonly logits: Value;
  readonly target: Value;
  readonly voxelWeight: Value;
  /** With softmax, channel 0 is the background. */
  readonly activation: Activation;
}

const tiny = 1e-6;

/** Builds the weighted sum of an experiment's losses, a single number. */
export const buildLoss = (g: GraphBuilder, specs: readonly LossSpec[], inputs: LossInputs): Value =>
  summedLoss(g, specs, inputs).total;

/** Builds the sum with its terms, each named by its kind; a second one of a kind has its number behind. */
function summedLoss(g: GraphBuilder, specs: readonly LossSpec[], inputs: LossInputs): SummedLoss {
  const parts = specs.map((spec, at): LossPart => {
    const before = specs.slice(0, at).filter(({ kind }) => kind === spec.kind).length;
    const name = before === 0 ? spec.kind : `${spec.kind}${before + 1}`;
    return { name, value: g.affine(term(g, spec, inputs), spec.weight) };
  });
  return { total: parts.map(({ value }) => value).reduce((sum, next) => g.add(sum, next)), parts };
}

function term(g: GraphBuilder, spec: LossSpec, inputs: LossInputs): Value {
  switch (spec.kind) {
    case "crossEntropy":
      return crossEntropy(g, inputs, classWeightsOf(spec, inputs.logits.channels));
    case "binaryCrossEntropy":
      return binaryCrossEntropy(g, inputs, spec.positiveWeight);
    case "tversky":
      return tversky(g, inputs, spec.alpha, spec.beta);
    case "focal":
      return focal(g, inputs, spec.gamma, spec.positiveWeight);
    case "squaredError":
      return weightedError(g, inputs, spec.positiveWeight, (difference) =>
        g.multiply(difference, difference),
      );
    case "absoluteError":
      return weightedError(g, inputs, spec.positiveWeight, g.abs);
  }
}

function classWeightsOf(spec: LossSpec & { kind: "crossEntropy" }, channels: number): number[] {
  return spec.classWeights
    ? [...spec.classWeights]
    : [spec.backgroundWeight, ...new Array<number>(channels - 1).fill(1)];
}

/** Weighted mean of a map over voxels and channels. */
function weightedMean(g: GraphBuilder, perVoxel: Value, voxelWeight: Value): Value {
  const total = g.sum(g.sumChannels(g.multiply(perVoxel, voxelWeight)));
  if (voxelWeight.channels > 1) return g.divide(total, g.affine(g.sum(g.sumChannels(voxelWeight)), 1, tiny));
  return g.divide(total, g.affine(g.sum(voxelWeight), perVoxel.channels, tiny));
}

/** Cross entropy: −Σ class weight · target · log softmax, over the sum of class weight · target (as PyTorch's mean). */
function crossEntropy(
  g: GraphBuilder,
  { logits, target, voxelWeight }: LossInputs,
  weights: readonly number[],
): Value {
  const weighted = g.multiply(g.channelScale(target, weights), voxelWeight);
  const loss = g.sum(g.sumChannels(g.multiply(weighted, g.logSoftmax(logits))));
  return g.divide(g.affine(loss, -1), g.affine(g.sum(g.sumChannels(weighted)), 1, tiny));
}

/** Binary cross entropy: positiveWeight·t·softplus(−x) + (1 − t)·softplus(x), in a form without a logarithm of zero. */
function binaryCrossEntropy(
  g: GraphBuilder,
  { logits, target, voxelWeight }: LossInputs,
  positiveWeight: number,
): Value {
  const hit = g.multiply(g.affine(target, positiveWeight), g.softplus(g.affine(logits, -1)));
  const miss = g.multiply(g.affine(target, -1, 1), g.softplus(logits));
  return weightedMean(g, g.add(hit, miss), voxelWeight);
}

/** Tversky loss: 1 − mean over classes of TP / (TP + α·FP + β·FN), without background (Salehi et al. 2017). */
function tversky(
  g: GraphBuilder,
  { logits, target, voxelWeight, activation }: LossInputs,
  alpha: number,
  beta: number,
): Value {
  const background = activation === "softmax";
  const p = g.multiply(background ? g.softmax(logits) : g.sigmoid(logits), voxelWeight);
  const t = g.multiply(target, voxelWeight);
  const hits = g.sum(g.multiply(p, target));
  const wrong = g.subtract(g.sum(p), hits);
  const missed = g.subtract(g.sum(t), hits);
  const whole = g.add(hits, g.add(g.affine(wrong, alpha), g.affine(missed, beta, 1)));
  const index = g.divide(g.affine(hits, 1, 1), whole);
  const classes = logits.channels;
  const share = 1 / (background ? classes - 1 : classes);
  const shares = Array.from({ length: classes }, (_, at) => (background && at === 0 ? 0 : share));
  return g.affine(g.sumChannels(g.channelScale(index, shares)), -1, 1);
}

/** Focal loss on independent sigmoids (Lin et al. 2017): (1 − p)^γ on hits, p^γ on misses. */
function focal(
  g: GraphBuilder,
  { logits, target, voxelWeight }: LossInputs,
  gamma: number,
  positiveWeight: number,
): Value {
  const p = g.sigmoid(logits);
  const negative = g.affine(logits, -1);
  const hit = g.multiply(
    g.multiply(g.affine(target, positiveWeight), g.power(g.sigmoid(negative), gamma)),
    g.softplus(negative),
  );
  const miss = g.multiply(g.multiply(g.affine(target, -1, 1), g.power(p, gamma)), g.softplus(logits));
  return weightedMean(g, g.add(hit, miss), voxelWeight);
}

/**
 * Mean of a function of x − t, where a voxel of target t counts 1 + positiveWeight·t times; x is the value of a heat
 * map, or the probability of a sigmoid output.
 */
function weightedError(
  g: GraphBuilder,
  { logits, target, voxelWeight, activation }: LossInputs,
  positiveWeight: number,
  of: (difference: Value) => Value,
): Value {
  const x = activation === "sigmoid" ? g.sigmoid(logits) : logits;
  const weighted = g.multiply(of(g.subtract(x, target)), g.affine(target, positiveWeight, 1));
  return weightedMean(g, weighted, voxelWeight);
}

/**
 * Builds an experiment's losses on the classes of an output and, where the output has offsets, adds `offsetWeight`
 * times the mean distance (L1, in units of `offsetUnit` voxels) of the offsets in voxels of a particle.
 */
export function buildHeadLoss(
  g: GraphBuilder,
  specs: readonly LossSpec[],
  offsetWeight: number | null,
  { logits, target, ...rest }: LossInputs,
): SummedLoss {
  if (offsetWeight === null) return summedLoss(g, specs, { logits, target, ...rest });
  const classes = logits.channels - offsetChannels;
  const part = (x: Value, start: number, count: number) => g.selectChannels(x, start, count);
  const what = { logits: part(logits, 0, classes), target: part(target, 0, classes), ...rest };
  const background = rest.activation === "softmax" ? 1 : 0;
  const inside = g.multiply(g.sumChannels(part(target, background, classes - background)), rest.voxelWeight);
  const off = g.abs(g.subtract(part(logits, classes, offsetChannels), part(target, classes, offsetChannels)));
  const total = g.sum(g.sumChannels(g.multiply(off, inside)));
  const mean = g.divide(total, g.affine(g.sum(inside), 1, 1e-6));
  const { total: ofClasses, parts } = summedLoss(g, specs, what);
  const offsets = g.affine(mean, offsetWeight);
  return { total: g.add(ofClasses, offsets), parts: [...parts, { name: "offsets", value: offsets }] };
}
