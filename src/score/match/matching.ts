/** Matches predictions to truths by the challenge's rule, with the strict one-to-one matching beside it. */
import { type Arrays, separateArrays } from "./arena.js";
import { type Assignable, assign, type Pair } from "./assignment.js";
import type { Counts } from "./fbeta.js";
import { type PointGrid, pointGrid } from "./pointGrid.js";

/** A matcher's result once all predictions are added. */
interface MatchResult extends Counts {
  readonly truths: number;
  readonly predictions: number;
  /** Strict one-to-one count: the size of a largest matching of truths and predictions. */
  readonly strictTp: number;
  /** Sum of prediction − truth over the matched truths, each with its nearest prediction, in Å. */
  readonly offset: readonly [x: number, y: number, z: number];
}

/** Matches the predictions of one type in one experiment to its truths, one prediction at a time. */
export interface Matcher {
  /** Adds a prediction at x y z in Å. Returns how many truths this prediction is the first to reach. */
  add(x: number, y: number, z: number): number;
  /** Returns the official counts so far. */
  counts(): Counts;
  result(): MatchResult;
  /** Returns every reached truth with its nearest prediction, by truth; a prediction may serve several truths. */
  nearest(): Pair[];
  /** Returns the strict one-to-one matching: most pairs, then least total distance; predictions numbered as added. */
  pairs(): Pair[];
}

/**
 * Makes a matcher of one type in one experiment.
 *
 * @param truths x y z in Å, flat
 * @param distance the match distance in Å; a prediction at exactly this distance still matches
 * @param arrays allocates the matcher's memory
 */
export const createMatcher = (
  truths: Float64Array,
  distance: number,
  arrays: Arrays = separateArrays,
): Matcher => new NearestFew(truths, distance, arrays);

/** Numbers kept per prediction: its squared distance from the truth, x, y, z and its index. */
const kept = 5;

/**
 * Truths lie in a grid, so a prediction is compared with its neighbourhood only. Predictions are not kept, save for
 * each truth its nearest few: as many as there are truths within twice the match distance, itself included. A best
 * one-to-one matching needs no others, for a truth matched to a farther prediction has a nearer one free. So memory
 * grows with the truths, not with the predictions.
 */
class NearestFew implements Matcher {
  readonly #truths: Float64Array;
  readonly #distance: number;
  readonly #grid: PointGrid;
  /** Slots of truth i: #starts[i] up to #starts[i + 1]. */
  readonly #starts: Int32Array;
  /** Kept predictions, nearest first; free slots have an infinite distance. */
  readonly #nearest: Float64Array;
  #predictions = 0;
  #tp = 0;

  constructor(truths: Float64Array, distance: number, arrays: Arrays) {
    this.#truths = truths;
    this.#distance = distance;
    this.#grid = pointGrid(truths, distance);
    this.#starts = neighbourStarts(this.#grid, arrays.integers(truths.length / 3 + 1), distance);
    this.#nearest = arrays.numbers(kept * this.#starts[this.#starts.length - 1]!).fill(Infinity);
  }

  add(x: number, y: number, z: number): number {
    const prediction = this.#predictions++;
    let first = 0;
    const count = this.#grid.within(x, y, z, this.#distance, found);
    for (let i = 0; i < count; i++) if (this.#reach(found[i]!, x, y, z, prediction)) first++;
    this.#tp += first;
    return first;
  }

  counts(): Counts {
    return { tp: this.#tp, fp: this.#predictions - this.#tp, fn: this.#count - this.#tp };
  }

  result(): MatchResult {
    const nearest = this.#nearest;
    const truths = this.#truths;
    let dx = 0;
    let dy = 0;
    let dz = 0;
    for (let truth = 0; truth < this.#count; truth++) {
      if (!this.#isReached(truth)) continue;
      const at = kept * this.#starts[truth]!;
      dx += nearest[at + 1]! - truths[truth * 3]!;
      dy += nearest[at + 2]! - truths[truth * 3 + 1]!;
      dz += nearest[at + 3]! - truths[truth * 3 + 2]!;
    }
    const rivals = this.#rivals();
    return {
      ...this.counts(),
      truths: this.#count,
      predictions: this.#predictions,
      strictTp: this.#tp - rivals.length + this.#pairUp(rivals).length,
      offset: [dx, dy, dz],
    };
  }

  nearest(): Pair[] {
    const pairs: Pair[] = [];
    for (let truth = 0; truth < this.#count; truth++)
      if (this.#isReached(truth)) pairs.push({ truth, ...this.#assignable(this.#starts[truth]!) });
    return pairs;
  }

  pairs(): Pair[] {
    const pairs = this.#pairUp(this.#rivals());
    for (let truth = 0; truth < this.#count; truth++)
      if (this.#isReached(truth) && this.#few(truth) === 1)
        pairs.push({ truth, ...this.#assignable(this.#starts[truth]!) });
    return pairs.sort((a, b) => a.truth - b.truth);
  }

  get #count(): number {
    return this.#starts.length - 1;
  }

  /** Returns how many predictions a truth may keep. */
  #few(truth: number): number {
    return this.#starts[truth + 1]! - this.#starts[truth]!;
  }

  #isReached(truth: number): boolean {
    return this.#nearest[kept * this.#starts[truth]!]! < Infinity;
  }

  /** Returns true for the first prediction that reaches the truth. Among equally near ones the order never decides. */
  #reach(truth: number, x: number, y: number, z: number, prediction: number): boolean {
    const nearest = this.#nearest;
    const dx = x - this.#truths[truth * 3]!;
    const dy = y - this.#truths[truth * 3 + 1]!;
    const dz = z - this.#truths[truth * 3 + 2]!;
    const squared = dx * dx + dy * dy + dz * dz;
    const start = kept * this.#starts[truth]!;
    const end = kept * this.#starts[truth + 1]!;
    const isFirst = nearest[start] === Infinity;
    let at = end;
    while (at > start && isBefore(squared, x, y, z, nearest, at - kept)) at -= kept;
    if (at === end) return isFirst;
    for (let to = end - 1; to >= at + kept; to--) nearest[to] = nearest[to - kept]!;
    nearest[at] = squared;
    nearest[at + 1] = x;
    nearest[at + 2] = y;
    nearest[at + 3] = z;
    nearest[at + 4] = prediction;
    return isFirst;
  }

  /** Returns the reached truths that lie near other truths: these may compete for the same prediction. */
  #rivals(): number[] {
    const rivals: number[] = [];
    for (let truth = 0; truth < this.#count; truth++)
      if (this.#few(truth) > 1 && this.#isReached(truth)) rivals.push(truth);
    return rivals;
  }

  #pairUp(rivals: readonly number[]): Pair[] {
    if (rivals.length === 0) return [];
    const options = rivals.map((truth) => {
      const list: Assignable[] = [];
      for (let slot = this.#starts[truth]!; slot < this.#starts[truth + 1]!; slot++)
        if (this.#nearest[kept * slot]! < Infinity) list.push(this.#assignable(slot));
      return list;
    });
    return assign(options).map((pair) => ({ ...pair, truth: rivals[pair.truth]! }));
  }

  #assignable(slot: number): Assignable {
    return {
      prediction: this.#nearest[kept * slot + 4]!,
      distance: Math.sqrt(this.#nearest[kept * slot]!),
    };
  }
}

/** Orders by distance, then by position; of two predictions at one position the later comes after the earlier. */
function isBefore(
  squared: number,
  x: number,
  y: number,
  z: number,
  nearest: Float64Array,
  at: number,
): boolean {
  if (squared !== nearest[at]) return squared < nearest[at]!;
  if (x !== nearest[at + 1]) return x < nearest[at + 1]!;
  if (y !== nearest[at + 2]) return y < nearest[at + 2]!;
  return z < nearest[at + 3]!;
}

/**
 * Returns cumulative counts of the truths within twice the match distance of each truth (a hair more for rounding),
 * itself included.
 */
function neighbourStarts(grid: PointGrid, starts: Int32Array, distance: number): Int32Array {
  grid.countNeighbours(2.00001 * distance, starts.subarray(1));
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  return starts;
}

/** Scratch space, overwritten by every grid query. */
const found: number[] = [];
