/** What is segmented in a simulated cell, as bits of a voxel, and which tomograms hold what. */

/** Names of a cell's features, in the order of their bits. */
export const cellFeatures = ["membrane", "microtubule", "actin", "gold", "carbon", "ice"] as const;
export type CellFeature = (typeof cellFeatures)[number];

/** Returns the bit that marks a feature in a voxel of the masks. */
export const bitOf = (feature: CellFeature): number => 1 << cellFeatures.indexOf(feature);

/** Colours of the features' bits in pictures: red, green and blue of 255. */
export const featureColours: readonly (readonly [bit: number, red: number, green: number, blue: number])[] = [
  [bitOf("membrane"), 230, 159, 0],
  [bitOf("microtubule"), 86, 180, 233],
  [bitOf("actin"), 0, 158, 115],
  [bitOf("gold"), 240, 228, 66],
  [bitOf("carbon"), 204, 121, 167],
  [bitOf("ice"), 213, 94, 0],
];

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
