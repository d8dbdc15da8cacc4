/** Paired counts as rows of numbers, for fast resampling. */
import type { Weighted } from "../../domain/particles.js";
import type { Random } from "../../domain/random.js";
import { type Counts, fbeta } from "../match/fbeta.js";
import { weighted } from "../score.js";
import { gamma, shares } from "./interval.js";
import type { PairedRuns } from "./paired.js";

/** Numbers per type in a row: tp fp fn of a, tp fp fn of b, found by both, wrong in both. */
const width = 8;
const [ofA, ofB, both, wrong] = [0, 3, 6, 7];

/** Paired counts as rows of numbers, which a bootstrap or a permutation sums many thousand times. */
export interface PairedTable {
  readonly types: readonly string[];
  /** Rows, one per experiment. */
  readonly rows: readonly Float64Array[];
}

/** Makes the table of paired counts, a row per experiment. */
export function pairedTable(runs: PairedRuns): PairedTable {
  const types = [...new Set([...runs.values()].flatMap((run) => [...run.keys()]))];
  const rows = [...runs.values()].map((run) =>
    Float64Array.from(
      types.flatMap((type) => {
        const counts = run.get(type);
        if (!counts) return new Array<number>(width).fill(0);
        const { a, b, bothFound, bothWrong } = counts;
        return [a.tp, a.fp, a.fn, b.tp, b.fp, b.fn, bothFound, bothWrong];
      }),
    ),
  );
  return { types, rows };
}

/** Values of a and b, per type and for the score. */
interface Sides {
  readonly a: Values;
  readonly b: Values;
}

/** Score and F of one submission. */
export interface Values {
  readonly score: number;
  /** F in the order of the table's types. */
  readonly perType: readonly number[];
}

/** Adds up rows. */
export function sumRows(rows: readonly Float64Array[], length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const row of rows) for (let i = 0; i < length; i++) sum[i]! += row[i]!;
  return sum;
}

/** Tells whether the official counts of the two differ in any type that has a weight in the score. */
export function differs(
  row: Float64Array,
  types: readonly string[],
  particles: readonly Weighted[],
): boolean {
  return types.some((type, i) => {
    const at = i * width;
    const isWeighted = particles.some(({ name, weight }) => name === type && weight > 0);
    return isWeighted && [0, 1, 2].some((count) => row[at + ofA + count] !== row[at + ofB + count]);
  });
}

/** Returns a row with a and b exchanged. */
export function swapSides(row: Float64Array): Float64Array {
  const swapped = row.slice();
  for (let at = 0; at < row.length; at += width) {
    swapped.set(row.subarray(at + ofA, at + ofA + 3), at + ofB);
    swapped.set(row.subarray(at + ofB, at + ofB + 3), at + ofA);
  }
  return swapped;
}

/** Computes the score and F of a and of b from a row of counts. */
export function sidesOf(row: Float64Array, types: readonly string[], particles: readonly Weighted[]): Sides {
  const valuesAt = (side: number): Values => {
    const perType = types.map((_, i) => fbeta(countsAt(row, i * width + side)));
    return { perType, score: weighted(particles, (type) => perType[types.indexOf(type)] ?? 0) };
  };
  return { a: valuesAt(ofA), b: valuesAt(ofB) };
}

const countsAt = (row: Float64Array, at: number): Counts => ({
  tp: row[at]!,
  fp: row[at + 1]!,
  fn: row[at + 2]!,
});

/** Draws a row over other particles: true ones found by both, one or none, and wrong picks shared or not. */
export function otherParticles(row: Float64Array, random: Random): Float64Array {
  const drawn = new Float64Array(row.length);
  for (let at = 0; at < row.length; at += width) {
    const a = countsAt(row, at + ofA);
    const b = countsAt(row, at + ofB);
    const truths = a.tp + a.fn;
    const bothFound = row[at + both]!;
    const onlyA = a.tp - bothFound;
    const onlyB = b.tp - bothFound;
    const [inBoth, inA, inB] = shares([bothFound, onlyA, onlyB, truths - bothFound - onlyA - onlyB], random);
    const shared = Math.max(0, Math.min(row[at + wrong]!, a.fp, b.fp));
    const sharedFp = gamma(shared, random);
    drawn.set(sideOf(truths, inBoth! + inA!, sharedFp + otherFp(a.fp - shared, random)), at + ofA);
    drawn.set(sideOf(truths, inBoth! + inB!, sharedFp + otherFp(b.fp - shared, random)), at + ofB);
  }
  return drawn;
}

const sideOf = (truths: number, found: number, fp: number): number[] => [
  truths * found,
  fp,
  truths * (1 - found),
];

/**
 * Draws other wrong picks. A type's fp is below 0 where single predictions serve several truths; such an fp is kept.
 */
const otherFp = (fp: number, random: Random): number => (fp < 0 ? fp : gamma(fp, random));
