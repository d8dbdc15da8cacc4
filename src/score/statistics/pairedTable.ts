/** Paired counts as rows of numbers, for fast resampling. */
import type { Weighted } from "../../domain/particles.js";
import { fbetaOf } from "../match/fbeta.js";
import { weighted } from "../score.js";
import type { PairedRuns } from "./paired.js";
import { type Chance, gamma } from "./replay.js";
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

/** Returns the counts of one side of a type, an entry an experiment. */
export function columnsOf({ rows }: PairedTable, type: number, side: "a" | "b"): CountColumns {
  const at = type * width + (side === "a" ? ofA : ofB);
  return {
    tp: rows.map((row) => row[at]!),
    fp: rows.map((row) => row[at + 1]!),
    fn: rows.map((row) => row[at + 2]!),
  };
}

/** Adds up rows. @param sum receives the sum */
export function sumRows(
  rows: readonly Float64Array[],
  length: number,
  sum: Float64Array = new Float64Array(length),
): Float64Array {
  sum.fill(0);
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
  const places = particles.map(({ name }) => types.indexOf(name));
  const weights = particles.map(({ weight }) => weight);
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

/**
 * Draws a row over other particles: true ones found by both, one or none, and wrong picks shared or not. Shares of true ones
 * are drawn from the Dirichlet distribution (Rubin's Bayesian bootstrap of counts in classes).
 *
 * @param drawn receives the row
 */
export function otherParticles(row: Float64Array, random: Chance, drawn: Float64Array): void {
  for (let at = 0; at < row.length; at += width) {
    const [tpA, fpA, fnA] = [row[at + ofA]!, row[at + ofA + 1]!, row[at + ofA + 2]!];
    const [tpB, fpB] = [row[at + ofB]!, row[at + ofB + 1]!];
    const truths = tpA + fnA;
    const bothFound = row[at + both]!;
    const onlyA = tpA - bothFound;
    const onlyB = tpB - bothFound;
    const inBoth = gamma(bothFound, random);
    const inA = gamma(onlyA, random);
    const inB = gamma(onlyB, random);
    const sum = inBoth + inA + inB + gamma(truths - bothFound - onlyA - onlyB, random);
    const shared = Math.max(0, Math.min(row[at + wrong]!, fpA, fpB));
    const sharedFp = gamma(shared, random);
    const part = (draw: number) => (sum > 0 ? draw / sum : 0);
    const foundA = part(inBoth) + part(inA);
    const foundB = part(inBoth) + part(inB);
    drawn[at + ofA] = truths * foundA;
    drawn[at + ofA + 1] = sharedFp + otherFp(fpA - shared, random);
    drawn[at + ofA + 2] = truths * (1 - foundA);
    drawn[at + ofB] = truths * foundB;
    drawn[at + ofB + 1] = sharedFp + otherFp(fpB - shared, random);
    drawn[at + ofB + 2] = truths * (1 - foundB);
  }
}

/**
 * Draws other wrong picks. A type's fp is below 0 where single predictions serve several truths; such an fp is kept.
 */
const otherFp = (fp: number, random: Chance): number => (fp < 0 ? fp : gamma(fp, random));
