/** What does the work of `pickbench watch`: processes of the watcher, or a queue; and where a queue has it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withHands } from "../../queue/growing.js";
import { createPlan, type Plan, type QueueName, readPlan, writeSettings } from "../../queue/plan.js";
import { closePlan, planStandings } from "../../queue/queue.js";
import { checkRequest } from "../../queue/slurm/submitting.js";
import { countsOf, isLive, type Standing, type Status, wentWrong } from "../../queue/standing.js";
import { systemClock } from "../../system/clock.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { shellWord } from "../../system/files.js";
import { ownProgram } from "../../system/program.js";
import type { Reporter } from "../../system/reporter.js";
import { placeIn } from "../../watch/places.js";
import { type Job, processJob } from "../../watch/processes.js";
import { QueuedJob } from "../../watch/queued.js";
import type { Task } from "../../watch/task.js";
import type { Queue } from "../shared/queue/flags.js";
import { ownArguments, taskArguments } from "../shared/queue/taskArguments.js";

/** What is watched, and where its outputs go. */
interface Places {
  readonly data: string;
  readonly out: string;
}

/**
 * Has work done with whatever does tomograms.
 *
 * @param queue undefined for processes of the watcher
 * @throws PickbenchError BadUsage where tasks of an earlier watcher are in another queue; System for what Slurm refuses
 */
export async function withJob<T>(
  queue: Queue | undefined,
  { data, out }: Places,
  reporter: Reporter,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  const argvOf = (task: Task): string[] => ["watch", data, "--out", out, `--take=${task.out}`];
  const there = await standingPlan(out);
  if (there !== undefined && there.settings.queue !== queue?.queue) await checkOver(there);
  if (queue === undefined) return work(processJob((task) => [process.execPath, ownProgram, ...argvOf(task)]));
  const plan = await openPlan(queue, out, there);
  if (queue.queue === "slurm") await checkRequest(plan);
  try {
    return await withHands(plan, reporter, (hands) =>
      work(new QueuedJob(hands, argvOf, { reporter, clock: systemClock })),
    );
  } finally {
    await closePlan(plan.folder);
  }
}

async function standingPlan(out: string): Promise<Plan | undefined> {
  const folder = placeIn(out, "queue");
  return existsSync(join(folder, "plan.json")) ? readPlan(folder) : undefined;
}

/** @throws PickbenchError BadUsage where tasks wait or run in the queue that they were given to, or may do so */
async function checkOver(plan: Plan): Promise<void> {
  const { folder, settings } = plan;
  const refuse = (why: string, cause?: unknown) =>
    new PickbenchError(
      "BadUsage",
      `${folder}: ${why}; watch with --queue ${settings.queue}, or end them with pickbench queue cancel ${shellWord(folder)}`,
      { path: folder, cause },
    );
  const standings = await planStandings(plan).catch((error: unknown) => {
    throw refuse(`tasks of an earlier watcher may be in its queue (${messageOf(error)})`, error);
  });
  if (standings.some(isLive)) throw refuse("tasks of an earlier watcher wait or run in its queue");
}

/** The plan that is there, whose tasks are gone on with, or a new one. */
async function openPlan({ queue, jobs, profile }: Queue, out: string, there?: Plan): Promise<Plan> {
  if (there === undefined)
    return createPlan(placeIn(out, "queue"), {
      ...{ command: "watch", call: taskArguments(ownArguments(), {}), queue, jobs, profile },
      ...{ stages: [{ name: "tomograms", after: [] }], isOpen: true, tasks: [] },
    });
  const settings = { ...there.settings, queue, jobs, profile, cwd: process.cwd(), isOpen: true };
  await writeSettings(there.folder, settings);
  return { ...there, settings };
}

/** Where a watcher's queue has its tasks. */
export interface WatchQueue {
  readonly plan: string;
  readonly queue: QueueName;
  /** Why it is not known where they stand; null where it is. */
  readonly trouble: string | null;
  readonly counts: Partial<Record<Status, number>>;
  /** Those that wait, run, or did not end well. */
  readonly tasks: readonly QueuedTask[];
}

type QueuedTask = Pick<Standing, "status" | "attempts" | "job" | "host" | "reason" | "message"> & {
  readonly run: string;
  readonly task: number;
};

/** Returns where a watcher's queue has its tasks; null where it has none. */
export async function queueOf(out: string): Promise<WatchQueue | null> {
  const plan = await standingPlan(out);
  if (plan === undefined) return null;
  const { folder, settings } = plan;
  const base = { plan: folder, queue: settings.queue };
  try {
    const standings = await planStandings(plan);
    const latest = new Map(standings.map((standing) => [standing.name, standing]));
    const told = [...latest.values()].filter((each) => isLive(each) || wentWrong(each));
    return { ...base, trouble: null, counts: countsOf([...latest.values()]), tasks: told.map(queuedTask) };
  } catch (error) {
    return { ...base, trouble: messageOf(error), counts: {}, tasks: [] };
  }
}

const queuedTask = ({ id, name, status, attempts, job, host, reason, message }: Standing): QueuedTask => ({
  ...{ run: name, task: id, status, attempts, job, host, reason, message },
});
