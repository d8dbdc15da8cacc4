/** A catalogue of tomograms as the page browses it: a survey, or a data set as it lies. */
import type { ShownEntry } from "../../survey/shown.js";

/** A value of a table; null where it is missing. */
export type CatalogueValue = string | number | null;

/** A column of a catalogue, which expressions know. */
export interface CatalogueColumn {
  readonly name: string;
  readonly type: "number" | "text";
  readonly says: string;
}

/** What a page has to know of a catalogue before it shows a row. */
export interface CatalogueFacts {
  readonly columns: readonly CatalogueColumn[];
  /** Features, whose FEATURE.percent are columns. */
  readonly features: readonly string[];
  /** Types of particles, whose TYPE.count are columns. */
  readonly types: readonly string[];
  readonly tomograms: number;
  /** Subsets of the survey; none of a data set. */
  readonly subsets: readonly string[];
}

/** All that is known of one tomogram, in words. */
export interface CataloguePage extends ShownEntry {
  readonly run: string;
  /** Percent of the voxels by feature; null where it is not known. */
  readonly percents: Readonly<Record<string, number | null>>;
  /** Names of pictures: the middle slice first, then projections of features. */
  readonly pictures: readonly string[];
}

/** A catalogue that is open. */
export interface Catalogue {
  /** Name in addresses, different for each. */
  readonly id: string;
  readonly kind: "survey" | "dataset";
  /** Folder as the user knows it. */
  readonly folder: string;
  facts(): Promise<CatalogueFacts>;
  /**
   * Lists the runs for which an expression is true, in an order.
   *
   * @param where all if absent
   * @param sort a column, with " desc" behind it for falling order; missing values come last
   * @throws PickbenchError BadUsage with the place of a fault
   */
  order(where?: string, sort?: string): Promise<readonly string[]>;
  /** Returns columns of runs, a row each; undefined for a run that is not there. @throws PickbenchError BadUsage */
  rows(
    runs: readonly string[],
    columns: readonly string[],
  ): Promise<(readonly CatalogueValue[] | undefined)[]>;
  /** Returns a column of all runs, in no order. @throws PickbenchError BadUsage */
  column(name: string): Promise<readonly CatalogueValue[]>;
  /** Returns all that is known of a run. @throws PickbenchError BadUsage with the nearest name */
  page(run: string): Promise<CataloguePage>;
  /**
   * Returns a picture as PNG; undefined where there is none of that name.
   *
   * @param signal of whoever waits for it: what nobody waits for is not made
   */
  picture(run: string, name: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  close(): void;
}
