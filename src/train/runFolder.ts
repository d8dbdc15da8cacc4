import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
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

/** Makes the folder this process's own while `work` runs, so that two runs at once cannot write into one another. */
export async function withRunFolder<T>(folder: RunFolder, work: () => Promise<T>): Promise<T> {
  const lock = join(folder.path, "run.lock");
  try {
    await mkdir(folder.path, { recursive: true });
  } catch (error) {
    throw new PickbenchError(
      "BadUsage",
      `${folder.path}: the folder cannot be made (${messageOf(error)}); choose another --out`,
      { cause: error },
    );
  }
  await takeLock(lock, folder.path);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(lock, "wx");
      await handle.writeFile(String(process.pid));
      return await handle.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST")
        throw new PickbenchError(
          "BadUsage",
          `${path}: cannot be written (${messageOf(error)}); choose another --out`,
          { cause: error },
        );
      const owner = Number(await readFile(lock, "utf8").catch(() => ""));
      if (isAlive(owner))
        throw new PickbenchError(
          "BadUsage",
          `${path}: process ${owner} is running there; wait for it or choose another --out`,
        );
      await rm(lock, { force: true });
    }
  }
  throw new PickbenchError(
    "BadUsage",
    `${path}: its lock run.lock cannot be taken; remove it if no run is using the folder`,
  );
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
