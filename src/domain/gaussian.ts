/** Weights of Gaussians over voxels. */

/** Standard deviations at which the weights end, as SciPy's `gaussian_filter` cuts them. */
const truncation = 4;

/** Returns how many voxels the weights of a standard deviation in voxels reach to each side. */
export const gaussianReach = (sigma: number): number => Math.floor(truncation * sigma + 0.5);

/** Returns the weights at 0, 1, 2 … steps; all of them, both ways, have the sum 1. @param sigma in voxels, 0 or above */
export function gaussianWeights(sigma: number): Float64Array {
  const weights = Float64Array.from({ length: gaussianReach(sigma) + 1 }, (_, step) =>
    sigma === 0 ? 1 : Math.exp((-0.5 * step * step) / (sigma * sigma)),
  );
  const sum = weights.reduce((total, weight, step) => total + (step === 0 ? 1 : 2) * weight, 0);
  return weights.map((weight) => weight / sum);
}
