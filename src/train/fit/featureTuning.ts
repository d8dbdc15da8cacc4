/** Thresholds of features, chosen by Dice over the known voxels of the tune runs. */
import { type Mask, yesCount } from "../../data/masks/mask.js";
import { unknown, yes } from "../../domain/maskValues.js";
import { levels } from "../../infer/predict/slabPrediction.js";
import type { SparseMap } from "../../infer/predict/sparseMap.js";
import { overlapOf } from "../../score/masks/maskScore.js";
import type { FeatureSettings } from "../checkpoint/checkpoint.js";

/** Known voxels of runs by their probability k/65535, as far as maps keep them. */
export interface FeatureCounts {
  /** Voxels of the feature, by k. */
  readonly yes: Float64Array;
  /** Other known voxels, by k. */
  readonly no: Float64Array;
  /** All known voxels of the feature, kept or not. */
  total: number;
}

/** Returns counts of nothing. */
const noCounts = (): FeatureCounts => ({
  yes: new Float64Array(levels + 1),
  no: new Float64Array(levels + 1),
  total: 0,
});

/** Adds a run's known voxels to the counts. */
function countFeature(map: SparseMap, mask: Mask, into: FeatureCounts): void {
  const width = map.shape[2];
  for (const { runs, values } of map.blocks) {
    let next = 0;
    for (let i = 0; i < runs.length; i += 3) {
      const end = runs[i]! * width + runs[i + 2]!;
      for (let at = runs[i]! * width + runs[i + 1]!; at < end; at++, next++) {
        const truth = mask.voxels[at];
        if (truth === unknown) continue;
        if (truth === yes) into.yes[values[next]!]!++;
        else into.no[values[next]!]!++;
      }
    }
  }
  into.total += yesCount(mask);
}

/** A threshold and its Dice. */
interface RatedThreshold {
  readonly threshold: number;
  readonly dice: number;
}

/**
 * Returns the threshold whose voxels above it have the best Dice; of several as good, the one nearest to the fallback, then the
 * lowest. Some known voxel must be of the feature.
 */
function bestThreshold(
  counts: FeatureCounts,
  thresholds: readonly number[],
  fallback: number,
): RatedThreshold {
  const rated = thresholds.toSorted((a, b) => a - b).map((threshold) => rate(counts, threshold));
  const distance = ({ threshold }: RatedThreshold) => Math.abs(threshold - fallback);
  return rated.reduce((best, next) =>
    next.dice > best.dice || (next.dice === best.dice && distance(next) < distance(best)) ? next : best,
  );
}

function rate({ yes: yeses, no, total }: FeatureCounts, threshold: number): RatedThreshold {
  const limit = Math.fround(threshold);
  let [tp, fp] = [0, 0];
  for (let k = levels; k >= 0 && Math.fround(k / levels) > limit; k--) {
    tp += yeses[k]!;
    fp += no[k]!;
  }
  return { threshold, dice: overlapOf({ tp, fp, fn: total - tp }).dice ?? 0 };
}

/**
 * A feature's threshold as tuned, with its Dice on the tune runs. The fallback and null where these show none of it: Dice
 * would be 1 for finding nothing, 0 for any voxel, and the best threshold the one that finds nothing.
 */
export interface TunedFeature extends FeatureSettings {
  readonly dice: number | null;
}

/** Tunes one feature on the runs that have a mask of it. */
export function tuneFeature(
  name: string,
  runs: readonly { readonly map: SparseMap; readonly mask: Mask | undefined }[],
  {
    thresholds,
    fallbackThreshold,
  }: { readonly thresholds: readonly number[]; readonly fallbackThreshold: number },
): TunedFeature {
  const counts = noCounts();
  for (const { map, mask } of runs) if (mask) countFeature(map, mask, counts);
  if (counts.total === 0) return { name, threshold: fallbackThreshold, dice: null };
  return { name, ...bestThreshold(counts, thresholds, fallbackThreshold) };
}
