/** Paths of feature sets, told without loading what reads them. */

/** Tells whether a path names a feature set, rather than a checkpoint. */
export const isFeatureSet = (path: string): boolean => /\.ya?ml$/i.test(path);
