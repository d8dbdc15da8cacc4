/** Intervals from resampled values: percentiles, hulls and t intervals. */
import { meanOf, quantile } from "../../domain/numbers.js";
import { studentQuantile } from "./studentT.js";

/** A range of values, both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Returns the middle `share` of the values, with linear interpolation between them. */
export function middle(values: Float64Array, share: number): Interval {
  const sorted = values.toSorted();
  return { low: quantile(sorted, (1 - share) / 2), high: quantile(sorted, (1 + share) / 2) };
}

/** Returns the smallest interval that holds all given ones. */
export const hull = (...intervals: readonly Interval[]): Interval => ({
  low: Math.min(...intervals.map(({ low }) => low)),
  high: Math.max(...intervals.map(({ high }) => high)),
});

/** Returns the standard deviation: √ of the mean squared distance from the mean. */
function deviation(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/**
 * Returns how far a t interval reaches to each side: the bootstrap's standard error, times √(n / (n − 1)) because
 * resamples of n vary less than samples do, times Student's quantile for n − 1 degrees of freedom (Hesterberg, The
 * American Statistician 69, 2015, 371–386: t interval with bootstrap standard error, corrected for narrowness).
 *
 * @param resampled values of an estimate over resamples of n ≥ 2 units
 */
export function studentReach(resampled: Float64Array, units: number, confidence: number): number {
  const error = deviation(resampled) * Math.sqrt(units / (units - 1));
  return error === 0 ? 0 : error * studentQuantile((1 + confidence) / 2, units - 1);
}
