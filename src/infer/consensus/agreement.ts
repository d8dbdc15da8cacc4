/** Agreement between pickers: how many picks each pair has in common, matched one to one. */
import type { Particle } from "../../domain/particles.js";
import { createMatcher } from "../../score/match/matching.js";
import type { PicksByRun } from "./fuseRuns.js";

/** A square of values: row by row, a picker each way. */
export type Matrix<Value> = readonly (readonly Value[])[];

/** Agreement of each pair of pickers over the runs that both looked at. */
export interface Agreement {
  /** Pairs of picks, one to one, within the distance; on the diagonal the picks of each picker in all its runs. */
  readonly matched: Matrix<number>;
  /** Matched over all particles that either saw, 0 to 1: null where neither saw any. */
  readonly jaccard: Matrix<number | null>;
  /** Share of the row's picks that the column has too; null where the row has none. */
  readonly shared: Matrix<number | null>;
}

/** Agreement by type, and over all types. */
export interface AgreementReport {
  readonly overall: Agreement;
  readonly types: readonly (Agreement & { readonly type: string })[];
}

/** Counts of one pair of pickers. */
interface PairCounts {
  matched: number;
  row: number;
  column: number;
}

/**
 * Measures the agreement of pickers. Picks are matched as the scorer matches them one to one: most pairs, each within the
 * distance, so that the Jaccard index, matched / (a + b − matched), never passes 1.
 *
 * @param distanceOf returns the largest distance of a match of a particle in Å, inclusive
 */
export function agreementOf(
  pickers: readonly PicksByRun[],
  particles: readonly Particle[],
  distanceOf: (particle: Particle) => number,
): AgreementReport {
  const all = emptyCounts(pickers.length);
  const types: (Agreement & { readonly type: string })[] = [];
  for (const particle of particles) {
    const counts = emptyCounts(pickers.length);
    for (const [row, one] of pickers.entries())
      for (let column = row; column < pickers.length; column++)
        addPair(counts, row, column, pairOf(one, pickers[column]!, particle.name, distanceOf(particle)));
    if (counts.every((line, i) => line[i]!.row === 0)) continue;
    types.push({ type: particle.name, ...agreementFrom(counts) });
    for (const [row, line] of counts.entries())
      for (const [column, pair] of line.entries()) add(all[row]![column]!, pair);
  }
  return { overall: agreementFrom(all), types };
}

const emptyCounts = (count: number): PairCounts[][] =>
  Array.from({ length: count }, () =>
    Array.from({ length: count }, () => ({ matched: 0, row: 0, column: 0 })),
  );

function add(sum: PairCounts, { matched, row, column }: PairCounts): void {
  sum.matched += matched;
  sum.row += row;
  sum.column += column;
}

function addPair(counts: PairCounts[][], row: number, column: number, pair: PairCounts): void {
  add(counts[row]![column]!, pair);
  if (row !== column)
    add(counts[column]![row]!, { matched: pair.matched, row: pair.column, column: pair.row });
}

function pairOf(one: PicksByRun, other: PicksByRun, type: string, distance: number): PairCounts {
  const counts = { matched: 0, row: 0, column: 0 };
  for (const run of one.keys()) {
    if (!other.has(run)) continue;
    const [a, b] = [placesOf(one, run, type), placesOf(other, run, type)];
    const matched = one === other ? a.length / 3 : matchedPairs(a, b, distance);
    add(counts, { matched, row: a.length / 3, column: b.length / 3 });
  }
  return counts;
}

const placesOf = (picks: PicksByRun, run: string, type: string): Float64Array =>
  Float64Array.from(picks.get(run)!.flatMap((pick) => (pick.type === type ? [pick.x, pick.y, pick.z] : [])));

function matchedPairs(a: Float64Array, b: Float64Array, distance: number): number {
  const matcher = createMatcher(a, distance);
  for (let at = 0; at < b.length; at += 3) matcher.add(b[at]!, b[at + 1]!, b[at + 2]!);
  return matcher.result().strictTp;
}

function agreementFrom(counts: readonly (readonly PairCounts[])[]): Agreement {
  const table = <Value>(value: (pair: PairCounts) => Value): Value[][] =>
    counts.map((line) => line.map(value));
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    matched: table(({ matched }) => matched),
    jaccard: table(({ matched, row, column }) => share(matched, row + column - matched)),
    shared: table(({ matched, row }) => share(matched, row)),
  };
}
