/**
 * Counts at every threshold at once: how picks, found particles and pairs add up as the threshold falls. A pick counts where
 * its score is at least the threshold; one without a score always counts.
 */
import type { Counts } from "./fbeta.js";
import { pointGrid } from "./pointGrid.js";

/** What a true positive is: by the challenge's score, or in its strict one-to-one count (docs/metric.md). */
export type MatchDefinition = "challenge" | "one-to-one";

/** Positions of one type in one experiment. */
export interface ScoredPositions {
  /** x y z in Å, flat. */
  readonly coordinates: Float64Array;
  /** Confidences, as many as positions; NaN where there is none. */
  readonly scores: Float64Array;
}

/** Counts of one type in any number of experiments, at every threshold. Each list falls. */
export interface CountSteps {
  readonly truths: number;
  /** Scores of all picks; infinite for one without. */
  readonly picks: Float64Array;
  /** For each particle that any pick reaches, the highest threshold at which it is found. */
  readonly found: Float64Array;
  /** The thresholds below which one more pair can be made one to one. */
  readonly paired: Float64Array;
}

/** Returns the order of picks by falling score, those without a score first, equal ones in their own order. */
export function fallingOrder(scores: Float64Array): Int32Array {
  const order = Int32Array.from(scores, (_, index) => index);
  return order.sort((a, b) => rankOf(scores[b]!) - rankOf(scores[a]!) || a - b);
}

/** Greatest finite number in place of infinity, as the difference of two infinities is no number. */
const rankOf = (score: number): number => (Number.isNaN(score) ? Number.MAX_VALUE : score);

/**
 * Counts one type in one experiment at every threshold. A largest one-to-one matching of the picks above a threshold grows by
 * at most one with each further pick, and a pick that could not be paired when it came never can be later.
 *
 * @param truths x y z in Å, flat
 * @param distance the match distance in Å, inclusive
 */
export function countSteps(truths: Float64Array, picks: ScoredPositions, distance: number): CountSteps {
  const { coordinates, scores } = picks;
  const grid = pointGrid(truths, distance);
  const isFound = new Uint8Array(truths.length / 3);
  const pairing = new Pairing(isFound.length);
  const found: number[] = [];
  const paired: number[] = [];
  const falling = new Float64Array(scores.length);
  const near: number[] = [];
  let at = 0;
  for (const pick of fallingOrder(scores)) {
    const score = Number.isNaN(scores[pick]!) ? Infinity : scores[pick]!;
    falling[at++] = score;
    const [x, y, z] = [coordinates[3 * pick]!, coordinates[3 * pick + 1]!, coordinates[3 * pick + 2]!];
    const count = grid.within(x, y, z, distance, near);
    if (count === 0) continue;
    const reached = near.slice(0, count);
    for (const truth of reached)
      if (isFound[truth] === 0) {
        isFound[truth] = 1;
        found.push(score);
      }
    if (pairing.add(reached)) paired.push(score);
  }
  return {
    truths: isFound.length,
    picks: falling,
    found: Float64Array.from(found),
    paired: Float64Array.from(paired),
  };
}

/** A largest one-to-one matching that grows pick by pick, by augmenting paths. */
class Pairing {
  readonly #owner: Int32Array;
  readonly #reached: (readonly number[])[] = [];
  /** The number of the latest search in which a truth was tried. */
  readonly #tried: Int32Array;
  #search = 0;

  constructor(truths: number) {
    this.#owner = new Int32Array(truths).fill(-1);
    this.#tried = new Int32Array(truths);
  }

  /** Adds a pick that reaches these truths. Returns whether one more pair can be made with it. */
  add(reached: readonly number[]): boolean {
    this.#search++;
    this.#reached.push(reached);
    const isPaired = this.#place(this.#reached.length - 1);
    if (!isPaired) this.#reached.pop();
    return isPaired;
  }

  #place(pick: number): boolean {
    for (const truth of this.#reached[pick]!) {
      if (this.#tried[truth] === this.#search) continue;
      this.#tried[truth] = this.#search;
      const owner = this.#owner[truth]!;
      if (owner >= 0 && !this.#place(owner)) continue;
      this.#owner[truth] = pick;
      return true;
    }
    return false;
  }
}

/** Adds up the steps of several experiments. */
export function joinSteps(all: readonly CountSteps[]): CountSteps {
  const joined = (listOf: (steps: CountSteps) => Float64Array): Float64Array => {
    const lists = all.map(listOf);
    const numbers = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const list of lists) {
      numbers.set(list, at);
      at += list.length;
    }
    return numbers.sort().reverse();
  };
  return {
    truths: all.reduce((sum, { truths }) => sum + truths, 0),
    picks: joined(({ picks }) => picks),
    found: joined(({ found }) => found),
    paired: joined(({ paired }) => paired),
  };
}

/** Returns the official counts at a threshold, or those of one-to-one matching. */
export function countsAt(steps: CountSteps, threshold: number, definition: MatchDefinition): Counts {
  const predictions = numberFrom(steps.picks, threshold);
  const tp = numberFrom(definition === "challenge" ? steps.found : steps.paired, threshold);
  return { tp, fp: predictions - tp, fn: steps.truths - tp };
}

/** Returns how many numbers of a falling list are at least a limit. */
export function numberFrom(falling: Float64Array, limit: number): number {
  let [low, high] = [0, falling.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (falling[middle]! >= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
