/** Confidence curves: counts, precision and recall against threshold, and the reliability of confidences. */
import { type Counts, fbeta, precisionOf, recallOf } from "../match/fbeta.js";
import { createMatcher, type Matcher } from "../match/matching.js";
import { type Judged, type JudgedPick, matchDistanceOf } from "./verdicts.js";

/** The official counts of the picks with at least this confidence. */
interface CurvePoint extends Counts {
  readonly threshold: number;
  readonly predictions: number;
  /** Precision; above 1 where one pick serves several particles. */
  readonly precision: number;
  readonly recall: number;
  readonly fbeta: number;
}

/** One type's precision–recall points and F4 against threshold. */
export interface ConfidenceCurve {
  /** Points by falling threshold; at most `most` of them, always with the first, the best and the last. */
  readonly points: readonly CurvePoint[];
  /**
   * The point of greatest F4, at the highest threshold that reaches it: fitted on these very picks, so an upper bound.
   * Null where no pick finds anything.
   */
  readonly best: CurvePoint | null;
  /** Σ (recall − recall before)·precision over all thresholds. */
  readonly averagePrecision: number;
}

/** Computes a type's confidence curve; null where a pick has no confidence. */
export function confidenceCurve(judged: Judged, most = 256): ConfidenceCurve | null {
  if (judged.picks.some(({ pick }) => pick.score === undefined)) return null;
  const points = allPoints(judged);
  const [first] = points;
  if (!first) return { points: [], best: null, averagePrecision: 0 };
  const best = points.reduce((a, b) => (b.fbeta > a.fbeta ? b : a), first);
  let averagePrecision = 0;
  let before = 0;
  for (const { recall, precision } of points) {
    averagePrecision += (recall - before) * precision;
    before = recall;
  }
  return { points: thinned(points, best, most), best: best.tp > 0 ? best : null, averagePrecision };
}

/** Computes one point per distinct confidence. */
function allPoints(judged: Judged): CurvePoint[] {
  const matchers = matchersOf(judged);
  const falling = judged.picks.toSorted((a, b) => b.pick.score! - a.pick.score!);
  const points: CurvePoint[] = [];
  let tp = 0;
  falling.forEach(({ experiment, pick }: JudgedPick, i) => {
    tp += matchers.get(experiment)!.add(pick.x, pick.y, pick.z);
    if (falling[i + 1]?.pick.score === pick.score) return;
    points.push(pointOf(pick.score!, i + 1, tp, judged.particles.length));
  });
  return points;
}

function pointOf(threshold: number, predictions: number, tp: number, truths: number): CurvePoint {
  const counts = { tp, fp: predictions - tp, fn: truths - tp };
  return {
    threshold,
    predictions,
    ...counts,
    precision: precisionOf(counts),
    recall: recallOf(counts),
    fbeta: fbeta(counts),
  };
}

function matchersOf({ particle, picks, particles }: Judged): Map<string, Matcher> {
  const places = new Map<string, number[]>(picks.map(({ experiment }) => [experiment, []]));
  for (const { experiment, place } of particles) places.get(experiment)?.push(place.x, place.y, place.z);
  return new Map(
    [...places].map(([experiment, flat]) => [
      experiment,
      createMatcher(Float64Array.from(flat), matchDistanceOf(particle)),
    ]),
  );
}

function thinned(points: readonly CurvePoint[], best: CurvePoint, most: number): readonly CurvePoint[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 2);
  const kept = new Set(Array.from({ length: most - 1 }, (_, i) => points[Math.round(i * step)]!));
  return points.filter((point) => kept.has(point) || point === best);
}

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

interface ReliabilityBin extends Bin {
  readonly picks: number;
  /** Mean confidence: the share that would be true if confidences were probabilities; null without a pick. */
  readonly expected: number | null;
  /** Share of the picks that are the nearest to a particle; a duplicate is not. Null without a pick. */
  readonly observed: number | null;
}

/** Reliability of confidences (Guo et al. 2017, "On Calibration of Modern Neural Networks"). */
export interface Reliability {
  /** Bins of equal width, from 0 to 1; a confidence of 1 belongs to the last. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean of |expected − observed| over the bins, weighted by picks; null without picks. */
  readonly calibrationError: number | null;
}

/** Computes reliability in `count` bins; null where a pick has no confidence, or one outside 0 to 1. */
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
