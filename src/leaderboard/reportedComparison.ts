/** Paired comparison of two submissions from their reports alone. */
import type { Weighted } from "../domain/particles.js";
import { signed } from "../present/text.js";
import type { ScoreReport } from "../score/score.js";
import { type Comparison, compareSubmissions } from "../score/statistics/comparison.js";
import { fewestExperiments, pText } from "../score/statistics/comparisonText.js";
import type { PairedCounts, PairedRuns } from "../score/statistics/paired.js";

/** Difference of two scores over the same runs, and whether it is distinguishable. */
export interface ReportedDifference
  extends Pick<Comparison, "verdict" | "experiments" | "differing" | "over" | "confidence"> {
  readonly difference: number;
  readonly interval: Comparison["score"]["interval"];
  /** Two-sided p-value, by swapping run by run. */
  readonly p: number;
}

/**
 * Compares two scored submissions in pairs from the counts in their reports, without picks or truth. The p-value and
 * the interval over runs need no more. A report does not tell which particles both submissions found: they are assumed
 * to be found independently, and no wrong pick to be shared. Since true rivals share more, the interval over particles
 * is rather too wide than too narrow.
 */
export function compareReports(
  a: ScoreReport,
  b: ScoreReport,
  particles: readonly Weighted[],
): ReportedDifference {
  const comparison = compareSubmissions(pairReports(a, b, particles), {
    particles,
    resamples,
    isScoreAlone: true,
  });
  const { verdict, experiments, differing, over, confidence, score, permutation } = comparison;
  return {
    verdict,
    experiments,
    differing,
    over,
    confidence,
    difference: score.difference,
    interval: score.interval,
    p: permutation.p,
  };
}

/** Resamples of a comparison, of which a leaderboard makes one a row. */
const resamples = 500;

/** Pairs the counts of the types that have a weight: the others are no part of the score. */
function pairReports(a: ScoreReport, b: ScoreReport, particles: readonly Weighted[]): PairedRuns {
  const types = Object.keys(a.perType).filter((type) =>
    particles.some(({ name, weight }) => name === type && weight > 0),
  );
  return new Map(
    Object.keys(a.perExperiment)
      .sort()
      .map((run) => [
        run,
        new Map(
          types.map((type) => [type, pairCounts(a.perExperiment[run]?.[type], b.perExperiment[run]?.[type])]),
        ),
      ]),
  );
}

type ReportedCounts = ScoreReport["perExperiment"][string][string];

const nothing: ReportedCounts = { tp: 0, fp: 0, fn: 0, strictTp: 0 };

function pairCounts(a: ReportedCounts = nothing, b: ReportedCounts = nothing): PairedCounts {
  const truths = a.tp + a.fn;
  return { a, b, bothFound: truths > 0 ? (a.tp * b.tp) / truths : 0, bothWrong: 0 };
}

/** Formats `−0.0211 (−0.0530 to 0.0092), p 0.31: not distinguishable`, or why nothing can be told. */
export function reportedDifferenceText(compared: ReportedDifference): string {
  const { verdict, difference, interval, experiments, differing, p } = compared;
  if (verdict === "same") return "same counts in every run";
  const numbers = `${signed(difference, 4)} (${signed(interval.low, 4)} to ${signed(interval.high, 4)})`;
  if (experiments === 1) return `${numbers} over particles; one run: cannot be told`;
  if (verdict === "too few")
    return `${numbers}; ${differing} of ${experiments} runs differ, ${fewestExperiments} needed: cannot be told`;
  return `${numbers}, p ${pText(p)}: ${verdict === "undecided" ? "not distinguishable" : "distinguishable"}`;
}
