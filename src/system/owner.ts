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

/** What the kernel says of a process (proc(5), counted behind its name). */
interface ProcessFacts {
  /** False of one that has ended and that nobody has asked after: a zombie. */
  readonly isAlive: boolean;
  /** Number of its group. */
  readonly group: number;
  /** When it started, as in `Owner`. */
  readonly started: number;
}

/** Returns what the kernel says of a process; undefined where it says nothing. */
export function processFacts(pid: number | "self"): ProcessFacts | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return {
      isAlive: !["Z", "X"].includes(fields[0]!),
      group: Number(fields[2]) || 0,
      started: Number(fields[19]) || 0,
    };
  } catch {
    return undefined;
  }
}

const taskVariable = "PICKBENCH_QUEUE_TASK";

/**
 * Says that this process, with those that it starts, does a task of a queue, which is done once at a time: what an earlier
 * attempt at the same task held on a machine that was lost is void.
 */
export function workOn(task: string): void {
  process.env[taskVariable] = task;
}

/** Returns the queue's task that this process does, or that it was started for; undefined where it does none. */
export const taskAtHand = (): string | undefined => process.env[taskVariable];

let own: Owner | undefined;

/** Returns this process as an owner. */
export function thisProcess(): Owner {
  own ??= { pid: process.pid, started: processFacts("self")?.started ?? 0, machine: machineHash() };
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
  const now = processFacts(pid);
  if (now === undefined) return true;
  return now.isAlive && (started === 0 || now.started === 0 || now.started === started);
}
