/** Intervals from resampled values: percentiles, hulls and t intervals. */
import { meanOf, quantile } from "../../domain/numbers.js";
import { scratch } from "./resampledCounts.js";
import { studentQuantile } from "./studentT.js";

/** A range of values, both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Returns the middle `share` of the values, with linear interpolation between them. */
export function middle(values: Float64Array, share: number): Interval {
  const partly = scratch("middle", values.length);
  partly.set(values);
  const [low, high] = [(1 - share) / 2, (1 + share) / 2];
  for (const place of [low, high]) sortAt(partly, Math.floor(place * (partly.length - 1)));
  return { low: quantile(partly, low), high: quantile(partly, high) };
}

/**
 * Moves values so that those at `place` and after it are what sorting would put there, none below being greater (Hoare's
 * selection): a tenth of the time that sorting takes.
 */
function sortAt(values: Float64Array, place: number): void {
  select(values, place, 0, values.length - 1);
  let next = place + 1;
  for (let i = next; i < values.length; i++) if (values[i]! < values[next]!) next = i;
  if (next < values.length) swap(values, place + 1, next);
}

function select(values: Float64Array, place: number, first: number, last: number): void {
  let [left, right] = [first, last];
  while (left < right) {
    const pivot = values[place]!;
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) swap(values, i++, j--);
    }
    if (j < place) left = i;
    if (i > place) right = j;
  }
}

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a]!;
  values[a] = values[b]!;
  values[b] = kept;
}

/** Returns the smallest interval that holds all given ones. */
export const hull = (...intervals: readonly Interval[]): Interval => ({
  low: Math.min(...intervals.map(({ low }) => low)),
  high: Math.max(...intervals.map(({ high }) => high)),
});

/** Returns the standard deviation: √ of the mean squared distance from the mean. */
function deviation(values: Float64Array): number {
  const mean = meanOf(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return Math.sqrt(sum / values.length);
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
