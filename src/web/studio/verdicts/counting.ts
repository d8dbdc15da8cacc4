/** Counts and scores at thresholds, as `pickbench score` counts the picks that are at least as sure. */
import type { Weighted } from "../../../domain/particles.js";
import { type Counts, fbeta } from "../../../score/match/fbeta.js";
import { type CountSteps, countsAt, type MatchDefinition } from "../../../score/match/steps.js";
import { weighted } from "../../../score/score.js";

/** Thresholds by type; a type without one keeps all of its picks. */
export type Thresholds = ReadonlyMap<string, number>;

/** The threshold that keeps every pick. */
export const keepAll = Number.NEGATIVE_INFINITY;

export const thresholdOf = (thresholds: Thresholds, type: string): number => thresholds.get(type) ?? keepAll;

/** One type's row of a table of counts. */
export interface CountRow extends Counts {
  readonly type: string;
  readonly weight: number;
  readonly fbeta: number;
}

/** Counts of the types that the truth holds, and the score of them. */
export interface CountTable {
  readonly rows: readonly CountRow[];
  readonly score: number;
}

/**
 * Counts at thresholds.
 *
 * @param steps of the types that the truth holds, and of no others: as `score`, which drops those
 * @param particles whose weights sum to that of the whole score
 */
export function countTable(
  steps: ReadonlyMap<string, CountSteps>,
  particles: readonly Weighted[],
  thresholds: Thresholds,
  definition: MatchDefinition,
): CountTable {
  const rows = particles.flatMap(({ name: type, weight }): CountRow[] => {
    const ofType = steps.get(type);
    if (ofType === undefined) return [];
    const counts = countsAt(ofType, thresholdOf(thresholds, type), definition);
    return [{ type, weight, ...counts, fbeta: fbeta(counts) }];
  });
  const byType = new Map(rows.map((row) => [row.type, row.fbeta]));
  return { rows, score: weighted(particles, (type) => byType.get(type) ?? 0) };
}

/** Lists types that `score` refuses, which are not among the particles: those of the run, and of all runs. */
export const unknownTypes = (
  ofRun: { readonly unknown: readonly { readonly type: string }[] },
  ofAll: { readonly unknown: readonly string[] } | undefined,
): string[] => [...new Set([...ofRun.unknown.map(({ type }) => type), ...(ofAll?.unknown ?? [])])].sort();
