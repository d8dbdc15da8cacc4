/** Does one step, in the place of what an earlier attempt left. */
import { rm } from "node:fs/promises";
import { beginMaking, commandWords, endMaking } from "../makings/making.js";
import { readMakings, sidecarOf } from "../makings/sidecar.js";
import { messageOf } from "../system/errors.js";
import { beside, isThere } from "../system/paths/replacing.js";
import type { Reporter } from "../system/reporter.js";
import type { CommandCatalogue } from "./catalogue.js";
import type { Executor, StepEnd } from "./executor.js";
import { claimOf } from "./leftovers.js";
import type { PlannedStep } from "./plan.js";
import { isOwnPlace, lastSentence, logOf, noteBegin, noteEnd } from "./stepLog.js";

interface Doing {
  readonly executor: Executor;
  readonly catalogue: Pick<CommandCatalogue, "inputs">;
  readonly reporter: Reporter;
  readonly logs: string;
  readonly why: string;
  readonly overwrite?: boolean | undefined;
}

/** How a step ended. */
export type StepOutcome =
  | { readonly state: "done" | "stopped" }
  | { readonly state: "failed"; readonly message: string; readonly log: string };

/**
 * Does a step. What it finished before is replaced; what it had begun goes on where its command can, else it begins anew. What
 * others left in its places is replaced only where `overwrite` says so.
 */
export async function doStep(step: PlannedStep, doing: Doing): Promise<StepOutcome> {
  const log = logOf(doing.logs, step.name);
  const failed = (message: string): StepOutcome => ({ state: "failed", message, log });
  try {
    const left = await leftIn(step, log, doing.overwrite === true);
    if ("foreign" in left)
      return failed(
        `${left.foreign} is there already, and this workflow did not write it; give --overwrite to replace it, or let the step write elsewhere`,
      );
    await noteBegin(log, step, doing.why);
    for (const { path } of step.writes) await rm(sidecarOf(path), { force: true });
    const isReplacing = left.isFinished || doing.overwrite === true;
    const first = await call(step, doing, log, isReplacing);
    const wantsOverwrite = first.code === 1 && !isReplacing && left.isAny && step.canOverwrite;
    const isRefused = wantsOverwrite && (await lastSentence(log))?.includes("--overwrite") === true;
    const end = isRefused ? await call(step, doing, log, true) : first;
    const message = end.message ?? (await lastSentence(log)) ?? `it ended with code ${end.code}`;
    await noteEnd(log, end.code === 0 ? "done" : `ended with code ${end.code ?? "none"}`);
    if (end.code === 0) return { state: "done" };
    return doing.reporter.signal.aborted ? { state: "stopped" } : failed(message);
  } catch (error) {
    return failed(messageOf(error));
  }
}

interface Left {
  /** Whether anything lies in the step's places. */
  readonly isAny: boolean;
  /** Whether a command finished what lies there. */
  readonly isFinished: boolean;
}

/** Looks at what lies in the places that a step writes, and whether it may be replaced. */
async function leftIn(
  { writes, argv }: PlannedStep,
  log: string,
  overwrite: boolean,
): Promise<Left | { readonly foreign: string }> {
  const words = commandWords(argv).join("\0");
  let left: Left = { isAny: false, isFinished: false };
  for (const { path, option } of writes) {
    if (option === "prints" || !(await isThere(path))) continue;
    const makings = (await readMakings(path).catch(() => undefined)) ?? [];
    const isSame = makings.some(({ command }) => command.join("\0") === words);
    if (!overwrite && !isSame && !(await isOwnPlace(log, path))) return { foreign: path };
    left = { isAny: true, isFinished: left.isFinished || makings.length > 0 };
  }
  return left;
}

/** Calls the step's command; what it prints replaces what it printed before only where it ends well. */
async function call(step: PlannedStep, doing: Doing, log: string, overwrite: boolean): Promise<StepEnd> {
  const argv = overwrite && step.canOverwrite ? [...step.argv, "--overwrite"] : step.argv;
  const printed = await beside(step.prints);
  const begun = step.isPrinted
    ? await beginMaking(
        step.argv,
        await doing.catalogue.inputs(step.reads, step.runs),
        [step.prints],
        undefined,
      )
    : undefined;
  const claim = claimOf(doing.logs, step.name);
  const task = { name: step.name, argv, log, output: printed.partial, claim };
  let end: StepEnd | undefined;
  try {
    end = await doing.executor.run(task, doing.reporter.signal);
  } finally {
    if (end?.code === 0) await printed.finish();
    else await printed.discard();
  }
  if (end.code === 0 && begun) await endMaking(begun, [{ option: "prints", path: step.prints }]);
  return end;
}
