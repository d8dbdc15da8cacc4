/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016) without waiting for a whole round, since trials come one by
 * one (ASHA: Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020): at each rung a trial is
 * held against all that reached it before.
 */

/** How many rungs lie below a whole training. */
const rungCount = 2;

/** Shares of a trial's budget at which it is weighed: eta to the powers −2 and −1; none where eta is 1. */
export const rungShares = (eta: number): number[] =>
  eta === 1 ? [] : Array.from({ length: rungCount }, (_, at) => 1 / eta ** (rungCount - at));

/**
 * Whether a trial goes on from a rung: its score is no lower than that of the last of the best 1/eta of all scores seen
 * there, its own among them. The first few, of which 1/eta is less than one, go on.
 *
 * @param before scores of earlier trials at the same rung
 */
export function goesOn(score: number, before: readonly number[], eta: number): boolean {
  const scores = [...before, score].sort((a, b) => b - a);
  const kept = Math.floor(scores.length / eta);
  return kept === 0 || score >= scores[kept - 1]!;
}
