/** Paired comparison of two submissions: differences with intervals, permutation test and verdict. */
import { challengeParticles, type Weighted } from "../../domain/particles.js";
import type { PairedRuns } from "./paired.js";
import {
  addRow,
  columnsOf,
  differencesOf,
  differs,
  otherParticles,
  type PairedTable,
  pairedTable,
  rowOfOthers,
  sidesOf,
  sumRows,
  swapSides,
  type Values,
} from "./pairedTable.js";
import { type Permutation, permutationTest } from "./permutation.js";
import { type Draws, differentDraws, tapesOf } from "./replay.js";
import { overResamples, resampledFbeta, scratch } from "./resampledCounts.js";
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
  /** Leaves out the differences of types, in less time. */
  readonly isScoreAlone?: boolean;
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
  const { isScoreAlone = false } = options;
  const table = pairedTable(runs);
  const { types, rows } = table;
  const length = rows[0]?.length ?? 0;
  const all = sumRows(rows, length);
  const byParticle = overParticles(table, all, particles, { seed, resamples, isScoreAlone });
  const byExperiment =
    rows.length > 1 && overExperiments(table, particles, { seed, resamples, isScoreAlone });
  const { a, b } = sidesOf(all, types, particles);
  const differenceOf = (pickValue: (values: Values) => number, column: number): Difference => {
    const difference = pickValue(a) - pickValue(b);
    const at = { low: difference, high: difference };
    const particlesOnly = hull(at, middle(byParticle[column]!, confidence));
    const reach = byExperiment
      ? studentReach(
          overResamples(byExperiment.columns[column]!, byExperiment.draws),
          rows.length,
          confidence,
        )
      : 0;
    const interval = hull(particlesOnly, { low: difference - reach, high: difference + reach });
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
    perType: isScoreAlone
      ? {}
      : Object.fromEntries(types.map((type, i) => [type, differenceOf(({ perType }) => perType[i]!, i)])),
    permutation,
  };
}

interface Drawing {
  readonly seed: number;
  readonly resamples: number;
  readonly isScoreAlone: boolean;
}

/**
 * Returns a − b over other particles of all experiments together, by resample: a column per type, then one for the score; of
 * the score alone, the others are empty.
 */
function overParticles(
  { types }: PairedTable,
  all: Float64Array,
  particles: readonly Weighted[],
  { seed, resamples, isScoreAlone }: Drawing,
): Float64Array[] {
  const tapes = tapesOf(seed, "comparison, particles", resamples, 16 * types.length + 16);
  const columns = [...types, "score"].map((_, at) =>
    scratch(`comparison, particles ${at}`, isScoreAlone && at < types.length ? 0 : resamples),
  );
  const others = otherParticles(all);
  const subtract = differencesOf(types, particles);
  const drawn = new Float64Array(others.shapes.length);
  const row = new Float64Array(all.length);
  const differences = new Float64Array(columns.length);
  for (let i = 0; i < resamples; i++) {
    tapes[i]!.draw(others, drawn);
    rowOfOthers(all, drawn, row);
    subtract(row, differences);
    for (let at = isScoreAlone ? types.length : 0; at < columns.length; at++)
      columns[at]![i] = differences[at]!;
  }
  return columns;
}

/** Values over other experiments: one for each of the different draws. */
interface OverExperiments {
  readonly draws: Draws;
  /** a − b, in columns as those of `overParticles`. */
  readonly columns: readonly Float64Array[];
}

function overExperiments(
  table: PairedTable,
  particles: readonly Weighted[],
  { seed, resamples, isScoreAlone }: Drawing,
): OverExperiments {
  const { types, rows } = table;
  const draws = differentDraws(seed, "comparison, experiments", resamples, rows.length);
  const { length } = draws;
  const score = scratch("comparison, experiments", length).fill(0);
  const [scoreA, scoreB] = [scratch("score of a", length).fill(0), scratch("score of b", length).fill(0)];
  const columns = types.map((type, at) => {
    const [a, b] = [scratch("F of a", length), scratch("F of b", length)];
    const weight = particles.find(({ name }) => name === type)?.weight ?? 0;
    if (isScoreAlone && weight === 0) return score;
    resampledFbeta(columnsOf(table, at, "a"), draws, a);
    resampledFbeta(columnsOf(table, at, "b"), draws, b);
    const values = scratch(`comparison, experiments ${at}`, length);
    for (let i = 0; i < length; i++) {
      scoreA[i]! += weight * a[i]!;
      scoreB[i]! += weight * b[i]!;
      values[i] = a[i]! - b[i]!;
    }
    return values;
  });
  const weights = particles.reduce((sum, { weight }) => sum + weight, 0);
  for (let i = 0; i < length; i++) score[i] = weights > 0 ? scoreA[i]! / weights - scoreB[i]! / weights : 0;
  return { draws, columns: [...columns, score] };
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
  const subtract = differencesOf(types, particles);
  const differences = new Float64Array(types.length + 1);
  const sum = new Float64Array(length);
  const difference = (isSwapped: Uint8Array): number => {
    sum.set(alike);
    for (let i = 0; i < kept.length; i++) addRow(isSwapped[i] === 1 ? swapped[i]! : kept[i]!, sum);
    subtract(sum, differences);
    return differences[types.length]!;
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
