/** Does one task of a plan in this process, and writes how it ended. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { messageOf, PickbenchError } from "../system/errors.js";
import { withLock } from "../system/lock.js";
import { thisProcess, workOn } from "../system/owner.js";
import { makingVariable } from "../system/paths/sidecar.js";
import { mayGoOn } from "../system/startedProcess.js";
import { cardVariable } from "./local.js";
import { type Plan, readPlan } from "./plan.js";
import { isHandedInAs } from "./slurm/submitting.js";
import { asks, type Begun, readTask, taskLock, writeBegun, writeEndNow } from "./states.js";

/** Runs a command line in this process, and returns what went wrong; undefined where nothing did. */
export type Call = (argv: string[]) => Promise<unknown>;

/**
 * Does a task, unless it ended well before. Its end is written however the process ends, but for a kill.
 *
 * @param path the plan's folder
 * @param number the task's, as text
 * @param starter `asks` where this process is to ask whoever started it before it does anything
 * @throws PickbenchError BadUsage where there is no such plan or task, where another process here does it, or for a job that
 * the task is not handed in as
 */
export async function doTask(path: string, number: string, starter: string, call: Call): Promise<void> {
  const plan = await readPlan(path);
  const { folder, settings, tasks } = plan;
  const task = /^\d+$/.test(number) ? tasks[Number(number)] : undefined;
  if (task === undefined)
    throw new PickbenchError(
      "BadUsage",
      `${path}: there is no task ${number}; it has ${tasks.length}, from 0`,
    );
  await checkHandedIn(plan, task.id);
  workOn(`${settings.id}/${task.id}`);
  await withLock(taskLock(folder, task.id), `task ${task.id} of ${path}`, async () => {
    const before = await readTask(folder, task.id);
    if (before.end?.code === 0) return;
    const attempt = (before.begun?.attempt ?? 0) + 1;
    const startedAt = new Date().toISOString();
    const device = settings.devices?.find((each) => String(each) === process.env[cardVariable]);
    const place = {
      ...thisProcess(),
      host: hostname(),
      ...ownJob(),
      ...(device !== undefined && { device }),
    };
    let message: string | null = "ended by a signal";
    const end = (code: number): void =>
      writeEndNow(folder, task.id, {
        ...{ attempt, code, message: code === 0 ? null : message, startedAt },
        finishedAt: new Date().toISOString(),
      });
    process.once("exit", end);
    await writeBegun(folder, task.id, { attempt, startedAt, ...place });
    if (starter === asks && !mayGoOn()) {
      process.off("exit", end);
      return;
    }
    process.chdir(settings.cwd);
    if (task.stage < settings.stages.length - 1) process.env[makingVariable] = "no";
    process.argv.splice(2, process.argv.length, ...task.argv);
    const wrong = await call([...task.argv]);
    message = wrong === undefined ? "it ended with an error; its log says more" : messageOf(wrong);
    const missing = task.outputs.filter((output) => !existsSync(resolve(settings.cwd, output)));
    if (wrong === undefined && missing.length > 0) {
      message = `it ended without an error, but did not write ${missing.join(", ")}`;
      process.exitCode ||= 1;
    }
    process.off("exit", end);
    end(Number(process.exitCode ?? 0));
  });
}

/**
 * A job that Slurm begins again may be one in whose place the task was handed in as another.
 *
 * @throws PickbenchError BadUsage for a job that the task is not handed in as
 */
async function checkHandedIn(plan: Plan, id: number): Promise<void> {
  const { job } = ownJob();
  if (plan.settings.queue !== "slurm" || job === null || !job.includes("_")) return;
  if (await isHandedInAs(plan, id, job)) return;
  throw new PickbenchError(
    "BadUsage",
    `${plan.folder}: task ${id} is not handed in as Slurm's job ${job}, which does nothing; pickbench queue status says as which it is`,
    { path: plan.folder },
  );
}

/** Slurm's numbers of the job that this process is. */
function ownJob(): Pick<Begun, "job" | "slurmId"> {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: index, SLURM_JOB_ID: id = null } = process.env;
  return { job: array !== undefined && index !== undefined ? `${array}_${index}` : id, slurmId: id };
}
