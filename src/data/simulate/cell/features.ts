/** What is segmented in a simulated cell, as bits of a voxel, and which tomograms hold what. */

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
