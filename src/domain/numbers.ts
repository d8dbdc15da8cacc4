/** Arithmetic on lists of numbers and on single ones, for every room. */

/** The arithmetic mean, summed in the order of the values; NaN for none. */
export function meanOf(values: Iterable<number> & { readonly length: number }): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The product of all; 1 for none. */
export const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

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
