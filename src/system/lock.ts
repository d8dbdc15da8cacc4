/** Lock files. */
import { randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { messageOf, PickbenchError } from "./errors.js";

/**
 * Holds a lock file while `work` runs, so that two simultaneous processes cannot write into one another. A lock whose
 * process is gone is taken over.
 *
 * @param lock path of the file, in an existing folder
 * @param out what is locked, as the user knows it
 * @throws PickbenchError BadUsage where another process holds the lock, or where it cannot be written
 */
export async function withLock<T>(lock: string, out: string, work: () => Promise<T>): Promise<T> {
  await takeLock(lock, out);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Takes the lock, which appears with its owner's process number inside, so that it is never read half-written. */
async function takeLock(lock: string, out: string): Promise<void> {
  const own = `${lock}.${process.pid}.${randomBytes(3).toString("hex")}`;
  try {
    await writeFile(own, String(process.pid));
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await linked(own, lock)) return;
      const owner = Number(await readFile(lock, "utf8").catch(() => ""));
      if (isAlive(owner))
        throw new PickbenchError(
          "BadUsage",
          `${out}: process ${owner} is running there; wait for it, choose another --out, or remove ${lock} if that process is no pickbench`,
        );
      await rm(lock, { force: true });
    }
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw new PickbenchError(
      "BadUsage",
      `${out}: cannot be written (${messageOf(error)}); choose another --out`,
      { cause: error },
    );
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  throw new PickbenchError(
    "BadUsage",
    `${out}: its lock ${lock} cannot be taken; remove it if no process is using it`,
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
