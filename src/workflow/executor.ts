/** What does a step: a process of this machine, or whatever else does the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { undoAtEnd } from "../system/ending.js";
import { makingVariable } from "../system/paths/sidecar.js";
import { endOfChild, type ProcessEnd } from "../system/processEnd.js";
import { ownProgram } from "../system/program.js";

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
  /** Whether the step asks for the queue. */
  readonly queue: boolean;
}

/** How a call ended: by code 0 well, by 130 stopped where it can go on. */
export type StepEnd = ProcessEnd;

/** Does calls of commands, several at a time where it is asked to. */
export interface Executor {
  /** @param signal aborted when the call is to stop where it can go on */
  run(task: StepTask, signal: AbortSignal): Promise<StepEnd>;
}

/** Does each call in a process of its own on this machine; Ctrl-C reaches it through this process alone. */
export const localExecutor: Executor = { run: (task, signal) => spawned(task, signal, true) };

/** As `localExecutor`, in this process's own group, by which what is left of it is found where it was killed. */
export const groupExecutor: Executor = { run: (task, signal) => spawned(task, signal, false) };

async function spawned(
  { argv, log, output }: StepTask,
  signal: AbortSignal,
  detached: boolean,
): Promise<StepEnd> {
  if (signal.aborted) return { code: 130 };
  const [out, err] = [openSync(output, "w"), openSync(log, "a")];
  try {
    const { [makingVariable]: _, ...env } = process.env;
    const child = spawn(process.execPath, [ownProgram, ...argv], {
      detached,
      stdio: ["ignore", out, err],
      env,
    });
    return await ended(child, signal);
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

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
