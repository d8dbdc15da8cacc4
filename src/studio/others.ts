/** Other studios of the same files on this machine. */
import { createHash } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { holderHere, withLock } from "../system/lock.js";
import { cacheFolder } from "../system/paths/cacheFolder.js";
import type { Opened } from "./opened.js";

/**
 * Does work while this studio can be seen by others, after telling of one that shows the same already: both may look, and
 * annotations of one user and session are kept apart by a lock of their own. Where no note of it can be left, the work is done
 * all the same.
 */
export async function besideOthers<Result>(opened: Opened, work: () => Promise<Result>): Promise<Result> {
  const lock = await lockOf(opened);
  if (lock === undefined) return work();
  const other = holderHere(lock);
  if (other === undefined) return withLock(lock, opened.title, work);
  opened.reporter.note(
    `another studio shows ${opened.title} already, process ${other.pid}; this one has an address of its own`,
  );
  return work();
}

/** Returns the place of a note by what is shown; undefined where none can be left. */
async function lockOf({ dataset, surveys, runFolders, maps, picks }: Opened): Promise<string | undefined> {
  const shown = [dataset?.root, ...surveys, ...runFolders, ...maps, ...picks].find(
    (path) => path !== undefined,
  );
  if (shown === undefined) return undefined;
  const real = await realpath(shown).catch(() => shown);
  const folder = join(cacheFolder(), "studios");
  const isMade = await mkdir(folder, { recursive: true }).then(
    () => true,
    () => false,
  );
  const name = createHash("sha256").update(real).digest("hex").slice(0, 16);
  return isMade ? join(folder, `${name}.lock`) : undefined;
}
