/** What does a step: a process of this machine, or whatever else does the same. */
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { undoAtEnd } from "../system/ending.js";
import { type Owner, thisProcess } from "../system/owner.js";
import { makingVariable } from "../system/paths/sidecar.js";
import { endOfChild, type ProcessEnd } from "../system/processEnd.js";
import { endGroup } from "../system/processGroup.js";
import { startAsking } from "../system/startedProcess.js";
import { builtModule } from "../system/threads/threads.js";
import { grace, writeClaim } from "./leftovers.js";

/** One call of a step's command. */
export interface StepTask {
  /** Name of the step. */
  readonly name: string;
  /** Command line without the program's name; paths relative to the working folder. */
  readonly argv: readonly string[];
  /** File to which what it says on standard error is added. */
  readonly log: string;
  /** File for what it prints on standard output; replaced. */
  readonly output: string;
  /** File that says which process does it, while one does. */
  readonly claim: string;
}

/** How a call ended: by code 0 well, by 130 stopped where it can go on. */
export type StepEnd = ProcessEnd;

/** Does calls of commands, several at a time where it is asked to. */
export interface Executor {
  /** @param signal aborted when the call is to stop where it can go on */
  run(task: StepTask, signal: AbortSignal): Promise<StepEnd>;
}

/**
 * Does each call in a process of its own on this machine; Ctrl-C reaches it through this process alone. It does nothing before
 * its claim is written, by which the next run finds it where this one was killed.
 */
export const localExecutor: Executor = {
  async run(task, signal) {
    try {
      return await spawned(task, signal, (owner) => writeClaim(task.claim, task.argv, owner));
    } finally {
      await rm(task.claim, { force: true });
    }
  },
};

/** As `localExecutor`, in this process's own group, by which what is left of it is found where it was killed. */
export const groupExecutor: Executor = { run: (task, signal) => spawned(task, signal, undefined) };

/** @param note notes the process, which leads a group of its own; undefined of one that is in this process's */
async function spawned(
  { argv, log, output }: StepTask,
  signal: AbortSignal,
  note: ((owner: Owner) => Promise<void>) | undefined,
): Promise<StepEnd> {
  if (signal.aborted) return { code: 130 };
  const [out, err] = [openSync(output, "w"), openSync(log, "a")];
  try {
    const { [makingVariable]: _, ...env } = process.env;
    const stdio = ["ignore", out, err] as const;
    const start = { detached: note !== undefined, stdio, env };
    const child = startAsking([program, ...argv], start, async (owner) => note?.(owner));
    const end = await ended(child, signal);
    if (note !== undefined && end.code !== 0 && child.pid !== undefined)
      await endGroup({ ...thisProcess(), pid: child.pid }, grace);
    return end;
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

const program = fileURLToPath(builtModule(import.meta.url, "../system/askingProgram.js"));

async function ended(child: ChildProcess, signal: AbortSignal): Promise<StepEnd> {
  const forget = undoAtEnd(() => child.kill("SIGTERM"));
  const stop = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", stop);
  try {
    return await endOfChild(child);
  } finally {
    signal.removeEventListener("abort", stop);
    forget();
  }
}
