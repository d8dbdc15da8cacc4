/** Scratch folders of the bench, removed at the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PickbenchError } from "../system/errors.js";
import type { Reporter } from "../system/reporter.js";

/**
 * Calls `use` with an empty folder, which is removed afterwards, also when the user ends the process.
 *
 * @param bytes greatest size of the files in the folder
 * @throws PickbenchError BadUsage where the disk has less room
 */
export async function withScratchFolder<T>(
  reporter: Reporter,
  use: (folder: string) => Promise<T>,
  bytes = 0,
): Promise<T> {
  await checkRoom(bytes);
  let folder: string | undefined;
  const remove = () => folder && rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  const forget = reporter.onEnd(remove);
  try {
    folder = mkdtempSync(join(tmpdir(), "pickbench-bench-"));
    return await use(folder);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? await noRoom(bytes, error) : error;
  } finally {
    remove();
    forget();
  }
}

async function checkRoom(bytes: number): Promise<void> {
  if ((await freeBytes()) < bytes) throw await noRoom(bytes);
}

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize;
}

async function noRoom(bytes: number, cause?: unknown): Promise<PickbenchError> {
  const megabytes = (count: number) => `${Math.ceil(count / 1e6).toLocaleString("en")} MB`;
  return new PickbenchError(
    "BadUsage",
    `${tmpdir()} has ${megabytes(await freeBytes())} free, wanted ${bytes > 0 ? megabytes(bytes) : "more"} for scratch files; make room, or name another folder in the environment variable TMPDIR`,
    { path: tmpdir(), cause },
  );
}
