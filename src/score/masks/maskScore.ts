/**
 * Scores of a predicted mask: overlap, surface distance and centre lines, over known voxels. The room `masks` scores features
 * that are segmented. docs/metric.md defines the measures.
 */
import { unknown, yes } from "../../domain/maskValues.js";
import { meanOf, quantile } from "../../domain/numbers.js";
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import { skeletonVoxels } from "./skeleton.js";
import { surfaceDistances, surfaceVoxels } from "./surface.js";

/** Measures of a mask, in the order of tables. Surface distances are in Å, all others shares between 0 and 1. */
export const maskMeasures = [
  "dice",
  "iou",
  "precision",
  "recall",
  "surfaceMean",
  "surface95",
  "clDice",
] as const;
/** The name of a measure. */
export type MaskMeasure = (typeof maskMeasures)[number];
/** Tells whether a measure is a distance in Å; all others are shares. */
export const isDistance = (name: MaskMeasure): boolean => name === "surfaceMean" || name === "surface95";
/** A value of each measure; null where it is not defined. */
export type MaskMeasures = Readonly<Record<MaskMeasure, number | null>>;

/** Voxels of a skeleton, and how many of them lie in the other mask. */
export interface SkeletonCounts {
  readonly voxels: number;
  readonly covered: number;
}

/** Scores of one predicted mask. */
export interface MaskScore extends MaskMeasures {
  /** Voxels in both, in the prediction alone, in the truth alone; and known voxels altogether. */
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly known: number;
  /** Surface voxels of both masks together, over which the distances are averaged; 0 where one mask has no surface. */
  readonly surfaceVoxels: number;
  readonly skeletons: { readonly truth: SkeletonCounts; readonly prediction: SkeletonCounts };
}

/** A truth and a prediction on one grid. */
export interface MaskPair {
  /** Voxels z, y, x: 0 no, 1 yes, 2 unknown. */
  readonly truth: Uint8Array;
  /** Voxels z, y, x: 0 no, 1 yes. */
  readonly prediction: Uint8Array;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
}

/**
 * Scores a predicted mask against a truth, over the truth's known voxels alone. Works in some 9 bytes a voxel beside the
 * masks, and 8 more a surface voxel.
 *
 * @throws RangeError where a mask has another number of voxels than the shape
 */
export function scoreMask({ truth, prediction, shape, spacing }: MaskPair): MaskScore {
  const size = voxelCount(shape);
  if (truth.length !== size || prediction.length !== size)
    throw new RangeError(
      `masks of ${truth.length} (truth) and ${prediction.length} (prediction) voxels; their shape ${shape.join("×")} has ${size}`,
    );
  const predicted = knownPrediction(truth, prediction);
  const counts = countVoxels(truth, predicted);
  const truthSurface = surfaceVoxels(truth, shape);
  const predictedSurface = surfaceVoxels(predicted, shape);
  const skeletons = {
    truth: covered(skeletonVoxels(truth, shape, truthSurface), predicted),
    prediction: covered(skeletonVoxels(predicted, shape, predictedSurface), truth),
  };
  const isMeasured = truthSurface.length > 0 && predictedSurface.length > 0;
  const distances = isMeasured
    ? surfaceDistances(truthSurface, predictedSurface, shape, spacing).sort()
    : new Float32Array(0);
  return {
    ...overlapOf(counts),
    surfaceMean: isMeasured ? meanOf(distances) : null,
    surface95: isMeasured ? quantile(distances, 0.95) : null,
    clDice: centreLineDice({ ...counts, skeletons }),
    ...counts,
    surfaceVoxels: distances.length,
    skeletons,
  };
}

/** Copies a prediction, unknown where the truth is. */
function knownPrediction(truth: Uint8Array, prediction: Uint8Array): Uint8Array {
  const known = new Uint8Array(prediction.length);
  for (let i = 0; i < known.length; i++) known[i] = truth[i] === unknown ? unknown : prediction[i]! && yes;
  return known;
}

/** Counts of voxels that the measures of overlap are made of. */
type VoxelCounts = Pick<MaskScore, "tp" | "fp" | "fn" | "known">;

function countVoxels(truth: Uint8Array, predicted: Uint8Array): VoxelCounts {
  let [tp, fp, fn, known] = [0, 0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === unknown) continue;
    known++;
    if (predicted[i] === yes) {
      if (truth[i] === yes) tp++;
      else fp++;
    } else if (truth[i] === yes) fn++;
  }
  return { tp, fp, fn, known };
}

const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** Computes the measures of overlap from counts; null for a quotient of 0 by 0. */
export const overlapOf = ({
  tp,
  fp,
  fn,
}: Pick<VoxelCounts, "tp" | "fp" | "fn">): Pick<MaskMeasures, "dice" | "iou" | "precision" | "recall"> => ({
  dice: ratio(2 * tp, 2 * tp + fp + fn),
  iou: ratio(tp, tp + fp + fn),
  precision: ratio(tp, tp + fp),
  recall: ratio(tp, tp + fn),
});

function covered(skeleton: Int32Array, other: Uint8Array): SkeletonCounts {
  let inside = 0;
  for (const at of skeleton) if (other[at] === yes) inside++;
  return { voxels: skeleton.length, covered: inside };
}

/**
 * Computes centre-line Dice (clDice, Shit et al., CVPR 2021): the harmonic mean of the share of the predicted skeleton that
 * lies in the truth and the share of the true one that lies in the prediction. 0 where one mask alone is empty; null where
 * both are, or where one that is not has no skeleton, since it fills all that is known.
 */
export function centreLineDice({ tp, fp, fn, skeletons }: CentreLineCounts): number | null {
  const { truth, prediction } = skeletons;
  if ((truth.voxels === 0 && tp + fn > 0) || (prediction.voxels === 0 && tp + fp > 0)) return null;
  if (truth.voxels + prediction.voxels === 0) return null;
  const precision = ratio(prediction.covered, prediction.voxels);
  const sensitivity = ratio(truth.covered, truth.voxels);
  if (!precision || !sensitivity) return 0;
  return (2 * precision * sensitivity) / (precision + sensitivity);
}

/** Counts that centre-line Dice is made of. */
type CentreLineCounts = Pick<MaskScore, "tp" | "fp" | "fn" | "skeletons">;
