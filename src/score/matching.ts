import { type Assignable, assign, type Pair } from "./assignment.js";
import type { Counts } from "./fbeta.js";
import { type PointGrid, pointGrid } from "./pointGrid.js";

/** What a matcher knows once all predictions are in. */
export interface MatchResult extends Counts {
  readonly truths: number;
  readonly predictions: number;
  /** The strict one-to-one count: a largest matching of truths and predictions. */
  readonly strictTp: number;
  /** Sum of prediction − truth over the matched truths, each with its nearest prediction, in Å. */
  readonly offset: readonly [x: number, y: number, z: number];
}

/** Matches the predictions of one type in one experiment to its truths, one prediction at a time. */
export interface Matcher {
  /** Å. Returns how many truths this prediction is the first to reach. */
  add(x: number, y: number, z: number): number;
  /** The official counts so far. */
  counts(): Counts;
  result(): MatchResult;
  /** The strict one-to-one matching: most pairs, of these the least total distance. Predictions by order of `add`. */
  pairs(): Pair[];
}

/** A prediction within reach of a truth. */
interface Reach {
  readonly prediction: number;
  readonly squared: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

const order = (a: Reach, b: Reach): number =>
  a.squared - b.squared || a.x - b.x || a.y - b.y || a.z - b.z || a.prediction - b.prediction;

/**
 * Truths lie in a grid, so a prediction looks at its neighbourhood only. Predictions are not kept, save for each truth its nearest few: as many as there are truths within twice the match distance, itself
 * included. No others are needed by a best one-to-one matching, for whoever uses a farther one has a nearer one free.
 * So memory grows with the truths, not with the predictions.
 *
 * @param truths x y z in Å, flat
 * @param distance the match distance in Å; exactly at it still matches
 */
export function createMatcher(truths: Float64Array, distance: number): Matcher {
  const count = truths.length / 3;
  const grid = pointGrid(truths, distance);
  const keep = neighbourCounts(truths, grid, distance);
  const nearest: (Reach[] | undefined)[] = new Array(count).fill(undefined);
  let predictions = 0;
  let tp = 0;

  const reach = (truth: number, x: number, y: number, z: number, prediction: number): boolean => {
    const dx = x - truths[truth * 3]!;
    const dy = y - truths[truth * 3 + 1]!;
    const dz = z - truths[truth * 3 + 2]!;
    const reached = { prediction, squared: dx * dx + dy * dy + dz * dz, x, y, z };
    const list = nearest[truth];
    if (list) insert(list, reached, keep[truth]!);
    else nearest[truth] = [reached];
    return list === undefined;
  };
  const counts = () => ({ tp, fp: predictions - tp, fn: count - tp });
  const pairs = () => pairUp(nearest, keep);

  return {
    add(x, y, z) {
      const prediction = predictions++;
      let first = 0;
      grid.within(x, y, z, distance, found);
      for (const truth of found) if (reach(truth, x, y, z, prediction)) first++;
      tp += first;
      return first;
    },
    counts,
    pairs,
    result() {
      const offset: [number, number, number] = [0, 0, 0];
      nearest.forEach((list, truth) => {
        const first = list?.[0];
        if (first === undefined) return;
        offset[0] += first.x - truths[truth * 3]!;
        offset[1] += first.y - truths[truth * 3 + 1]!;
        offset[2] += first.z - truths[truth * 3 + 2]!;
      });
      return { ...counts(), truths: count, predictions, strictTp: pairs().length, offset };
    },
  };
}

/** A truth that keeps one prediction has no rival for it; the others are paired by assignment. */
function pairUp(nearest: readonly (readonly Reach[] | undefined)[], keep: Int32Array): Pair[] {
  const pairs: Pair[] = [];
  const rivals: number[] = [];
  nearest.forEach((list, truth) => {
    if (list === undefined) return;
    if (keep[truth]! > 1) rivals.push(truth);
    else pairs.push({ truth, ...assignable(list[0]!) });
  });
  for (const pair of assign(rivals.map((truth) => nearest[truth]!.map(assignable))))
    pairs.push({ ...pair, truth: rivals[pair.truth]! });
  return pairs.sort((a, b) => a.truth - b.truth);
}

const assignable = ({ prediction, squared }: Reach): Assignable => ({
  prediction,
  distance: Math.sqrt(squared),
});

/** Keeps `list` sorted and at most `keep` long. */
function insert(list: Reach[], reach: Reach, keep: number): void {
  let at = list.length;
  while (at > 0 && order(reach, list[at - 1]!) < 0) at--;
  if (at >= keep) return;
  list.splice(at, 0, reach);
  if (list.length > keep) list.pop();
}

/** For each truth, the truths within twice the match distance of it (a hair more for rounding), itself included. */
function neighbourCounts(truths: Float64Array, grid: PointGrid, distance: number): Int32Array {
  const counts = new Int32Array(truths.length / 3);
  for (let i = 0; i < counts.length; i++) {
    grid.within(truths[i * 3]!, truths[i * 3 + 1]!, truths[i * 3 + 2]!, 2.00001 * distance, found);
    counts[i] = found.length;
  }
  return counts;
}

/** Emptied and filled again by every look into a grid. */
const found: number[] = [];
