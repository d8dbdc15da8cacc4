import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { messageOf, PickbenchError } from "../errors.js";

/** Where a run's files stand. */
export interface RunFolder {
  readonly path: string;
  readonly record: string;
  readonly log: string;
  readonly last: string;
  readonly best: string;
  readonly submission: string;
  readonly report: string;
}

export function runFolder(path: string): RunFolder {
  const file = (name: string) => join(path, name);
  return {
    path,
    record: file("record.json"),
    log: file("log.jsonl"),
    last: file("last.safetensors"),
    best: file("best.safetensors"),
    submission: file("submission.csv"),
    report: file("report.json"),
  };
}

/**
 * Makes the folder this process's own while `work` runs, so that two runs at once cannot write into one another.
 * A folder that `work` left nothing in is taken away again.
 */
export async function withRunFolder<T>(folder: RunFolder, work: () => Promise<T>): Promise<T> {
  const lock = join(folder.path, "run.lock");
  const made = await makeFolder(folder.path);
  await takeLock(lock, folder.path);
  try {
    await removeTemporaries(folder);
    return await work();
  } finally {
    await rm(lock, { force: true });
    if (made !== undefined) await removeEmpty(folder.path, made);
  }
}

/** The first folder that had to be made on the way; undefined where all stood. */
async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true });
  } catch (error) {
    throw new PickbenchError(
      "BadUsage",
      `${path}: the folder cannot be made (${messageOf(error)}); choose another --out`,
      { cause: error },
    );
  }
}

/** Removes empty folders from `path` up to `highest`. */
async function removeEmpty(path: string, highest: string): Promise<void> {
  const last = resolve(highest);
  for (let at = resolve(path); at.startsWith(last); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/** What a run killed in the middle of writing leaves beside the file that it was to replace. */
async function removeTemporaries(folder: RunFolder): Promise<void> {
  for (const name of await readdir(folder.path))
    if (/^(record\.json|log\.jsonl|(last|best)\.safetensors|submission\.csv|report\.json)\.\d+$/.test(name))
      await rm(join(folder.path, name), { force: true });
}

/** The lock appears with its owner's number inside, so that nobody reads it half-written. */
async function takeLock(lock: string, path: string): Promise<void> {
  const own = `${lock}.${process.pid}.${randomBytes(3).toString("hex")}`;
  try {
    await writeFile(own, String(process.pid));
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await linked(own, lock)) return;
      const owner = Number(await readFile(lock, "utf8").catch(() => ""));
      if (isAlive(owner))
        throw new PickbenchError(
          "BadUsage",
          `${path}: process ${owner} is running there; wait for it, choose another --out, or remove run.lock if that process is no pickbench`,
        );
      await rm(lock, { force: true });
    }
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw new PickbenchError(
      "BadUsage",
      `${path}: cannot be written (${messageOf(error)}); choose another --out`,
      { cause: error },
    );
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  throw new PickbenchError(
    "BadUsage",
    `${path}: its lock run.lock cannot be taken; remove it if no run is using the folder`,
  );
}

async function linked(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether a run was begun here. */
export const isBegun = (folder: RunFolder): boolean => existsSync(folder.record) || existsSync(folder.last);
