/** Who holds a lock or writes a file, so that another process can tell whether it still runs. */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, told apart from a later one with the same number and from those of other machines. */
export interface Owner {
  readonly pid: number;
  /** When it started, in the kernel's ticks since the machine did; 0 where the system does not say. */
  readonly started: number;
  /** Hash of the machine's name and its space of process numbers: containers count apart. */
  readonly machine: string;
}

function machineHash(): string {
  let space = "";
  try {
    space = readlinkSync("/proc/self/ns/pid");
  } catch {
    // Only Linux has such spaces.
  }
  return createHash("sha256").update(`${hostname()} ${space}`).digest("hex").slice(0, 8);
}

/** When a process started (proc(5): the 22nd field of its stat, counted behind its name); 0 where unknown. */
function startOf(pid: number | "self"): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]) || 0;
  } catch {
    return 0;
  }
}

let ownTask: string | undefined;

/**
 * Says that this process does a task of a queue, which one process does at a time: what an earlier one of the same task held
 * on a machine that was lost is void.
 */
export function workOn(task: string): void {
  ownTask = task;
}

/** Returns the queue's task that this process does; undefined where it does none. */
export const taskAtHand = (): string | undefined => ownTask;

let own: Owner | undefined;

/** Returns this process as an owner. */
export function thisProcess(): Owner {
  own ??= { pid: process.pid, started: startOf("self"), machine: machineHash() };
  return own;
}

/**
 * Tells whether an owner still runs; "elsewhere" where its machine, or its container, is another one, whose processes
 * cannot be seen from here.
 */
export function isRunning({ pid, started, machine }: Owner): boolean | "elsewhere" {
  if (machine !== thisProcess().machine) return "elsewhere";
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startOf(pid);
  return started === 0 || now === 0 || now === started;
}
