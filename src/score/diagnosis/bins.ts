/** Bins of an axis, into which values are counted. */

/** A half-open interval of an axis, from ≤ value < to; a `to` of null is an open end. */
export interface Bin {
  readonly from: number;
  readonly to: number | null;
}

/** Returns `count` bins of equal width from 0 to `end`. */
export const evenBins = (end: number, count: number): Bin[] =>
  Array.from({ length: count }, (_, i) => ({ from: (i * end) / count, to: ((i + 1) * end) / count }));

/** Returns the bins between the ascending bounds given, and an open bin after the last. */
export const openBins = (bounds: readonly number[]): Bin[] =>
  bounds.map((from, i) => ({ from, to: bounds[i + 1] ?? null }));

/** Returns the index of a value's bin; values outside belong to the first or the last. */
export function binOf(bins: readonly Bin[], value: number): number {
  let index = bins.length - 1;
  while (index > 0 && value < bins[index]!.from) index--;
  return index;
}
