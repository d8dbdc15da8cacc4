import { type Bin, binOf, evenBins } from "./bins.js";
import type { Judged } from "./verdicts.js";

export interface ReliabilityBin extends Bin {
  readonly picks: number;
  /** Mean confidence: the share that would be true if confidences were probabilities; null without a pick. */
  readonly expected: number | null;
  /** Share of the picks that are the nearest of a particle; a duplicate is none. Null without a pick. */
  readonly observed: number | null;
}

/** Reliability of confidences (Guo et al. 2017, On Calibration of Modern Neural Networks). */
export interface Reliability {
  /** Of equal width, from 0 to 1; a confidence of 1 belongs to the last. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean of |expected − observed| over the bins, weighted by picks; null without picks. */
  readonly calibrationError: number | null;
}

/** Null where a pick has no confidence, or one that is no probability. */
export function reliabilityOf({ picks }: Judged, count = 10): Reliability | null {
  if (!picks.every(({ pick: { score = -1 } }) => score >= 0 && score <= 1)) return null;
  const sums = evenBins(1, count).map((bin) => ({ ...bin, picks: 0, confidence: 0, matched: 0 }));
  for (const { pick, verdict } of picks) {
    const sum = sums[binOf(sums, pick.score!)]!;
    sum.picks++;
    sum.confidence += pick.score!;
    if (verdict === "matched") sum.matched++;
  }
  const gap = sums.reduce((total, { confidence, matched }) => total + Math.abs(confidence - matched), 0);
  return {
    bins: sums.map(({ from, to, picks: inside, confidence, matched }) => ({
      from,
      to,
      picks: inside,
      expected: inside === 0 ? null : confidence / inside,
      observed: inside === 0 ? null : matched / inside,
    })),
    calibrationError: picks.length === 0 ? null : gap / picks.length,
  };
}
