/** F-beta, precision and recall from the official counts of one type. */
import { scoreBeta } from "../../domain/particles.js";

/** Official counts of one type. fp is predictions − tp and may be negative: one prediction near two truths. */
export interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** Adds up official counts. */
export function sumCounts(counts: readonly Counts[]): Counts {
  const sum = { tp: 0, fp: 0, fn: 0 };
  for (const { tp, fp, fn } of counts) {
    sum.tp += tp;
    sum.fp += fp;
    sum.fn += fn;
  }
  return sum;
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

export const precisionOf = ({ tp, fp }: Counts): number => ratio(tp, tp + fp);
export const recallOf = ({ tp, fn }: Counts): number => ratio(tp, tp + fn);

/** Returns F-beta by the challenge's rule (docs/metric.md): 0 for every 0 denominator; above 1 where fp is negative. */
export function fbeta({ tp, fp, fn }: Counts, beta: number = scoreBeta): number {
  return fbetaOf(tp, fp, fn, beta);
}

/** Returns F-beta as `fbeta` does, of counts that are in no object. */
export function fbetaOf(tp: number, fp: number, fn: number, beta: number = scoreBeta): number {
  const precision = ratio(tp, tp + fp);
  const recall = ratio(tp, tp + fn);
  const square = beta * beta;
  return ratio((1 + square) * precision * recall, square * precision + recall);
}
