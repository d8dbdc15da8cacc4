/** The catalogues of what was opened, by the names that the page knows them by. */
import type { Dataset } from "../../data/model.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import type { Catalogue, CatalogueValue } from "./catalogue.js";
import { dataCatalogue } from "./dataCatalogue.js";
import { surveyCatalogue } from "./surveyCatalogue.js";

/** What a studio was opened with, as far as tomograms are browsed. */
export interface Browsed {
  readonly dataset?: Dataset | undefined;
  /** Folders of surveys. */
  readonly surveys: readonly string[];
  readonly reporter: Reporter;
}

/** A part of a table: how many rows there are in all, and some of them. */
export interface CataloguePart {
  readonly total: number;
  readonly rows: readonly { readonly run: string; readonly values: readonly CatalogueValue[] }[];
}

/** Most rows of one part. */
const mostRows = 500;

/** Surveys first, then the data set. */
export class Catalogues {
  readonly all: readonly Catalogue[];

  constructor({ dataset, surveys, reporter }: Browsed) {
    this.all = [
      ...surveys.map((folder, at) => surveyCatalogue(`survey-${at}`, folder, reporter)),
      ...(dataset ? [dataCatalogue("dataset", dataset)] : []),
    ];
  }

  /** @throws PickbenchError BadUsage where there is none of that name */
  named(id: string): Catalogue {
    const found = this.all.find((catalogue) => catalogue.id === id);
    if (found) return found;
    throw new PickbenchError("BadUsage", `no catalogue ${id} is open; load the page again`);
  }

  /** Returns a part of a catalogue's table. @throws PickbenchError BadUsage as `Catalogue.order` and `rows` */
  async part(
    catalogue: Catalogue,
    asked: {
      readonly where?: string | undefined;
      readonly sort?: string | undefined;
      readonly columns: readonly string[];
      readonly offset: number;
      readonly limit: number;
    },
  ): Promise<CataloguePart> {
    const order = await catalogue.order(asked.where, asked.sort);
    const runs = order.slice(asked.offset, asked.offset + Math.min(mostRows, asked.limit));
    const values = await catalogue.rows(runs, asked.columns);
    return {
      total: order.length,
      rows: runs.map((run, at) => ({ run, values: values[at] ?? asked.columns.map(() => null) })),
    };
  }

  /** Returns a picture of a run; where a survey has no slice of it, that of the data set; undefined where there is none. */
  async picture(
    catalogue: Catalogue,
    run: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const data = this.all.find(({ kind }) => kind === "dataset");
    for (const source of new Set([catalogue, data])) {
      const found = await source?.picture(run, name, signal).catch((error: unknown) => {
        if (isPickbenchError(error, "BadDataset") || isPickbenchError(error, "NotFinite")) return undefined;
        throw error;
      });
      if (found) return found;
    }
    return undefined;
  }

  close(): void {
    for (const catalogue of this.all) catalogue.close();
  }
}
