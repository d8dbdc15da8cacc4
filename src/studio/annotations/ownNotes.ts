/** What a studio leaves for its next start: in the user's own cache, since others may write into a data set. */
import { constants, type Stats } from "node:fs";
import { lstat, mkdir, open, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../system/paths/cacheFolder.js";
import { makeFolders, replaced } from "../../system/paths/replacing.js";
import { type Annotator, sessionHash } from "./places.js";

/** Returns the place of a note about a session. */
export async function notePath(annotator: Annotator, name: string): Promise<string> {
  const file = `${await sessionHash(annotator)}.${name}.json`;
  return join(cacheFolder(), `studio-${process.getuid?.() ?? "own"}`, file);
}

/** Reads a note; undefined where there is none, or where anyone else could have written it. */
export async function readNote(path: string): Promise<string | undefined> {
  if (!(await isOwnFolder(dirname(path)))) return undefined;
  const file = await open(path, reading).catch(() => undefined);
  try {
    const stats = await file?.stat();
    return stats?.isFile() && isOwn(stats) ? await file?.readFile("utf8") : undefined;
  } finally {
    await file?.close();
  }
}

/** Leaves a note, for this user alone. Where none can be left, the studio goes on all the same. */
export async function writeNote(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const isMade = await makeFolders(dirname(folder))
    .then(() => mkdir(folder, { recursive: true, mode: 0o700 }))
    .then(
      () => isOwnFolder(folder),
      () => false,
    );
  if (!isMade) return;
  const write = (partial: string) => writeFile(partial, text, { mode: 0o600, flag: "wx" });
  await replaced(path, write).catch(() => undefined);
}

export const removeNote = (path: string): Promise<void> => rm(path, { force: true }).catch(() => undefined);

/** Neither a link nor a pipe is read. */
const reading = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const isOwnFolder = (folder: string): Promise<boolean> =>
  lstat(folder).then(
    (stats) => stats.isDirectory() && isOwn(stats),
    () => false,
  );

/** Whether this user has a file or folder, and nobody else may write it; true where the system does not say. */
function isOwn({ uid, mode }: Stats): boolean {
  const own = process.getuid?.();
  return own === undefined || (uid === own && (mode & 0o022) === 0);
}
