/** Whether a database has the entries as they lie: their names, sizes and times of change against those it was made from. */
import { statSync } from "node:fs";
import { sep } from "node:path";
import * as z from "zod";
import { hashOf, writeWhole } from "../../system/files.js";
import { isThere } from "../../system/paths/replacing.js";
import { readNoted } from "../../system/schema/noted.js";
import { entryRuns } from "../folder.js";
import { placesIn } from "../places.js";
import { databaseVersion } from "./tables.js";

/** An entry's file: bytes, and the time of its change in ms. */
export interface FileState {
  readonly size: number;
  readonly mtime: number;
}

/** `entries`: the stamp of all files of entries; null where it is not sure. */
const stateSchema = z.strictObject({ version: z.number(), entries: z.string().nullable() });

/** Changes within this time, in ms, may leave the time of a file's change as it is. */
const unsure = 2000;

/** Looks at the file of every entry, by run. One after the other: thousands take a tenth of what they take when awaited. */
export async function entryFiles(folder: string): Promise<Map<string, FileState>> {
  const { entries } = placesIn(folder);
  const found = new Map<string, FileState>();
  for (const run of await entryRuns(folder)) {
    const file = statSync(`${entries}${sep}${run}.json`, { throwIfNoEntry: false });
    if (file) found.set(run, { size: file.size, mtime: file.mtimeMs });
  }
  return found;
}

const stampOf = (files: ReadonlyMap<string, FileState>): string =>
  hashOf([...files].map(([run, { size, mtime }]) => `${run}\n${size} ${mtime}\n`).join(""));

/** Tells whether the database surely has all entries as they are, those that were changed where they lie among them. */
export async function isCaughtUp(folder: string): Promise<boolean> {
  const places = placesIn(folder);
  const state = await readNoted(places.databaseState, stateSchema).catch(() => undefined);
  if (state?.version !== databaseVersion || !(await isThere(places.database))) return false;
  return state.entries !== null && state.entries === stampOf(await entryFiles(folder));
}

/** Notes what a database was made from. @param begun when the entries were looked at, in ms */
export async function noteCaughtUp(
  folder: string,
  files: ReadonlyMap<string, FileState>,
  begun: number,
): Promise<void> {
  const newest = [...files.values()].reduce((most, { mtime }) => Math.max(most, mtime), 0);
  const entries = begun - newest > unsure ? stampOf(files) : null;
  const state = { version: databaseVersion, entries };
  await writeWhole(placesIn(folder).databaseState, `${JSON.stringify(state)}\n`);
}
