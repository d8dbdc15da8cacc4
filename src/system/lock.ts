/** Lock files. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { link, lstat, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { undoAtEnd } from "./ending.js";
import { messageOf, PickbenchError } from "./errors.js";
import { isRunning, type Owner, taskAtHand, thisProcess } from "./owner.js";
import { readBytesSync, readText } from "./paths/opening.js";

/** What a lock's file says: one line of JSON. */
interface Holder extends Owner {
  /** Name of the machine, for people. */
  readonly host: string;
  /** Different for every lock that was ever taken. */
  readonly id: string;
  /** The queue's task that holds it. */
  readonly task?: string;
}

/**
 * Holds a lock file while `work` runs, so that two simultaneous processes cannot write into one another. A lock whose
 * process is gone is taken over; of several that try, one succeeds.
 *
 * @param lock path of the file, in an existing folder
 * @param out what is locked, as the user knows it
 * @throws PickbenchError BadUsage where another process holds the lock, or where it cannot be written
 */
export async function withLock<T>(lock: string, out: string, work: () => Promise<T>): Promise<T> {
  const task = taskAtHand();
  const id = randomBytes(8).toString("hex");
  const own: Holder = { ...thisProcess(), host: hostname(), id, ...(task !== undefined && { task }) };
  held.add(own.id);
  await takeLock(lock, out, own).catch((error: unknown) => {
    held.delete(own.id);
    throw error;
  });
  const release = (): void => {
    if (holderIn(textNow(lock)).id === own.id) rmSync(lock, { force: true });
  };
  const forget = undoAtEnd(release);
  try {
    return await work();
  } finally {
    forget();
    held.delete(own.id);
    release();
  }
}

/**
 * Holds a part of what a lock covers: several parts at once, but none while the whole is held.
 *
 * @param part letters, digits and dashes
 * @throws PickbenchError BadUsage where another process holds the whole or this part
 */
export const withPartLock = <T>(
  lock: string,
  part: string,
  out: string,
  work: () => Promise<T>,
): Promise<T> =>
  withLock(`${lock}${partMark}${part}`, out, async () => {
    refuseHeld(holderIn(textNow(lock)), lock, out);
    return work();
  });

/** Holds a lock as `withLock`, while nobody holds a part of it. @throws PickbenchError BadUsage where somebody does */
export const withWholeLock = <T>(lock: string, out: string, work: () => Promise<T>): Promise<T> =>
  withLock(lock, out, async () => {
    const parts = `${basename(lock)}${partMark}`;
    for (const name of await readdir(dirname(lock)))
      if (name.startsWith(parts) && !/\.(?:own|after)-/.test(name)) {
        const path = join(dirname(lock), name);
        refuseHeld(holderIn(textNow(path)), path, out);
      }
    return work();
  });

const partMark = ".part-";

/** Returns the process that holds a lock and runs on this machine; undefined where none does. */
export function holderHere(lock: string): Owner | undefined {
  const { pid, started, machine } = holderIn(textNow(lock));
  if (pid === undefined || started === undefined || machine === undefined) return undefined;
  return isRunning({ pid, started, machine }) === true ? { pid, started, machine } : undefined;
}

/** Tells whether a process holds a lock; "elsewhere" where that is of a machine whose processes cannot be seen from here. */
export function isHeld(lock: string): boolean | "elsewhere" {
  const { pid, started = 0, machine = thisProcess().machine } = holderIn(textNow(lock));
  return pid === undefined ? false : isRunning({ pid, started, machine });
}

/** Ids of the locks that this process holds or takes. */
const held = new Set<string>();

async function takeLock(lock: string, out: string, own: Holder): Promise<void> {
  try {
    await take(lock, lock, out, own);
    await removeVoidGuards(lock);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw new PickbenchError(
      "BadUsage",
      `${out}: cannot be written (${messageOf(error)}); choose another --out`,
      { path: out, cause: error },
    );
  }
}

/**
 * Puts this process's file under a name that nobody holds. A stale file is replaced by whoever holds its guard, a lock
 * named after the stale one's id: ids never come twice, so that one process can win a guard, and one that wins it too
 * late finds the file changed.
 *
 * @param lock the lock that people know; `place` is it or a guard
 */
async function take(place: string, lock: string, out: string, own: Holder): Promise<void> {
  const file = `${lock}.own-${own.pid}-${randomBytes(4).toString("hex")}`;
  try {
    for (;;) {
      await writeFile(file, JSON.stringify(own));
      if (await linked(file, place)) return;
      const holder = holderIn(await textOf(place, out));
      if (holder.id === absent) continue;
      refuseHeld(holder, lock, out);
      const guard = `${lock}.after-${holder.id}`;
      await take(guard, lock, out, own);
      try {
        if (holderIn(await textOf(place, out)).id !== holder.id) continue;
        await rename(file, place);
        return;
      } finally {
        await rm(guard, { force: true });
      }
    }
  } finally {
    await rm(file, { force: true });
  }
}

const absent = "absent";

/**
 * Reads a lock's file; `absent` in place of one that was removed meanwhile.
 *
 * @throws PickbenchError BadUsage for what no process holds and no process takes over: a pipe, a device, a folder, a link that
 * leads nowhere, or a file that may not be read
 */
async function textOf(place: string, out: string): Promise<string> {
  try {
    return await readText(place);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    const isLink = isGone && (await lstat(place).catch(() => undefined))?.isSymbolicLink() === true;
    if (isGone && !isLink) return absent;
    const why = isLink ? "it is a link that leads nowhere" : messageOf(error);
    throw new PickbenchError(
      "BadUsage",
      `${out}: its lock ${place} cannot be read (${why}); remove it, or choose another --out`,
      { path: place, cause: error },
    );
  }
}

/** Reads a lock's text; one of a process number alone, as older versions wrote, is of this machine. */
function holderIn(text: string): Partial<Holder> & { readonly id: string } {
  if (text === absent) return { id: absent };
  try {
    const found = JSON.parse(text) as number | Partial<Holder> | null;
    if (typeof found === "number") return { pid: found, id: `number-${found}` };
    if (typeof found?.id === "string" && /^[0-9a-f]+$/.test(found.id)) return { ...found, id: found.id };
  } catch {
    // A power cut can leave an empty or damaged file, which nobody holds.
  }
  return { id: "nobody" };
}

function textNow(lock: string): string {
  try {
    return readBytesSync(lock).toString("utf8");
  } catch {
    return absent;
  }
}

/** @throws BadUsage where the holder runs, or might */
function refuseHeld(
  { pid, started = 0, machine, host, id, task }: Partial<Holder>,
  lock: string,
  out: string,
): void {
  if (pid === undefined) return;
  const running = isRunning({ pid, started, machine: machine ?? thisProcess().machine });
  if (running === "elsewhere" && (task === undefined || task !== taskAtHand()))
    throw new PickbenchError(
      "BadUsage",
      `${out}: process ${pid} on ${host === hostname() ? "this machine, in another container," : host} has locked it; wait for it, choose another --out, or remove ${lock} if that process has ended`,
      { path: lock },
    );
  if (running === true && (pid !== process.pid || held.has(id ?? "")))
    throw new PickbenchError(
      "BadUsage",
      `${out}: process ${pid} is running there; wait for it, choose another --out, or remove ${lock} if that process is no pickbench`,
      { path: lock },
    );
}

/** On a network's disk the answer of a link that was made can be lost, and its repetition fails: the count of links tells. */
async function linked(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await stat(own)).nlink === 2;
  }
}

/** Removes what killed processes left beside a lock that is held now: guards of stale locks are void. */
async function removeVoidGuards(lock: string): Promise<void> {
  const start = `${basename(lock)}.`;
  for (const name of await readdir(dirname(lock))) {
    if (!name.startsWith(start)) continue;
    const pid = /^own-(\d+)-/.exec(name.slice(start.length))?.[1];
    const isLeft = pid === undefined ? /^after-/.test(name.slice(start.length)) : !isAliveHere(Number(pid));
    if (isLeft) await rm(join(dirname(lock), name), { force: true });
  }
}

const isAliveHere = (pid: number): boolean => isRunning({ ...thisProcess(), pid, started: 0 }) === true;
