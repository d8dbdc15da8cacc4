/** Reading of position files, one or all of a folder, with run names from paths. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { isSidecar } from "../../system/paths/sidecar.js";
import { runNames, runOfPath } from "../runNames.js";
import { positionFormats } from "./catalogue.js";
import type { PositionFormat } from "./format.js";
import type { FrameName, PositionSet } from "./frames.js";
import { type PositionsFile, readPositionsFile } from "./readPositions.js";

/** Limit of files in a folder, above that of any data set. */
const mostFiles = 100_000;
const extensions = new Set(positionFormats.flatMap((format) => format.extensions));

/**
 * Reads a file of positions, or all files of a folder and its subfolders. In a folder, a run that a file does not name is
 * named by copick's or the portal's path, else by the user, else by the file.
 *
 * @returns the files, and a note on those left out
 * @throws PickbenchError BadDataset where nothing can be read, or a file of a known format is broken
 */
export async function readPositionFiles(
  path: string,
  asked: { readonly format?: PositionFormat; readonly frame?: FrameName; readonly run?: string },
): Promise<{ files: PositionsFile[]; notes: string[] }> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!isFolder) return withRunNames([await readPositionsFile(path, asked)], []);
  const files: PositionsFile[] = [];
  const left: string[] = [];
  for (const name of await positionFilesIn(path)) {
    const file = await readPositionsIn(path, name, asked);
    if (file) files.push(file);
    else left.push(name);
  }
  if (files.length === 0)
    throw new PickbenchError(
      "BadDataset",
      `${path} holds no file of positions; name another folder or a file`,
      { path },
    );
  const shown = `${left.slice(0, 5).join(", ")}${left.length > 5 ? ", …" : ""}`;
  return withRunNames(
    files,
    left.length === 0 ? [] : [`left out, as they hold no positions: ${shown} (${left.length} in all)`],
  );
}

/** Names the runs of all files by one rule. */
export function withRunNames(
  files: readonly PositionsFile[],
  notes: readonly string[],
): { files: PositionsFile[]; notes: string[] } {
  const names = runNames(files.flatMap(({ sets }) => sets.flatMap(({ run }) => run ?? [])));
  return {
    files: files.map((file) => ({
      ...file,
      sets: file.sets.map((set) => (set.run === undefined ? set : { ...set, run: names.of(set.run) })),
    })),
    notes: [...notes, ...names.notes],
  };
}

/** Lists files that may hold positions, sorted, by their paths below `path`; links are not followed. */
export async function positionFilesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const names = entries
    .filter(
      (entry) =>
        entry.isFile() &&
        !entry.name.startsWith(".") &&
        !isSidecar(entry.name) &&
        extensions.has(extname(entry.name).toLowerCase()),
    )
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
  if (names.length <= mostFiles) return names;
  throw new PickbenchError(
    "BadDataset",
    `${path} holds ${names.length} files, wanted at most ${mostFiles}; name a smaller folder`,
    { path },
  );
}

/**
 * Reads a file of a folder, `name` its path below it; undefined for a file of no known format.
 *
 * @throws PickbenchError BadDataset for a broken file of a known format
 */
export async function readPositionsIn(
  folder: string,
  name: string,
  asked: { readonly format?: PositionFormat; readonly frame?: FrameName; readonly run?: string },
): Promise<PositionsFile | undefined> {
  const file = await readIfPositions(join(folder, name), asked);
  return file && withRun(file, name, asked.run !== undefined);
}

/** Reads a file of positions; undefined for a file of no known format. A broken file of a known format is an error. */
async function readIfPositions(
  path: string,
  asked: { readonly format?: PositionFormat; readonly frame?: FrameName },
): Promise<PositionsFile | undefined> {
  try {
    return await readPositionsFile(path, asked);
  } catch (error) {
    if (isPickbenchError(error, "BadDataset") && error.message.includes("(--from-format)")) return undefined;
    throw error;
  }
}

function withRun(file: PositionsFile, name: string, isNamed: boolean): PositionsFile {
  const run = runOfPath(dirname(name))?.run ?? (isNamed ? undefined : runOfName(name, file.format));
  if (run === undefined) return file;
  const sets = file.sets.map((set): PositionSet => (set.run === undefined ? { ...set, run } : set));
  return { ...file, sets };
}

/** Returns the run in a file's name: crYOLO, Ais and others name files by tomogram, copick and the portal by particle. */
function runOfName(name: string, { name: format }: PositionFormat): string | undefined {
  if (format === "copick" || format === "portal") return undefined;
  const file = basename(name);
  return file.slice(0, file.length - extname(file).length).replace(/(?:__.*)?_coords$/, "");
}
