/**
 * A survey that is open: found in, shown, asked by SQL. The room `survey` catalogues thousands of tomograms: each is measured
 * to an entry, a file; a database is made from the entries, and can be deleted at any time.
 */
import { plural } from "../present/text.js";
import { isPickbenchError, messageOf, PickbenchError } from "../system/errors.js";
import { nearest } from "../system/nearest.js";
import { isThere } from "../system/paths/replacing.js";
import { type Reporter, silentReporter } from "../system/reporter.js";
import { type OpenDatabase, openDatabase } from "./database/duckdb.js";
import { isCaughtUp } from "./database/fresh.js";
import type { SurveyEntry } from "./entry.js";
import type { SurveyExportFormat } from "./export/tables.js";
import { askSql, type SurveyAnswer } from "./find/ask.js";
import { type PlacedColumn, type SurveyColumn, surveyColumns } from "./find/columns.js";
import { findTomograms, type SurveyFindOptions, type SurveyFound } from "./find/find.js";
import { rowsOfRuns, type SurveyValue } from "./find/rows.js";
import { entryRuns, readSettings } from "./folder.js";
import { placesIn } from "./places.js";

/** A survey that is open for reading. Its answers are of the moment when it was opened; `show` reads the entry as it is. */
export interface Survey {
  readonly folder: string;
  /** Lists the columns that expressions know. */
  columns(): Promise<readonly SurveyColumn[]>;
  /** Finds tomograms by an expression; all where it is undefined. @throws PickbenchError BadUsage with the place of a fault */
  find(expression?: string, options?: SurveyFindOptions): Promise<SurveyFound>;
  /** Returns columns of some runs, a row each in their order; undefined for a run that it has not. @throws as `find` */
  rows(runs: readonly string[], columns: readonly string[]): Promise<(readonly SurveyValue[] | undefined)[]>;
  /** Returns all that is known of a run. @throws PickbenchError BadUsage with the nearest name */
  show(run: string): Promise<SurveyEntry>;
  /** Writes the tomograms that an expression finds, as Pom's summary.star, as CSV or as Parquet. @returns how many */
  export(
    path: string,
    format: SurveyExportFormat,
    expression?: string,
    options?: SurveyFindOptions,
  ): Promise<number>;
  /** Answers one statement of SQL, which can change and read nothing but the survey. @throws PickbenchError BadUsage */
  sql(text: string, limit?: number): Promise<SurveyAnswer>;
  close(): void;
}

/**
 * Opens a survey. Its database is caught up with the entries first; where another process does that at this moment, it is
 * taken as it is.
 *
 * @throws PickbenchError BadDataset where there is no survey, or an entry is damaged
 */
export async function openSurvey(
  folder: string,
  options: { readonly reporter?: Reporter } = {},
): Promise<Survey> {
  const { reporter = silentReporter } = options;
  const places = placesIn(folder);
  if (!(await isCaughtUp(folder))) await caughtUp(folder, reporter);
  const database = await openReadOnly(folder, reporter);
  const { connection } = database;
  let known: Promise<PlacedColumn[]> | undefined;
  const columns = async (): Promise<PlacedColumn[]> => {
    known ??= readSettings(folder).then((settings) =>
      surveyColumns(connection, settings?.sources.map(({ name }) => name) ?? []),
    );
    return known;
  };
  return {
    folder,
    columns,
    find: async (expression, options) => findTomograms(connection, await columns(), expression, options),
    rows: async (runs, named) => rowsOfRuns(connection, await columns(), runs, named),
    show: (run) => showRun(folder, run),
    async export(path, format, expression, options = {}) {
      const { exportedRows, writeTable } = await import("./export/tables.js");
      const known = await columns();
      const found = await exportedRows(connection, known, format, expression, options);
      await writeTable(path, format, found, known);
      return found.total;
    },
    sql: (text, limit) => askSql(places.database, text, limit),
    close: () => database.close(),
  };
}

/** Loaded where there is something to catch up with. */
const catchUp = async (folder: string, reporter: Reporter) =>
  (await import("./database/catchUp.js")).catchUp(folder, reporter);

async function caughtUp(folder: string, reporter: Reporter): Promise<void> {
  try {
    const { changed, removed, isNew } = await catchUp(folder, reporter);
    if (!isNew && changed + removed > 0)
      reporter.note(
        `${folder}: ${plural(changed + removed, "entry", "entries")} changed since the last time; the database has caught up`,
      );
  } catch (error) {
    if (!(await isThere(placesIn(folder).database)) || !isPickbenchError(error, "BadUsage")) throw error;
    const why =
      error.cause === undefined ? "is being written" : `cannot be written (${messageOf(error.cause)})`;
    reporter.note(`${folder}: its database ${why}; this is what it held before`);
  }
}

/** A damaged database that seemed to be caught up is made again. */
async function openReadOnly(folder: string, reporter: Reporter): Promise<OpenDatabase> {
  const { database } = placesIn(folder);
  const open = () => openDatabase(database, { access_mode: "READ_ONLY" });
  try {
    return await open();
  } catch (error) {
    if (isPickbenchError(error)) throw error;
    await catchUp(folder, reporter);
    return open();
  }
}

/** Reads a run's entry. @throws PickbenchError BadUsage with the nearest name; BadDataset where there is no survey */
export async function showRun(folder: string, run: string): Promise<SurveyEntry> {
  const { readEntry } = await import("./entry.js");
  const runs = await entryRuns(folder);
  const entry = runs.includes(run) ? await readEntry(folder, run) : undefined;
  if (entry) return entry;
  const meant = nearest(run, runs);
  const hint =
    meant === undefined ? `pickbench survey find lists its ${runs.length}` : `did you mean ${meant}?`;
  throw new PickbenchError("BadUsage", `${folder} has no run ${run}; ${hint}`);
}
