/**
 * The database of a survey, made from its entries and caught up by their hashes. It is written as a copy and renamed into
 * place, so that readers go on with the one they have open, and a killed process leaves the old one whole.
 */
import { constants, copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { isPickbenchError, messageOf, PickbenchError } from "../../system/errors.js";
import { hashOf } from "../../system/files.js";
import { withLock } from "../../system/lock.js";
import { readText } from "../../system/paths/opening.js";
import { isThere, replaced } from "../../system/paths/replacing.js";
import type { Reporter } from "../../system/reporter.js";
import { parseEntry } from "../entry.js";
import { noSurvey, picksPath, placesIn } from "../places.js";
import { appendRows, literal, openDatabase } from "./duckdb.js";
import { entryFiles, type FileState, noteCaughtUp } from "./fresh.js";
import { createTables, databaseVersion, EntryRows, runTables } from "./tables.js";

/** What catching up changed. */
export interface CaughtUp {
  readonly changed: number;
  readonly removed: number;
  /** Whether the database was made anew. */
  readonly isNew: boolean;
}

/** An entry's file as the database has it. */
interface KnownFile extends FileState {
  readonly id: number;
  readonly hash: string;
}

/**
 * Catches the database up with the entries.
 *
 * @throws PickbenchError BadUsage where another process does so; BadDataset for a damaged entry, or where there is no survey
 */
export async function catchUp(folder: string, reporter: Reporter): Promise<CaughtUp> {
  const places = placesIn(folder);
  await stat(places.entries).catch(() => {
    throw noSurvey(folder);
  });
  return withLock(places.databaseLock, folder, async () => {
    const begun = Date.now();
    const there = await entryFiles(folder);
    const known = await knownFiles(places.database, reporter);
    const plan = await planOf(places.entries, there, known ?? new Map());
    if (known === undefined || plan.changed.length + plan.touched.length + plan.removed.length > 0)
      await rewrite(folder, there, known, plan, reporter);
    await noteCaughtUp(folder, there, begun);
    return { changed: plan.changed.length, removed: plan.removed.length, isNew: known === undefined };
  });
}

/** Files that are read together. */
const batch = 250;

/** Reads what the database was made from; undefined where it is to be made anew, which is said where it is broken. */
async function knownFiles(path: string, { note }: Reporter): Promise<Map<string, KnownFile> | undefined> {
  if (!(await isThere(path))) return undefined;
  try {
    const database = await openDatabase(path, { access_mode: "READ_ONLY" });
    try {
      const rowsOf = async (sql: string) => (await database.connection.runAndReadAll(sql)).getRowsJS();
      if ((await rowsOf("SELECT version FROM about"))[0]?.[0] !== databaseVersion) return undefined;
      const rows = await rowsOf("SELECT run, id, size, mtime, hash FROM files");
      return new Map(
        (rows as [string, number, number, number, string][]).map(([run, id, size, mtime, hash]) => [
          run,
          { id, size, mtime, hash },
        ]),
      );
    } finally {
      database.close();
    }
  } catch (error) {
    if (isPickbenchError(error)) throw error;
    note(`${path} is damaged (${shortly(error)}); it is made again from the entries`);
    return undefined;
  }
}

/** The begin of what DuckDB says of a damaged file. */
const shortly = (error: unknown): string => messageOf(error).split("\n")[0]!.slice(0, 120);

interface Plan {
  /** Runs whose entry is new or says something else. */
  readonly changed: readonly string[];
  /** Runs whose file has another time of change alone. */
  readonly touched: readonly string[];
  readonly removed: readonly string[];
}

async function planOf(
  folder: string,
  there: ReadonlyMap<string, FileState>,
  known: ReadonlyMap<string, KnownFile>,
): Promise<Plan> {
  const [changed, touched]: [string[], string[]] = [[], []];
  for (const [run, { size, mtime }] of there) {
    const before = known.get(run);
    if (before?.size === size && before.mtime === mtime) continue;
    const isSame =
      before?.size === size && hashOf(await readText(join(folder, `${run}.json`))) === before.hash;
    (isSame ? touched : changed).push(run);
  }
  return { changed, touched, removed: [...known.keys()].filter((run) => !there.has(run)) };
}

/** Writes a database with what changed, from the one before where there is one. */
async function rewrite(
  folder: string,
  there: ReadonlyMap<string, FileState>,
  known: ReadonlyMap<string, KnownFile> | undefined,
  { changed, touched, removed }: Plan,
  reporter: Reporter,
): Promise<void> {
  const { database: path } = placesIn(folder);
  await replaced(path, async (partial) => {
    if (known) await copyFile(path, partial, constants.COPYFILE_FICLONE);
    const database = await openDatabase(partial);
    try {
      const { connection } = database;
      if (known === undefined) await createTables(connection);
      const gone = [...removed, ...changed].flatMap((run) => known?.get(run)?.id ?? []);
      if (gone.length > 0) await removeRows(connection, gone);
      for (const run of touched)
        await connection.run("UPDATE files SET mtime = $1 WHERE run = $2", [there.get(run)!.mtime, run]);
      await addRows(connection, folder, changed, { there, known, reporter });
      await connection.run("CHECKPOINT");
    } finally {
      database.close();
    }
  });
}

async function removeRows(connection: DuckDBConnection, ids: readonly number[]): Promise<void> {
  await connection.run("CREATE OR REPLACE TEMP TABLE gone (id INTEGER)");
  await appendRows(
    connection,
    "gone",
    ids.map((id) => [id]),
  );
  for (const table of ["files", ...runTables])
    await connection.run(
      `DELETE FROM ${table} WHERE id BETWEEN (SELECT min(id) FROM gone) AND (SELECT max(id) FROM gone)
       AND id IN (SELECT id FROM gone)`,
    );
}

async function addRows(
  connection: DuckDBConnection,
  folder: string,
  runs: readonly string[],
  state: {
    readonly there: ReadonlyMap<string, FileState>;
    readonly known: ReadonlyMap<string, KnownFile> | undefined;
    readonly reporter: Reporter;
  },
): Promise<void> {
  const { entries } = placesIn(folder);
  let next = 1 + [...(state.known?.values() ?? [])].reduce((most, { id }) => Math.max(most, id), 0);
  const progress = state.reporter.progress("filling the database", runs.length, "tomograms", {
    isAside: true,
  });
  try {
    for (let from = 0; from < runs.length; from += batch) {
      const rows = new EntryRows();
      const files: [id: number, run: string, size: number, mtime: number, hash: string][] = [];
      const picks: PicksOfEntry[] = [];
      for (const run of runs.slice(from, from + batch)) {
        const path = join(entries, `${run}.json`);
        const text = await readText(path);
        const entry = parseEntry(text, path);
        checkRun(entry.run, run, path);
        const id = next++;
        rows.add(id, entry);
        const { size, mtime } = state.there.get(run)!;
        files.push([id, run, size, mtime, hashOf(text)]);
        if (entry.picks.rows > 0) picks.push([picksPath(folder, run), id]);
      }
      await rows.append(connection);
      await appendRows(connection, "files", files);
      if (picks.length > 0) await addPicks(connection, picks);
      progress.update(Math.min(runs.length, from + batch));
    }
  } finally {
    progress.stop();
  }
}

/** @throws PickbenchError BadDataset where an entry is not of the run that its file is named after */
function checkRun(run: string, named: string, path: string): void {
  if (run === named) return;
  throw new PickbenchError(
    "BadDataset",
    `${path} is of the run ${run}, wanted ${named}, as its file is named; remove it, and build the survey again`,
    { path },
  );
}

/** A file of picks, and the number of its run. */
type PicksOfEntry = readonly [path: string, id: number];

async function addPicks(connection: DuckDBConnection, files: readonly PicksOfEntry[]): Promise<void> {
  const paths = files.map(([path]) => path);
  await connection.run("CREATE OR REPLACE TEMP TABLE reading (path VARCHAR, id INTEGER)");
  await appendRows(connection, "reading", files);
  for (const path of paths)
    if (!(await isThere(path)))
      throw new PickbenchError(
        "BadDataset",
        `${path}: the run's picks are missing; survey build writes them again`,
        { path },
      );
  const insert = connection.run(
    `INSERT INTO picks SELECT reading.id, source, type, x, y, z, score, verdict
     FROM read_parquet([${paths.map(literal).join(", ")}], filename = 'file') AS read
     JOIN reading ON reading.path = read.file`,
  );
  await insert.catch((error: unknown) => refusePicks(connection, paths, error));
}

/** @throws PickbenchError BadDataset with the name of the file that cannot be read; else the error itself */
async function refusePicks(
  connection: DuckDBConnection,
  paths: readonly string[],
  error: unknown,
): Promise<never> {
  for (const path of paths)
    await connection
      .run(`SELECT max(hash(read)) FROM read_parquet(${literal(path)}) AS read`)
      .catch((cause: unknown) => {
        throw new PickbenchError(
          "BadDataset",
          `${path}: the run's picks are damaged (${shortly(cause)}); remove the file, and survey build writes it again`,
          { path, cause },
        );
      });
  throw error;
}
