/** Paired comparison of two submissions: differences with intervals, permutation test and verdict. */
import { challengeParticles, type Weighted } from "../../domain/particles.js";
import { randomFor } from "../../domain/random.js";
import type { PairedRuns } from "./paired.js";
import {
  differs,
  otherParticles,
  type PairedTable,
  pairedTable,
  sidesOf,
  sumRows,
  swapSides,
  type Values,
} from "./pairedTable.js";
import { type Permutation, permutationTest } from "./permutation.js";
import { hull, type Interval, middle, studentReach } from "./summaryStatistics.js";

/** A value of both submissions, and a − b with its interval. */
export interface Difference {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  readonly interval: Interval;
}

/**
 * Verdict of a comparison. "a" or "b" scores higher: the interval excludes 0 and p < 0.05. "too few": no p < 0.05 is
 * possible with the experiments in which the two differ. "same": the counts that make the score are equal in every
 * experiment.
 */
export type Verdict = "a" | "b" | "undecided" | "too few" | "same";

/** Result of a paired comparison. */
export interface Comparison {
  readonly verdict: Verdict;
  readonly experiments: number;
  /** Number of experiments in which the two differ in counts that make the score. */
  readonly differing: number;
  readonly confidence: number;
  readonly resamples: number;
  /** What the intervals are over, as in ScoreInterval. */
  readonly over: "experiments" | "particles";
  readonly score: Difference;
  readonly perType: Readonly<Record<string, Difference>>;
  readonly permutation: Permutation;
}

interface ComparisonOptions {
  readonly seed?: number;
  readonly resamples?: number;
  readonly confidence?: number;
  readonly particles?: readonly Weighted[];
}

/** Limit of p below which a difference is claimed. */
export const significance = 0.05;

/**
 * Compares two submissions in pairs over the same experiments, at least one. p comes from swapping the two experiment
 * by experiment (see permutationTest). Intervals of the differences are made as those of scores (see scoreInterval),
 * with every draw common to both: an experiment contributes the counts of both, a true particle its result in both, a
 * shared wrong pick costs both. The intervals lie on the plain scale, since differences are roughly symmetric around 0.
 * Particles are drawn by the Bayesian bootstrap (Rubin, Annals of Statistics 9, 1981, 130–134), for which two
 * submissions that agree on every particle differ by exactly 0.
 *
 * The comparison is between two submissions: two seeds of one recipe may truly differ on these and other experiments.
 */
export function compareSubmissions(runs: PairedRuns, options: ComparisonOptions = {}): Comparison {
  const { seed = 0, resamples = 2000, confidence = 0.9, particles = challengeParticles } = options;
  const table = pairedTable(runs);
  const { types, rows } = table;
  const length = rows[0]?.length ?? 0;
  const all = sumRows(rows, length);
  const byParticle = resample(table, particles, resamples, (i) =>
    otherParticles(all, randomFor(seed, "comparison, particles", i)),
  );
  const byExperiment =
    rows.length > 1 &&
    resample(table, particles, resamples, (i) => {
      const random = randomFor(seed, "comparison, experiments", i);
      return sumRows(
        rows.map(() => rows[random.integer(rows.length)]!),
        length,
      );
    });
  const { a, b } = sidesOf(all, types, particles);
  const differenceOf = (pickValue: (values: Values) => number, column: number): Difference => {
    const difference = pickValue(a) - pickValue(b);
    const at = { low: difference, high: difference };
    const overParticles = hull(at, middle(byParticle[column]!, confidence));
    const reach = byExperiment ? studentReach(byExperiment[column]!, rows.length, confidence) : 0;
    const interval = hull(overParticles, { low: difference - reach, high: difference + reach });
    return { a: pickValue(a), b: pickValue(b), difference, interval };
  };
  const score = differenceOf((values) => values.score, types.length);
  const { differing, permutation } = swapExperiments(table, particles, seed);
  return {
    verdict: verdictOf(score, differing, permutation),
    experiments: rows.length,
    differing,
    confidence,
    resamples,
    over: byExperiment ? "experiments" : "particles",
    score,
    perType: Object.fromEntries(
      types.map((type, i) => [type, differenceOf(({ perType }) => perType[i]!, i)]),
    ),
    permutation,
  };
}

/** Returns a − b by resample: a column per type, then one for the score. */
function resample(
  { types }: PairedTable,
  particles: readonly Weighted[],
  resamples: number,
  draw: (i: number) => Float64Array,
): Float64Array[] {
  const columns = Array.from({ length: types.length + 1 }, () => new Float64Array(resamples));
  for (let i = 0; i < resamples; i++) {
    const { a, b } = sidesOf(draw(i), types, particles);
    types.forEach((_, column) => {
      columns[column]![i] = a.perType[column]! - b.perType[column]!;
    });
    columns[types.length]![i] = a.score - b.score;
  }
  return columns;
}

/** Swaps experiments. Only those in which the two differ have any effect; the others are summed once. */
function swapExperiments(
  { types, rows }: PairedTable,
  particles: readonly Weighted[],
  seed: number,
): Swapped {
  const length = rows[0]?.length ?? 0;
  const isKept = rows.map((row) => differs(row, types, particles));
  const kept = rows.filter((_, i) => isKept[i]);
  const swapped = kept.map(swapSides);
  const alike = sumRows(
    rows.filter((_, i) => !isKept[i]),
    length,
  );
  const difference = (isSwapped: Uint8Array): number => {
    const chosen = kept.map((row, i) => (isSwapped[i] === 1 ? swapped[i]! : row));
    const { a, b } = sidesOf(sumRows([alike, ...chosen], length), types, particles);
    return a.score - b.score;
  };
  return { differing: kept.length, permutation: permutationTest(kept.length, difference, { seed }) };
}

type Swapped = Pick<Comparison, "differing" | "permutation">;

function verdictOf(
  { difference, interval }: Difference,
  differing: number,
  permutation: Permutation,
): Verdict {
  if (differing === 0) return "same";
  if (permutation.smallest >= significance) return "too few";
  const excludesZero = interval.low > 0 || interval.high < 0;
  if (!excludesZero || permutation.p >= significance) return "undecided";
  return difference > 0 ? "a" : "b";
}
