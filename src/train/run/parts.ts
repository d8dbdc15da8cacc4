/** Parts of an unfinished file: a folder beside it, for one process at a time. */
import { join } from "node:path";
import { canonicalJson, hashOf } from "../../system/files.js";
import { withPartLock, withWholeLock } from "../../system/lock.js";
import { makeFolder, removeEmpty } from "./runFolder.js";

/** Returns the folder for the parts of a file. */
export const partsFolder = (out: string): string => `${out}.parts`;

/** Names the part of a work that is some runs: the same for the same runs. */
export const partName = (runs: readonly string[]): string => hashOf(canonicalJson(runs)).slice(0, 16);

/**
 * Reserves the folder of a file's parts for this process while `work` runs; it is removed once empty.
 *
 * @param lock name of the lock's file in it
 * @param part what of the file is made, while other processes make other parts; undefined for all
 * @throws PickbenchError BadUsage where another process makes that file
 */
export async function withParts<T>(
  out: string,
  lock: string,
  part: string | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = partsFolder(out);
  if (part !== undefined) {
    await makeFolder(folder);
    return withPartLock(join(folder, lock), part, out, () => work(folder));
  }
  const made = await makeFolder(folder);
  try {
    return await withWholeLock(join(folder, lock), out, () => work(folder));
  } finally {
    await removeEmpty(folder, made ?? folder);
  }
}
