/** Tasks as processes: each in a group of its own, which outlives a killed watcher and is found by the next one. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { undoAtEnd } from "../system/ending.js";
import { isRunning, thisProcess } from "../system/owner.js";
import { readEnd } from "../system/paths/opening.js";
import { endOfChild } from "../system/processEnd.js";
import { askToStop, endGroup, goneByItself, groupRuns } from "../system/processGroup.js";
import { busyCode, logOf, readBegun, readDone, readFailed, secondsOf, type Task, writeTask } from "./task.js";

/** How the work on a tomogram ended. */
export type Outcome =
  /** `seconds` is what the attempt that did it took. */
  | { readonly end: "done"; readonly seconds: number }
  | { readonly end: "failed"; readonly reason: string }
  /** It was cut off, by no fault of its own; finished steps stay. */
  | { readonly end: "interrupted"; readonly reason: string }
  /** It goes on without the watcher, and the next one takes its result. */
  | { readonly end: "left" };

/** Does the work on tomograms; a signal asks it to stop where it can go on later. */
export interface Job {
  /** Does the work, unless it is done; waits where a process does it already. */
  readonly start: (task: Task, signal: AbortSignal) => Promise<Outcome>;
  /** Finds what became of work that a killed watcher began, and waits for it where a process still does it. */
  readonly adopt: (task: Task, signal: AbortSignal) => Promise<Outcome>;
  /** Takes back what was begun and only waits for its turn: its outcome is that it was interrupted. */
  readonly takeBack?: () => Promise<void>;
}

/** Time in ms that what a killed task left running has to end by itself. */
export const grace = 20_000;

/**
 * Makes a job that runs a command for each tomogram. What a process of a killed watcher does is waited for; what a killed
 * process left running is ended, before the tomogram is taken again.
 *
 * @param commandOf the command line, which calls `takeTask`
 */
export function processJob(commandOf: (task: Task) => readonly [string, ...string[]]): Job {
  return {
    async start(task, signal) {
      await mkdir(task.out).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
      for (;;) {
        const found = await adopted(task, signal);
        if (found !== undefined) return found;
        const begun = await readBegun(task.out);
        if (begun) await endGroup(begun, grace);
        if (signal.aborted) return cutOff(signal);
        await writeTask(task);
        const wrong = await ended(task, commandOf(task), signal);
        const end = wrong === "busy" ? undefined : await endOf(task);
        if (end?.end === "done") return end;
        if (signal.aborted) return cutOff(signal);
        if (wrong !== "busy") return end ?? { end: "failed", reason: wrong };
      }
    },
    adopt: async (task, signal) => (await adopted(task, signal)) ?? (await endOf(task)) ?? cutOff(signal),
  };
}

/** What became of the work where it is done, or where a process was still at it; undefined where it is to be begun. */
async function adopted(task: Task, signal: AbortSignal): Promise<Outcome | undefined> {
  const found = await endOf(task);
  if (found?.end === "done") return found;
  const begun = await readBegun(task.out);
  if (begun === undefined || isRunning(begun) !== true) return undefined;
  await goneByItself(begun, signal);
  return (await endOf({ ...task, attempt: begun.attempt })) ?? cutOff(signal);
}

const cutOff = (signal: AbortSignal): Outcome => ({
  end: "interrupted",
  reason: signal.aborted ? "stopped" : "its process was killed",
});

/** How an attempt ended, by its files; undefined where it did not. */
export async function endOf({ out, stamp, attempt }: Task): Promise<Outcome | undefined> {
  const done = await readDone(out);
  if (done?.stamp === stamp) return { end: "done", seconds: secondsOf(done) };
  const failed = await readFailed(out);
  return failed?.attempt === attempt ? { end: "failed", reason: failed.reason } : undefined;
}

/** Runs a task's process to its end. @returns what went wrong, if its files do not say */
async function ended(
  { out }: Task,
  [program, ...args]: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string> {
  const log = openSync(logOf(out), "a");
  let child: ChildProcess;
  try {
    child = spawn(program, args, { detached: true, stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  const stop = () => askToStop(pid);
  const forget = undoAtEnd(stop);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { code, message } = await endOfChild(child);
    if (code === busyCode) return "busy";
    const wrong = message ?? `it ended with code ${code}`;
    if (pid === undefined) return wrong;
    const left = { ...thisProcess(), pid };
    if (groupRuns(left)) await endGroup(left, grace);
    const last = await lastLine(logOf(out));
    return last === undefined ? wrong : `${wrong}: ${last}`;
  } finally {
    signal.removeEventListener("abort", stop);
    forget();
  }
}

/** The last line of a log, cut to what a table shows. */
async function lastLine(path: string): Promise<string | undefined> {
  const end = await readEnd(path, tail).catch(() => "");
  return end.toString().trimEnd().split("\n").at(-1)?.slice(0, longestReason) || undefined;
}

const tail = 4096;
const longestReason = 500;
