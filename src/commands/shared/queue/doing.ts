/** Has work done by a queue: writes its plan beside what it makes, begins it, and waits for it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { plural } from "../../../present/text.js";
import { createPlan, outputFile, type Plan, readPlan, writeSettings } from "../../../queue/plan.js";
import { detachPlan, doPlan, planStandings } from "../../../queue/queue.js";
import { isLive } from "../../../queue/standing.js";
import { PickbenchError } from "../../../system/errors.js";
import { canonicalJson, shellWord } from "../../../system/files.js";
import { readIfThere } from "../../../system/paths/opening.js";
import type { Reporter } from "../../../system/reporter.js";
import { report } from "../command.js";
import { print } from "../print.js";
import type { Queue } from "./flags.js";
import type { Planned } from "./stages.js";
import { ownArguments, taskArguments } from "./taskArguments.js";

/** Work and what is made. */
export interface QueuedWork extends Planned {
  readonly command: string;
  /** What is made: the plan lies beside it. */
  readonly out: string;
  /** Whether what is there is replaced. */
  readonly overwrite: boolean;
  readonly json: boolean | undefined;
  readonly reporter: Reporter;
}

/** Folder of the plan of what is made. */
export const planFolder = (out: string): string => `${out.replace(/[/\\]+$/, "")}.queue`;

const standingPlan = async (out: string): Promise<Plan | undefined> =>
  existsSync(join(planFolder(out), "plan.json")) ? readPlan(planFolder(out)) : undefined;

/** Checks, before anything is removed, that no tasks of an earlier call are at work there. @throws PickbenchError BadUsage */
export async function checkIdle(out: string): Promise<void> {
  const plan = await standingPlan(out);
  if (plan !== undefined && (await planStandings(plan)).some(isLive)) throw stillAtWork(plan);
}

const stillAtWork = ({ folder }: Plan): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${folder}: tasks of an earlier call are waiting or running; wait for them, or end them with pickbench queue cancel ${shellWord(folder)}`,
    { path: folder },
  );

/**
 * Does work as tasks. The same call goes on with what is there; the last task's answer becomes the command's.
 *
 * @throws PickbenchError as `doPlan`; BadUsage where tasks of another call are at work there
 */
export async function doQueued(queue: Queue, work: QueuedWork): Promise<void> {
  const plan = await planOf(queue, work);
  const { json, reporter } = work;
  const folder = shellWord(plan.folder);
  if (queue.isDetached) {
    await detachPlan(plan);
    return report(json, { plan: plan.folder, tasks: plan.tasks.length }, () =>
      [
        `${plural(plan.tasks.length, "task")} of ${queue.queue === "slurm" ? "Slurm" : "processes here"}: ${plan.folder}`,
        `pickbench queue status ${folder} says how far they are`,
      ].join("\n"),
    );
  }
  reporter.note(`${plural(plan.tasks.length, "task")}: ${plan.folder}`);
  await finishPlan(plan, reporter);
}

/** Does what of a plan is left, waits for it, and prints what its last task says. @throws PickbenchError as `doPlan` */
export async function finishPlan(plan: Plan, reporter: Reporter): Promise<void> {
  try {
    await doPlan(plan, reporter);
  } finally {
    const last = plan.tasks.at(-1);
    const said = last && (await readIfThere(outputFile(plan.folder, last.id)))?.toString().trimEnd();
    if (said) print("stdout", said);
  }
}

/** The plan that is there, where it is of the same work and not finished; else a new one. */
async function planOf({ queue, jobs, devices, profile }: Queue, work: QueuedWork): Promise<Plan> {
  const { command, out, stages, tasks, overwrite, reporter } = work;
  const shared = devices && { devices: [...devices] };
  const call = taskArguments(ownArguments(), { without: { quiet: true, json: true } });
  const there = await standingPlan(out);
  if (there !== undefined) {
    const isSame = canonicalJson(there.settings.call) === canonicalJson(call);
    const isHere = there.settings.cwd === process.cwd() && there.settings.queue === queue;
    const standings = await planStandings(there);
    const isAtWork = standings.some(isLive);
    if (isAtWork && (overwrite || !isSame || !isHere)) throw stillAtWork(there);
    if (isSame && isHere && !overwrite && standings.some(({ status }) => status !== "done")) {
      reporter.note(`${there.folder}: goes on with the tasks there`);
      const { devices: _, ...before } = there.settings;
      const settings = { ...before, jobs, profile, ...shared };
      if (!isAtWork) await writeSettings(there.folder, settings);
      return { ...there, settings };
    }
  }
  return createPlan(planFolder(out), {
    command,
    call,
    queue,
    jobs,
    profile,
    ...shared,
    stages: [...stages],
    isOpen: false,
    tasks: [...tasks],
  });
}
