/** Paired counts as rows of numbers, for fast resampling. */
import type { Weighted } from "../../domain/particles.js";
import { fbetaOf } from "../match/fbeta.js";
import { weighted } from "../score.js";
import type { PairedCounts, PairedRuns } from "./paired.js";
import { type Gammas, gammasOf } from "./replay.js";
import type { CountColumns } from "./resampledCounts.js";

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
  const rows = [...runs.values()].map((run) => {
    const row = new Float64Array(types.length * width);
    for (let type = 0; type < types.length; type++) setCounts(row, type * width, run.get(types[type]!));
    return row;
  });
  return { types, rows };
}

function setCounts(row: Float64Array, at: number, counts: PairedCounts | undefined): void {
  if (!counts) return;
  const { a, b, bothFound, bothWrong } = counts;
  row[at + ofA] = a.tp;
  row[at + ofA + 1] = a.fp;
  row[at + ofA + 2] = a.fn;
  row[at + ofB] = b.tp;
  row[at + ofB + 1] = b.fp;
  row[at + ofB + 2] = b.fn;
  row[at + both] = bothFound;
  row[at + wrong] = bothWrong;
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

/** Returns the counts of one side of a type, an entry an experiment. */
export function columnsOf({ rows }: PairedTable, type: number, side: "a" | "b"): CountColumns {
  const at = type * width + (side === "a" ? ofA : ofB);
  const column = (count: number) => {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = rows[i]![at + count]!;
    return values;
  };
  return { tp: column(0), fp: column(1), fn: column(2) };
}

/** Adds a row to a sum. */
export function addRow(row: Float64Array, sum: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += row[i]!;
}

export function sumRows(rows: readonly Float64Array[], length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const row of rows) addRow(row, sum);
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
    const perType = types.map((_, i) => fbetaAt(row, i * width + side));
    return { perType, score: weighted(particles, (type) => perType[types.indexOf(type)] ?? 0) };
  };
  return { a: valuesAt(ofA), b: valuesAt(ofB) };
}

/**
 * Makes a function that computes a − b from a row of counts as `sidesOf` does, without making anything: F of each type into
 * `differences`, and the score as its last number.
 */
export function differencesOf(
  types: readonly string[],
  particles: readonly Weighted[],
): (row: Float64Array, differences: Float64Array) => void {
  const places = Int32Array.from(particles, ({ name }) => types.indexOf(name));
  const weights = Float64Array.from(particles, ({ weight }) => weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [a, b] = [new Float64Array(types.length), new Float64Array(types.length)];
  const scoreOf = (values: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < places.length; i++) if (places[i]! >= 0) sum += weights[i]! * values[places[i]!]!;
    return total > 0 ? sum / total : 0;
  };
  return (row, differences) => {
    for (let i = 0; i < types.length; i++) {
      a[i] = fbetaAt(row, i * width + ofA);
      b[i] = fbetaAt(row, i * width + ofB);
      differences[i] = a[i]! - b[i]!;
    }
    differences[types.length] = scoreOf(a) - scoreOf(b);
  };
}

const fbetaAt = (row: Float64Array, at: number): number => fbetaOf(row[at]!, row[at + 1]!, row[at + 2]!);

/** Draws of a type over other particles: true ones found by both, by one of them, by none; wrong picks of both, of one. */
const draws = 7;

/** Returns the distributions that a row over other particles is drawn from, `draws` per type. */
export function otherParticles(row: Float64Array): Gammas {
  const shapes = new Float64Array((row.length / width) * draws);
  for (let at = 0, to = 0; at < row.length; at += width, to += draws) {
    const [tpA, fpA, fnA] = [row[at + ofA]!, row[at + ofA + 1]!, row[at + ofA + 2]!];
    const [tpB, fpB] = [row[at + ofB]!, row[at + ofB + 1]!];
    const bothFound = row[at + both]!;
    const onlyA = tpA - bothFound;
    const onlyB = tpB - bothFound;
    const neither = tpA + fnA - bothFound - onlyA - onlyB;
    const shared = sharedWrong(row, at);
    shapes.set([bothFound, onlyA, onlyB, neither, shared, fpA - shared, fpB - shared], to);
  }
  return gammasOf(shapes);
}

const sharedWrong = (row: Float64Array, at: number): number =>
  Math.max(0, Math.min(row[at + wrong]!, row[at + ofA + 1]!, row[at + ofB + 1]!));

/**
 * Makes a row over other particles. Shares of true ones are drawn from the Dirichlet distribution (Rubin's Bayesian
 * bootstrap of counts in classes). A type's fp is below 0 where single predictions serve several truths; such an fp is
 * kept.
 *
 * @param drawn from the distributions of `otherParticles`
 * @param made receives the row
 */
export function rowOfOthers(row: Float64Array, drawn: Float64Array, made: Float64Array): void {
  for (let at = 0, from = 0; at < row.length; at += width, from += draws) {
    const truths = row[at + ofA]! + row[at + ofA + 2]!;
    const [inBoth, inA, inB] = [drawn[from]!, drawn[from + 1]!, drawn[from + 2]!];
    const sum = inBoth + inA + inB + drawn[from + 3]!;
    const foundA = sum > 0 ? inBoth / sum + inA / sum : 0;
    const foundB = sum > 0 ? inBoth / sum + inB / sum : 0;
    const sharedFp = drawn[from + 4]!;
    made[at + ofA] = truths * foundA;
    made[at + ofA + 1] = sharedFp + drawn[from + 5]! + Math.min(row[at + ofA + 1]!, 0);
    made[at + ofA + 2] = truths * (1 - foundA);
    made[at + ofB] = truths * foundB;
    made[at + ofB + 1] = sharedFp + drawn[from + 6]! + Math.min(row[at + ofB + 1]!, 0);
    made[at + ofB + 2] = truths * (1 - foundB);
  }
}
