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
  return signalled(leader.pid, 0);
}

/** Asks all processes of a group to end by SIGTERM, and after a grace in ms ends those that still run. */
export async function endGroup(leader: Owner, grace: number): Promise<void> {
  const until = performance.now() + grace;
  for (let first = true; groupRuns(leader); first = false) {
    if (first || performance.now() > until) signalled(leader.pid, first ? "SIGTERM" : "SIGKILL");
    await wait(betweenLooks);
  }
}

const betweenLooks = 50;

/** Sends a signal to a process and those of its group. @returns whether there was any */
function signalled(group: number, signal: NodeJS.Signals | 0): boolean {
  if (!Number.isSafeInteger(group) || group <= 1) return false;
  try {
    return process.kill(-group, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
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
