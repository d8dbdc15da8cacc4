import { type Assignable, assign, type Pair } from "./assignment.js";
import type { Counts } from "./fbeta.js";
import { pointGrid } from "./pointGrid.js";

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
  const limit = distance * distance;
  const keep = neighbourCounts(truths, distance);
  const nearest: Reach[][] = Array.from({ length: count }, () => []);
  let predictions = 0;
  let tp = 0;

  return {
    add(x, y, z) {
      const prediction = predictions++;
      let reached = 0;
      grid.visit(x, y, z, (truth) => {
        const dx = x - truths[truth * 3]!;
        const dy = y - truths[truth * 3 + 1]!;
        const dz = z - truths[truth * 3 + 2]!;
        const squared = dx * dx + dy * dy + dz * dz;
        if (squared > limit) return;
        const list = nearest[truth]!;
        if (list.length === 0) reached++;
        insert(list, { prediction, squared, x, y, z }, keep[truth]!);
      });
      tp += reached;
      return reached;
    },
    pairs: () => assign(nearest.map(assignable)),
    result() {
      const offset: [number, number, number] = [0, 0, 0];
      nearest.forEach(([first], truth) => {
        if (first === undefined) return;
        offset[0] += first.x - truths[truth * 3]!;
        offset[1] += first.y - truths[truth * 3 + 1]!;
        offset[2] += first.z - truths[truth * 3 + 2]!;
      });
      const strictTp = assign(nearest.map(assignable)).length;
      return { tp, fp: predictions - tp, fn: count - tp, truths: count, predictions, strictTp, offset };
    },
  };
}

const assignable = (reaches: readonly Reach[]): Assignable[] =>
  reaches.map(({ prediction, squared }) => ({ prediction, distance: Math.sqrt(squared) }));

/** Keeps `list` sorted and at most `keep` long. */
function insert(list: Reach[], reach: Reach, keep: number): void {
  let at = list.length;
  while (at > 0 && order(reach, list[at - 1]!) < 0) at--;
  if (at >= keep) return;
  list.splice(at, 0, reach);
  if (list.length > keep) list.pop();
}

/** For each truth, the truths within twice the match distance of it, itself included. */
function neighbourCounts(truths: Float64Array, distance: number): Int32Array {
  const grid = pointGrid(truths, 2 * distance);
  const limit = 4 * distance * distance;
  const counts = new Int32Array(truths.length / 3);
  for (let i = 0; i < counts.length; i++) {
    const [x, y, z] = [truths[i * 3]!, truths[i * 3 + 1]!, truths[i * 3 + 2]!];
    grid.visit(x, y, z, (j) => {
      const squared =
        (truths[j * 3]! - x) ** 2 + (truths[j * 3 + 1]! - y) ** 2 + (truths[j * 3 + 2]! - z) ** 2;
      if (squared <= limit * 1.000001) counts[i]!++;
    });
  }
  return counts;
}
