/** Pearson's chi-square of counts against expected shares. */

/** Quantiles 1 − 10⁻⁴ of chi-square by degrees of freedom: scipy.stats.chi2.ppf(1 - 1e-4, [1, 2, 3, 4, 5, 6]). */
const limits = [15.1367, 18.4207, 21.1075, 23.5127, 25.7448, 27.8563];

/** Returns chi-square of the counts as a share of its limit: above 1 they do not have these shares. */
export function chiSquareShare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  const chiSquare = counts.reduce((sum, count, k) => {
    const expected = (total * shares[k]!) / whole;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  return chiSquare / limits[counts.length - 2]!;
}
