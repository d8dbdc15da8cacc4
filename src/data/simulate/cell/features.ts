/** What is segmented in a simulated cell, as bits of a voxel, and which tomograms hold how much of what. */
import type { Random } from "../../../domain/random.js";
import type { Shape3 } from "../../../domain/volume.js";
import type { Tint } from "../../../present/pictures/slice.js";

/** Names of a cell's features, in the order of their bits. */
export const cellFeatures = ["membrane", "microtubule", "actin", "gold", "carbon", "ice"] as const;
export type CellFeature = (typeof cellFeatures)[number];

/** Returns the bit that marks a feature in a voxel of the masks. */
export const bitOf = (feature: CellFeature): number => 1 << cellFeatures.indexOf(feature);

/** Colours of the features in pictures: red, green and blue of 255. */
const colours: Readonly<Record<CellFeature, Tint["colour"]>> = {
  membrane: [230, 159, 0],
  microtubule: [86, 180, 233],
  actin: [0, 158, 115],
  gold: [240, 228, 66],
  carbon: [204, 121, 167],
  ice: [213, 94, 0],
};
/** Opacity of a feature over the greys. */
const opacity = 0.35;

/** Returns the areas of a plane of masks, to be tinted in a picture. */
export function tintsOf(masks: Uint8Array, [, height, width]: Shape3, z: number): Tint[] {
  const plane = masks.subarray(z * height * width, (z + 1) * height * width);
  return cellFeatures.map((feature) => ({
    area: plane.map((held) => ((held & bitOf(feature)) === 0 ? 0 : 1)),
    colour: colours[feature],
    opacity,
  }));
}

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
