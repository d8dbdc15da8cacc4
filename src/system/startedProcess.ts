/**
 * Processes that ask whoever started them before they do anything. Where that process was killed meanwhile, nobody answers, and
 * they end: so none works of which nothing is noted.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, readSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import { type Owner, processFacts, thisProcess } from "./owner.js";

/** Descriptor by which a process asks, and byte of the question and the answer. */
const asking = 3;
const word = Buffer.from("?");

/** How a process is started, as by `spawn`. */
export interface Start {
  /** What it reads, prints and says: its descriptors 0 to 2. */
  readonly stdio: readonly ["ignore", number, number];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it leads a group of its own. */
  readonly detached: boolean;
}

/**
 * Starts a process of node that is to call `mayGoOn`.
 *
 * @param note called with it once it asks; it goes on when that has ended, and is ended where that fails
 */
export function startAsking(
  args: readonly string[],
  start: Start,
  note: (owner: Owner) => Promise<unknown>,
): ChildProcess {
  const stdio: StdioOptions = [...start.stdio, "pipe"];
  const child = spawn(process.execPath, args, { ...start, stdio });
  const socket = child.stdio[asking] as Socket | undefined;
  socket?.on("error", () => undefined);
  socket?.once("data", () => {
    const { pid } = child;
    const owner = { ...thisProcess(), pid: pid!, started: processFacts(pid!)?.started ?? 0 };
    note(owner).then(
      () => socket.end(word),
      (error: unknown) => {
        child.kill("SIGKILL");
        child.emit("error", error);
      },
    );
  });
  return child;
}

/**
 * Asks the process that started this one by `startAsking`, and waits for its answer.
 *
 * @returns false where it is gone: nothing may be done then
 */
export function mayGoOn(): boolean {
  try {
    writeSync(asking, word);
    return readSync(asking, Buffer.alloc(word.length)) > 0;
  } catch {
    return false;
  } finally {
    closeSync(asking);
  }
}
