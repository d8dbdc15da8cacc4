/**
 * Files and folders that are written beside their place and renamed into it, so that whoever looks sees the old or the
 * new one whole; and what killed processes left of this, which the next start puts back or removes.
 */
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { chmod, lstat, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { undoAtEnd } from "../ending.js";
import { isRunning, type Owner, thisProcess } from "../owner.js";
import { naming } from "../systemErrors.js";
import { refuseSpecial } from "./opening.js";

/** A file or folder that is not yet in its place. */
export interface Unfinished {
  /** Where it is written; nothing stands there. */
  readonly partial: string;
  /** Renames it into its place; an earlier file or folder there is replaced. */
  finish(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
}

/**
 * Begins to write a file or folder beside its place. Makes the folder around it, and settles what killed processes left
 * there. A link is followed where it leads to a file.
 *
 * @param folder another one on the same disk, where it is written
 * @throws PickbenchError System where the system refuses it, or where a pipe, socket or device stands there
 */
export async function beside(path: string, folder = dirname(path)): Promise<Unfinished> {
  const place = await naming(path, async () => {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined) await refuseSpecial(path);
    for (const each of new Set([dirname(path), folder])) {
      await makeFolders(each);
      await settle(each);
    }
    return there?.isSymbolicLink() ? linkedFile(path) : path;
  });
  const partial = nameBeside(folder === dirname(path) ? place : join(folder, basename(path)), "partial");
  const forget = undoAtEnd(() => rmSync(partial, { recursive: true, force: true }));
  return {
    partial,
    async finish() {
      await naming(path, () => putInPlace(partial, place));
      forget();
    },
    async discard() {
      await rm(partial, { recursive: true, force: true }).catch(() => undefined);
      forget();
    },
  };
}

/**
 * Writes a file or folder by `fill`, whole or not at all.
 *
 * @throws PickbenchError System naming `path` where the system refuses it
 */
export async function replaced(path: string, fill: (partial: string) => Promise<void>): Promise<void> {
  const unfinished = await beside(path);
  try {
    await naming(path, () => fill(unfinished.partial));
    await unfinished.finish();
  } catch (error) {
    await unfinished.discard();
    throw error;
  }
}

/**
 * Makes a folder and those around it. Node's own way of that never returns below a folder that takes none, as /proc.
 *
 * @returns the highest folder that had to be made; undefined where all existed
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  return makeMissing(resolve(path));
}

function makeMissing(folder: string): string | undefined {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  try {
    mkdirSync(folder);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      checkMade(folder, error as NodeJS.ErrnoException);
      return undefined;
    }
  }
  const highest = makeMissing(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    checkMade(folder, error as NodeJS.ErrnoException);
  }
  return highest ?? folder;
}

/** @throws the error by which a folder was not made, unless another process has made it since */
function checkMade(folder: string, error: NodeJS.ErrnoException): void {
  const isAnothers = error.code === "EEXIST" || error.code === "EISDIR";
  if (!isAnothers || !statSync(folder).isDirectory()) throw error;
}

/** The file that a link leads to; the path itself where it leads to none. */
async function linkedFile(path: string): Promise<string> {
  try {
    const target = await realpath(path);
    return (await stat(target)).isFile() ? target : path;
  } catch {
    return path;
  }
}

/** What stands beside a place: one that is written, an old one that waits for it, an old one that is removed. */
type Role = "partial" | "partial-old" | "partial-gone";

/** Most bytes that names beside a place have more than its own: numbers of processes and their ticks have few digits. */
export const mostBytesBeside =
  ".partial-gone-".length + "4194304-".length + "999999999999-".length + 8 + 1 + 6;

function nameBeside(place: string, role: Role): string {
  const { pid, started, machine } = thisProcess();
  return `${place}.${role}-${pid}-${started}-${machine}-${randomBytes(3).toString("hex")}`;
}

/** Puts what is finished in its place. An old folder is renamed aside first, and back where the new one cannot follow. */
async function putInPlace(partial: string, place: string): Promise<void> {
  const there = lstatSync(place, { throwIfNoEntry: false });
  if (there === undefined || !(there.isDirectory() || (await stat(partial)).isDirectory())) {
    if (there?.isFile()) await chmod(partial, there.mode);
    renameSync(partial, place);
    return;
  }
  const [old, gone] = [nameBeside(place, "partial-old"), nameBeside(place, "partial-gone")];
  const putBack = (): void => {
    if (!existsSync(place)) renameSync(old, place);
  };
  await rename(place, old);
  const forget = undoAtEnd(putBack);
  try {
    await rename(partial, place);
  } catch (error) {
    putBack();
    throw error;
  } finally {
    forget();
  }
  await rename(old, gone);
  await rm(gone, { recursive: true, force: true });
}

const folders = new Map<string, Promise<void>>();

/**
 * Puts back or removes what killed processes of this machine left beside their places in a folder, once in the life of
 * this process. What cannot be seen or removed is left to whoever writes there.
 */
export function settle(folder: string): Promise<void> {
  const path = resolve(folder);
  const begun = folders.get(path) ?? settleOnce(path);
  folders.set(path, begun);
  return begun;
}

const leftBehind = /^(.+)\.(partial|partial-old|partial-gone)-(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{6}$/;

/** What another machine left is removed after a week: whether its process still runs is unknown. */
const longestForeign = 7 * 24 * 3600 * 1000;

async function settleOnce(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, place, role, pid, started, machine] = leftBehind.exec(name) ?? [];
    if (place === undefined) continue;
    const owner = { pid: Number(pid), started: Number(started), machine: machine! };
    await settleOne(join(folder, name), join(folder, place), role as Role, owner).catch(() => undefined);
  }
}

async function settleOne(left: string, place: string, role: Role, owner: Owner): Promise<void> {
  const running = isRunning(owner);
  if (running === true) return;
  if (running === "elsewhere" && Date.now() - (await lstat(left)).ctimeMs < longestForeign) return;
  if (role === "partial-old" && !existsSync(place)) await rename(left, place);
  else await rm(left, { recursive: true, force: true });
}

/** Whether something stands at a path, once an old folder that a killed process renamed aside is put back. */
export async function isThere(path: string): Promise<boolean> {
  const stands = (): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (await stands()) return true;
  await settle(dirname(path));
  return stands();
}
