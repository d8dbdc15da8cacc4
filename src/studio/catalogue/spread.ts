/** How the values of a column spread: what a filter by range shows. */
import type { Catalogue } from "./catalogue.js";

/** Counts of values in bins of equal width from the least to the largest. */
export interface Spread {
  readonly least: number;
  readonly largest: number;
  readonly counts: readonly number[];
  /** Tomograms without a value. */
  readonly missing: number;
}

const bins = 32;

/**
 * Counts the values of a column of numbers over all tomograms; undefined where none has one.
 *
 * @throws PickbenchError BadUsage for a column that does not exist
 */
export async function spreadOf(catalogue: Catalogue, column: string): Promise<Spread | undefined> {
  const all = await catalogue.column(column);
  const values = all.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  if (values.length === 0) return undefined;
  const least = values.reduce((a, b) => Math.min(a, b));
  const largest = values.reduce((a, b) => Math.max(a, b));
  const counts = new Array<number>(bins).fill(0);
  const width = (largest - least) / bins || 1;
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - least) / width))]!++;
  return { least, largest, counts, missing: all.length - values.length };
}
