/** Hands tasks to Slurm: arrays, one for each stage and as many as an array's greatest size asks for. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { parseJson } from "../../formats/json.js";
import { appendLines } from "../../system/addedLines.js";
import { shellWord } from "../../system/files.js";
import { readIfThere } from "../../system/paths/opening.js";
import { ownProgram } from "../../system/program.js";
import { logsFolder, type Plan, submissionsFile, type Task } from "../plan.js";
import { farAway, letGo, mostInArray, pendingArrays, sbatch, scancel } from "./commands.js";

const submissionSchema = z.strictObject({
  job: z.string(),
  stage: z.int(),
  /** Number of the task that the array's index 0 stands for. */
  base: z.int(),
  ids: z.array(z.int()),
});

/** An array that was handed in. */
export type Submission = z.infer<typeof submissionSchema>;

/** Reads what was handed in, the latest last; a line that is not whole was never handed in. */
export async function readSubmissions(folder: string): Promise<Submission[]> {
  const path = submissionsFile(folder);
  const lines = ((await readIfThere(path))?.toString() ?? "").split("\n").slice(0, -1);
  return lines.map((line) => submissionSchema.parse(parseJson(line, { path, tag: "BadUsage" })));
}

/** Returns the latest job of each task, as `ARRAY_INDEX`. */
export const jobsOf = (submissions: readonly Submission[]): Map<number, string> =>
  new Map(submissions.flatMap(({ job, base, ids }) => ids.map((id) => [id, `${job}_${id - base}`])));

/**
 * Tells whether a job is the latest that a task was handed in as. It began after that was noted, which is waited for: on a
 * network's disk it may be seen later.
 *
 * @param job as `ARRAY_INDEX`
 */
export async function isHandedInAs(
  { folder }: Pick<Plan, "folder">,
  id: number,
  job: string,
): Promise<boolean> {
  for (const from = performance.now(); ; await sleep(betweenLooks)) {
    const submissions = await readSubmissions(folder);
    if (jobsOf(submissions).get(id) === job) return true;
    const isPast = submissions.some((each) => each.job === arraysOf([job])[0]);
    if (isPast || performance.now() - from > longestNote) return false;
  }
}

/** Times in ms: between two looks, and in which a note is seen on a network's disk. */
const betweenLooks = 500;
const longestNote = 70_000;

/** Returns the numbers of the arrays that jobs are of. */
export const arraysOf = (jobs: readonly string[]): string[] => [
  ...new Set(jobs.map((job) => job.split("_")[0]!)),
];

/**
 * Hands in tasks, stage by stage; a stage waits for those before it that have jobs. An array is handed in to begin far
 * away, noted, and then let go: what a killed process did not note never begins.
 *
 * @param tasks to be done, of any stages
 * @param alive tasks that are in the queue already
 */
export async function submitToSlurm(
  plan: Plan,
  tasks: readonly Task[],
  alive: ReadonlySet<number>,
): Promise<void> {
  const most = await mostInArray();
  await settleHeld(plan);
  for (const [number, stage] of plan.settings.stages.entries()) {
    const own = tasks.filter((task) => task.stage === number);
    const jobs = await jobsBefore(plan, stage.after, new Set([...alive, ...tasks.map(({ id }) => id)]));
    for (const ids of chunksOf(own, most)) {
      const base = Math.floor(ids[0]! / most) * most;
      const job = await sbatch(sbatchArguments(plan, ids, base, jobs), scriptOf(plan, base));
      const submission: Submission = { job, stage: number, base, ids };
      await appendLines(submissionsFile(plan.folder), [submission]);
      await letGo(job);
    }
  }
}

/** Ends what a killed process handed in and did not note, and lets go what it noted and did not. */
async function settleHeld({ folder, settings }: Plan): Promise<void> {
  const pending = await pendingArrays(jobName(settings));
  if (pending.length === 0) return;
  const noted = new Set((await readSubmissions(folder)).map(({ job }) => job));
  await scancel(pending.filter(({ job }) => !noted.has(job)).map(({ job }) => job));
  for (const { job, isFar } of pending) if (isFar && noted.has(job)) await letGo(job);
}

/** Finds out whether Slurm takes a task, by one that never begins. @throws PickbenchError System with its words where it does not */
export async function checkRequest(plan: Plan): Promise<void> {
  await mostInArray();
  await scancel([await sbatch(sbatchArguments(plan, [0], 0, []), scriptOf(plan, 0))]);
}

/** The name of a plan's jobs, which those of no other plan have. */
const jobName = ({ command, id }: Plan["settings"]): string => `pickbench-${command}-${id}`;

/** Numbers of the arrays that hold what a stage waits for, and that is not yet done. */
async function jobsBefore(
  plan: Plan,
  stages: readonly number[],
  live: ReadonlySet<number>,
): Promise<string[]> {
  const jobs = jobsOf(await readSubmissions(plan.folder));
  const before = plan.tasks.filter(({ id, stage }) => stages.includes(stage) && live.has(id));
  return arraysOf(before.flatMap(({ id }) => jobs.get(id) ?? []));
}

/** Divides tasks where their numbers come to a multiple of an array's greatest size. */
export function chunksOf(tasks: readonly { readonly id: number }[], most: number): number[][] {
  const chunks = new Map<number, number[]>();
  for (const { id } of tasks) {
    const chunk = Math.floor(id / most);
    chunks.set(chunk, [...(chunks.get(chunk) ?? []), id]);
  }
  return [...chunks.values()];
}

/** Seconds before its longest time at which a task is asked to stop, so that it can go on later. */
const secondsBefore = 60;

/** The arguments of sbatch. */
export function sbatchArguments(
  { folder, settings }: Pick<Plan, "folder" | "settings">,
  ids: readonly number[],
  base: number,
  after: readonly string[],
): string[] {
  const { profile, jobs, cwd } = settings;
  const limit = jobs === null ? "" : `%${jobs}`;
  const given = (flag: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${flag}=${value}`];
  return [
    "--parsable",
    `--job-name=${jobName(settings)}`,
    `--begin=${farAway}`,
    `--array=${rangesText(ids.map((id) => id - base))}${limit}`,
    `--output=${slurmPattern(join(logsFolder(folder), "slurm.log"))}`,
    "--open-mode=append",
    "--requeue",
    "--kill-on-invalid-dep=yes",
    `--signal=B:TERM@${secondsBefore}`,
    `--chdir=${cwd}`,
    "--ntasks=1",
    ...given("cpus-per-task", profile.cpus),
    ...given("mem", profile.memory),
    ...given("time", profile.time),
    ...given("partition", profile.partition),
    ...profile.sbatch,
    ...(after.length === 0 ? [] : [`--dependency=afterok:${after.join(":")}`]),
  ];
}

/** Writes rising whole numbers as Slurm does: 0-3,7. */
export function rangesText(values: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const value of values) {
    const last = ranges.at(-1);
    if (last && last[1] === value - 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/** A path in which Slurm replaces nothing. One with a backslash, which Slurm drops, is no place for its messages. */
const slurmPattern = (path: string): string =>
  /[\\\n]/.test(path) ? "/dev/null" : path.replaceAll("%", "%%");

/**
 * The script of an array. Nothing but quoted constants and the index that Slurm gives; the last line replaces the shell, so
 * that signals reach the task.
 */
export function scriptOf({ folder }: Pick<Plan, "folder">, base: number): string {
  const [node, program, plan, logs] = [process.execPath, ownProgram, folder, logsFolder(folder)].map(
    shellWord,
  );
  return [
    "#!/bin/sh",
    `id=$((${base} + SLURM_ARRAY_TASK_ID))`,
    `exec ${node} ${program} queue task ${plan} "$id" >${logs}/"$id".out 2>>${logs}/"$id".log`,
    "",
  ].join("\n");
}
