/**
 * Sources of picks: which of their files hold picks of which run. Where a file's path tells no run, it is read once, and its
 * runs are remembered, each with a hash of its picks, until the file's size or time of change differs.
 */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import type { PositionSet } from "../../formats/positions/frames.js";
import { positionFilesIn, readPositionsIn } from "../../formats/positions/positionFolder.js";
import { readPositionsFile } from "../../formats/positions/readPositions.js";
import { runNames, runOfPath } from "../../formats/runNames.js";
import { PickbenchError } from "../../system/errors.js";
import { hashOf, writeWhole } from "../../system/files.js";
import { readNoted } from "../../system/schema/noted.js";
import type { PickSource } from "../folder.js";
import { placesIn } from "../places.js";

/** A file of picks of a source. */
export interface PicksFile {
  readonly source: PickSource;
  /** The folder that it was found in; undefined where the file itself was named. */
  readonly folder: string | undefined;
  /** Path below the folder, or the whole path. */
  readonly name: string;
}

/** A file with what its size and time of change are. */
interface FoundFile extends PicksFile {
  readonly stamp: string;
}

const ledgerSchema = z.record(
  z.string(),
  z.strictObject({ stamp: z.string(), runs: z.record(z.string(), z.string()) }),
);
type Ledger = z.infer<typeof ledgerSchema>;

export const pathOf = ({ folder, name }: PicksFile): string =>
  folder === undefined ? name : join(folder, name);

/** The files of picks of each run, with a stamp of them all. */
export type FilesByRun = ReadonlyMap<
  string,
  { readonly stamp: string; readonly files: readonly PicksFile[] }
>;

/**
 * Finds the files of picks of each run.
 *
 * @param reader reads files whose runs are unknown
 * @throws PickbenchError BadDataset for a source that does not exist, or a broken file whose run only its content tells
 */
export async function picksByRun(
  folder: string,
  sources: readonly PickSource[],
  reader: PicksReader,
): Promise<FilesByRun> {
  const { sources: noted } = placesIn(folder);
  const before = (await readNoted(noted, ledgerSchema)) ?? {};
  const ledger: Ledger = {};
  const byRun = new Map<string, { stamps: string[]; files: PicksFile[] }>();
  const add = (run: string, { stamp, ...file }: FoundFile): void => {
    const of = byRun.get(run) ?? { stamps: [], files: [] };
    byRun.set(run, of);
    of.stamps.push(`${file.source.name} ${pathOf(file)} ${stamp}`);
    of.files.push(file);
  };
  for (const file of (await Promise.all(sources.map(filesOf))).flat()) {
    const told = file.folder === undefined ? undefined : runOfPath(dirname(file.name))?.run;
    if (told !== undefined) {
      add(told, file);
      continue;
    }
    const path = pathOf(file);
    const known = before[path]?.stamp === file.stamp ? before[path] : undefined;
    const runs = known?.runs ?? hashesOf(await reader.read(file));
    ledger[path] = { stamp: file.stamp, runs };
    for (const [run, stamp] of Object.entries(runs)) add(run, { ...file, stamp });
  }
  if (JSON.stringify(before) !== JSON.stringify(ledger))
    await writeWhole(noted, `${JSON.stringify(ledger)}\n`);
  return new Map([...byRun].map(([run, { stamps, files }]) => [run, { stamp: stamps.join("\n"), files }]));
}

const hashesOf = (byRun: ReadonlyMap<string, PositionSet[]>): Record<string, string> =>
  Object.fromEntries([...byRun].map(([run, sets]) => [run, hashOf(JSON.stringify(sets)).slice(0, 16)]));

async function filesOf(source: PickSource): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  for (const path of source.paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined)
      throw new PickbenchError("BadDataset", `${path}: no such file or folder of picks; name another`, {
        path,
      });
    const named = found.isDirectory() ? await positionFilesIn(path) : [undefined];
    for (const name of named) {
      const file = { source, folder: name === undefined ? undefined : path, name: name ?? path };
      const { size, mtimeMs } = name === undefined ? found : await stat(join(path, name));
      files.push({ ...file, stamp: `${size} ${mtimeMs}` });
    }
  }
  return files;
}

/** Files that stay in memory, for the next run whose picks lie in them. */
const kept = 2;

/** Reads files of picks; the last ones stay in memory, as one file may hold the picks of many runs. */
export class PicksReader {
  readonly #read = new Map<string, ReadonlyMap<string, PositionSet[]>>();

  /** Returns a file's positions by run. @throws PickbenchError BadDataset where it is broken */
  async read(file: PicksFile): Promise<ReadonlyMap<string, PositionSet[]>> {
    const key = `${file.source.name} ${pathOf(file)}`;
    const known = this.#read.get(key);
    if (known) return known;
    const found = await setsByRun(file);
    this.#read.set(key, found);
    for (const old of [...this.#read.keys()].slice(0, -kept)) this.#read.delete(old);
    return found;
  }
}

async function setsByRun(file: PicksFile): Promise<Map<string, PositionSet[]>> {
  const { folder, name, source } = file;
  const read =
    folder === undefined ? await readPositionsFile(name, {}) : await readPositionsIn(folder, name, {});
  const sets = (read?.sets ?? []).filter((set) => isOf(set, source));
  const names = runNames(sets.flatMap(({ run }) => run ?? []));
  const byRun = new Map<string, PositionSet[]>();
  for (const set of sets) {
    if (set.run === undefined)
      throw new PickbenchError(
        "BadDataset",
        `${pathOf(file)} names no run of its ${set.positions.length} positions; put it into a folder as RUN_coords or ExperimentRuns/RUN/Picks, or write its run into it with pickbench convert --run`,
        { path: pathOf(file) },
      );
    const run = names.of(set.run);
    const type = basename(name).replace(/\.[^.]*$/, "");
    const typed = set.positions.some((position) => position.type === undefined)
      ? { ...set, positions: set.positions.map((position) => ({ type, ...position })) }
      : set;
    byRun.set(run, [...(byRun.get(run) ?? []), typed]);
  }
  return byRun;
}

const isOf = ({ author }: PositionSet, { author: asked }: PickSource): boolean =>
  (asked.userId === undefined || author?.userId === asked.userId) &&
  (asked.sessionId === undefined || author?.sessionId === asked.sessionId);
