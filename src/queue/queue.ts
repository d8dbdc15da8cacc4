/** Does the work of a plan: begins it, waits for it, goes on with it, cancels it. */
import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PickbenchError } from "../system/errors.js";
import { shellWord } from "../system/files.js";
import { holderHere, withLock } from "../system/lock.js";
import { isRunning, type Owner } from "../system/owner.js";
import { ownProgram } from "../system/program.js";
import type { Reporter } from "../system/reporter.js";
import { doHere, lookHere } from "./local.js";
import { openLog } from "./logs.js";
import { logsFolder, type Plan, planLock, readPlan, writeSettings } from "./plan.js";
import { scancel } from "./slurm/commands.js";
import { lookInSlurm } from "./slurm/looking.js";
import { arraysOf, jobsOf, readSubmissions, submitToSlurm } from "./slurm/submitting.js";
import { failureOf, inTurn, isLive, type Standing } from "./standing.js";
import { readTask } from "./states.js";
import { type Look, standingsOf, watchTasks } from "./watching.js";

const lookOf = ({ settings }: Plan): Look => (settings.queue === "slurm" ? lookInSlurm : lookHere);

/** Returns where all tasks of a plan stand. @throws PickbenchError System where Slurm does not say it */
export async function planStandings(plan: Plan): Promise<Standing[]> {
  const standings = await standingsOf(plan, lookOf(plan));
  const isDoneHere = plan.settings.queue === "local" && holderHere(planLock(plan.folder)) !== undefined;
  return isDoneHere ? standings.map(inTurn) : standings;
}

/**
 * Does what of a plan has not ended well, and waits for it. Tasks that run or wait in the queue are left there.
 *
 * @throws PickbenchError System that names the tasks that did not end well, or for what Slurm refuses; Stopped where the user
 * ends the waiting
 */
export async function doPlan(plan: Plan, reporter: Reporter): Promise<void> {
  const standings =
    plan.settings.queue === "slurm" ? await doInSlurm(plan, reporter) : await doLocally(plan, reporter);
  const failure = failureOf(plan, standings);
  if (failure !== undefined) throw failure;
}

const locked = <T>(plan: Plan, work: () => Promise<T>): Promise<T> =>
  withLock(planLock(plan.folder), plan.folder, work);

async function doInSlurm(plan: Plan, reporter: Reporter): Promise<readonly Standing[]> {
  await submitOpen(plan);
  const standings = await reporter.stoppable("look", () => watchTasks(plan, lookInSlurm, reporter));
  if (standings !== undefined) return standings;
  const folder = shellWord(plan.folder);
  throw new PickbenchError(
    "Stopped",
    `no longer waiting; the tasks go on in Slurm: pickbench queue status ${folder} says how far they are, pickbench queue cancel ${folder} ends them, and the same command waits again`,
    { path: plan.folder },
  );
}

async function doLocally(plan: Plan, reporter: Reporter): Promise<readonly Standing[]> {
  const standings = await locked(plan, () =>
    reporter.stoppable("step of each task", () => doHere(plan, reporter)),
  );
  if (!reporter.signal.aborted || standings.every(({ status }) => status === "done")) return standings;
  const done = standings.filter(({ status }) => status === "done").length;
  throw new PickbenchError(
    "Stopped",
    `stopped with ${done} of ${standings.length} tasks done; the same command, or pickbench queue resume ${shellWord(plan.folder)}, goes on from there`,
    { path: plan.folder },
  );
}

/** Hands to Slurm what has neither ended well nor is in the queue. */
async function submitOpen(plan: Plan): Promise<void> {
  await locked(plan, async () => {
    const standings = await planStandings(plan);
    const alive = new Set(standings.filter(isLive).map(({ id }) => id));
    const left = plan.tasks.filter(({ id }) => standings[id]!.status !== "done" && !alive.has(id));
    await submitToSlurm(plan, left, alive);
  });
}

/** Begins or goes on with a plan, and leaves it to itself: to Slurm, or to a process in the background. */
export async function detachPlan(plan: Plan): Promise<void> {
  if (plan.settings.queue === "slurm") return submitOpen(plan);
  const log = openLog(join(logsFolder(plan.folder), "queue.log"), false);
  const child = spawn(process.execPath, [ownProgram, "queue", "resume", plan.folder, "--quiet"], {
    ...{ cwd: plan.settings.cwd, detached: true, stdio: ["ignore", log, log] },
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", resolve);
  });
  child.unref();
}

/** Says that an open plan gets no more tasks, so that whoever waits for it comes to an end. */
export async function closePlan(path: string): Promise<void> {
  const { folder, settings } = await readPlan(path);
  await writeSettings(folder, { ...settings, isOpen: false });
}

/** Time in ms in which processes that are asked to end must have ended their step. */
const longestStep = 120_000;

/**
 * Cancels what of a plan waits or runs; what runs stops where it can go on.
 *
 * @param id of the task that is meant, in a plan whose tasks were handed in one by one; all if absent
 * @returns how many tasks were cancelled
 * @throws PickbenchError System where Slurm refuses it, or where processes do not end
 */
export async function cancelPlan(plan: Plan, id?: number): Promise<number> {
  const live = (await planStandings(plan)).filter((each) => isLive(each) && (id ?? each.id) === each.id);
  if (plan.settings.queue === "slurm") await cancelInSlurm(plan, live);
  else await endHere(plan, live, id === undefined ? holderHere(planLock(plan.folder)) : undefined);
  return live.length;
}

/** Whole arrays where all their elements go, which is one request each. */
async function cancelInSlurm(plan: Plan, live: readonly Standing[]): Promise<void> {
  const jobs = jobsOf(await readSubmissions(plan.folder));
  await scancel(arraysOf(live.map(({ id }) => jobs.get(id)!)));
}

/** @param owner process that does the plan, and ends its tasks itself */
async function endHere(plan: Plan, live: readonly Standing[], owner: Owner | undefined): Promise<void> {
  const begun = await Promise.all(live.map(async ({ id }) => (await readTask(plan.folder, id)).begun));
  const processes = owner ? [owner] : begun.filter((each) => each !== undefined);
  const running = () => processes.filter((each) => isRunning(each) === true);
  for (const { pid } of running()) process.kill(pid, "SIGTERM");
  const from = performance.now();
  for (let left = running(); left.length > 0; left = running()) {
    if (performance.now() - from > longestStep)
      throw new PickbenchError(
        "System",
        `${plan.folder}: process ${left[0]!.pid} is still in its step; call this again, or end it`,
        { path: plan.folder },
      );
    await sleep(100);
  }
}
