/** Groups of processes: what a process started and left running when it was killed. */
import { readdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { isRunning, type Owner, processFacts, thisProcess } from "./owner.js";

/**
 * Tells whether any process of a group still runs on this machine.
 *
 * @param leader the process that the group is named after, which may be gone
 */
export function groupRuns(leader: Owner): boolean {
  if (leader.machine !== thisProcess().machine) return false;
  if (isRunning(leader) === true) return true;
  const known = members(leader);
  if (known !== undefined) return known > 0;
  return signalled(leader.pid, 0) !== "none";
}

/**
 * Asks all processes of a group to end by SIGTERM, and after a grace in ms ends those that still run. Processes that this user
 * may not end are left.
 */
export async function endGroup(leader: Owner, grace: number): Promise<void> {
  const until = performance.now() + grace;
  for (let first = true; groupRuns(leader); first = false) {
    const signal = first ? "SIGTERM" : "SIGKILL";
    if ((first || performance.now() > until) && signalled(leader.pid, signal) === "refused") return;
    await wait(betweenLooks);
  }
}

/** Waits until a process that is no child of this one is gone, and asks it to stop where the signal says so. */
export async function goneByItself(owner: Owner, signal: AbortSignal): Promise<void> {
  const stop = () => askToStop(owner.pid);
  if (signal.aborted && isRunning(owner) === true) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (isRunning(owner) === true) await wait(betweenStrangers);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Asks a process to stop where it can go on later. */
export function askToStop(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}

/** Times in ms between two looks at a group that is ended, and at a process that goes on. */
const betweenLooks = 50;
const betweenStrangers = 200;

/** Sends a signal to the processes of a group. @returns whether there was none, or none that this user may send it to */
function signalled(group: number, signal: NodeJS.Signals | 0): "sent" | "refused" | "none" {
  if (!Number.isSafeInteger(group) || group <= 1) return "none";
  try {
    process.kill(-group, signal);
    return "sent";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "refused" : "none";
  }
}

/**
 * Counts the processes that run in a group; undefined where the system does not say. None where its leader's number is
 * another process's by now: a number is given again once no process is left in the group.
 */
function members({ pid, started }: Owner): number | undefined {
  if (started === 0) return undefined;
  const leader = processFacts(pid);
  if (leader !== undefined && leader.started !== started) return 0;
  let count = 0;
  for (const name of readdirSync("/proc")) {
    const facts = /^\d+$/.test(name) ? processFacts(Number(name)) : undefined;
    if (facts?.group === pid && facts.isAlive && facts.started >= started) count++;
  }
  return count;
}
