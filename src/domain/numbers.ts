/** Arithmetic on lists of numbers and on single ones, for every room. */

/** The arithmetic mean, summed in the order of the values; NaN for none. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Moments of values about their mean. */
interface Moments {
  readonly mean: number;
  /** Mean of the squares. */
  readonly variance: number;
  /** Third standardised moment; negative where the lower tail is longer, 0 where all are equal. */
  readonly skewness: number;
  /** Fourth standardised moment less 3: 0 for normal values, and where all are equal. */
  readonly kurtosis: number;
}

/** The moments of values as they are, not of what they were drawn from; mean and variance are NaN for none. */
export function momentsOf(values: Iterable<number> & ArrayLike<number>): Moments {
  const mean = meanOf(values);
  let [squares, cubes, fourths] = [0, 0, 0];
  for (const value of values) {
    squares += (value - mean) ** 2;
    cubes += (value - mean) ** 3;
    fourths += (value - mean) ** 4;
  }
  const variance = squares / values.length;
  const varies = variance > 0;
  return {
    mean,
    variance,
    skewness: varies ? cubes / values.length / variance ** 1.5 : 0,
    kurtosis: varies ? fourths / values.length / variance ** 2 - 3 : 0,
  };
}

/** The product of all; 1 for none. */
export const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

/** Returns the values of several lists as one. */
export function joinedFloats(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Quantile of rising values, linear between the two it falls between (Hyndman and Fan's type 7); NaN for none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}

/** A number to at most so many decimals, as files and rows hold it. */
export const rounded = (value: number, decimals = 6): number => Number(value.toFixed(decimals));

/** Returns the least whole number that both whole numbers divide. */
export function leastCommonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}
