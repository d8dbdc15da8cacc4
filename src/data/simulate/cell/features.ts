/** What is segmented in a simulated cell, as bits of a voxel, and which tomograms hold how much of what. */
import type { Random } from "../../../domain/random.js";

/** Names of a cell's features, in the order of their bits. */
export const cellFeatures = ["membrane", "microtubule", "actin", "gold", "carbon", "ice"] as const;
export type CellFeature = (typeof cellFeatures)[number];

/** Returns the bit that marks a feature in a voxel of the masks. */
export const bitOf = (feature: CellFeature): number => 1 << cellFeatures.indexOf(feature);

/** Whether a feature is in the tomogram of that number, from 1, where the user named no features. */
const quotas: Readonly<Record<CellFeature, (run: number) => boolean>> = {
  membrane: () => true,
  microtubule: (run) => run % 6 !== 0,
  actin: (run) => run % 3 !== 0,
  gold: () => true,
  carbon: (run) => run % 2 === 1,
  ice: (run) => run % 4 < 2,
};

/**
 * Returns the features of one tomogram: those that were named, in every tomogram, or else by quota, so that few
 * tomograms show them all and some lack one.
 *
 * @param run number of the tomogram, from 1
 */
export const featuresOf = (run: number, named?: readonly CellFeature[]): ReadonlySet<CellFeature> =>
  new Set(cellFeatures.filter((feature) => (named ? named.includes(feature) : quotas[feature](run))));

/** How many bodies of a kind there are. */
export interface Abundance {
  /** Number in one of the challenge's volumes. */
  readonly perReference: number;
  /** Factors between which the number varies. */
  readonly spread: readonly [least: number, greatest: number];
  readonly fewest: number;
}

/**
 * Draws how many bodies of a kind a tomogram holds: as many as in the challenge's volume, more crowded in smaller ones.
 *
 * @param share the tomogram's volume relative to the challenge's
 */
export function drawNumber(
  { perReference, spread: [least, greatest], fewest }: Abundance,
  share: number,
  random: Random,
): number {
  return Math.max(fewest, Math.round(perReference * Math.sqrt(share) * random.between(least, greatest)));
}
