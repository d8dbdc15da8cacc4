import { type Counts, fbeta, precisionOf, recallOf } from "../fbeta.js";
import { createMatcher, type Matcher } from "../matching.js";
import { type Judged, type JudgedPick, matchDistanceOf } from "./verdicts.js";

/** The official counts if only picks with at least this confidence were kept. */
export interface CurvePoint extends Counts {
  readonly threshold: number;
  readonly predictions: number;
  /** May pass 1 where one pick serves several particles. */
  readonly precision: number;
  readonly recall: number;
  readonly fbeta: number;
}

/** One type's precision–recall points and F4 against threshold. */
export interface ConfidenceCurve {
  /** By falling threshold; at most `most` of them, the first, the best and the last always among them. */
  readonly points: readonly CurvePoint[];
  /**
   * The greatest F4, at the highest threshold that reaches it: fitted on these very picks, so an upper bound. Null
   * where no pick finds anything.
   */
  readonly best: CurvePoint | null;
  /** Σ (recall − recall before)·precision over all thresholds. */
  readonly averagePrecision: number;
}

/** Null where a pick has no confidence. */
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

/** A point a distinct confidence. */
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
