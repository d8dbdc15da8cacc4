/**
 * Plans: a folder with what is to be done, a line a task, and what came of it. The room `queue` does the tasks of a plan, each
 * a call of the command line, in processes of this machine or as arrays of Slurm.
 */
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { parseJson } from "../formats/json.js";
import { appendLines } from "../system/addedLines.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { withLock } from "../system/lock.js";
import { readText } from "../system/paths/opening.js";
import { makeFolders } from "../system/paths/replacing.js";
import { ownVersion } from "../system/version.js";
import { profileSchema } from "./profile.js";

/** Where tasks can be done. */
export const queues = ["slurm", "local"] as const;
export type QueueName = (typeof queues)[number];

const stageSchema = z.strictObject({
  name: z.string(),
  /** Numbers of the stages whose tasks must all have ended well before. */
  after: z.array(z.int().nonnegative()),
});

const planSchema = z.strictObject({
  planVersion: z.literal(1),
  /** Different for every plan that was ever made. */
  id: z.string().regex(/^[0-9a-f]+$/),
  /** The command whose work it is. */
  command: z.string(),
  /** The command line that asked for it, without what is of the queue; by it the same work is known again. */
  call: z.array(z.string()),
  /** Folder that the tasks' paths are relative to. */
  cwd: z.string(),
  queue: z.enum(queues),
  /** Most tasks at a time; null for as many as Slurm gives. */
  jobs: z.int().positive().nullable(),
  /** Cards that tasks here are shared out among, by the numbers of nvidia-smi; absent where tasks choose none. */
  devices: z.array(z.int().nonnegative()).min(1).optional(),
  profile: profileSchema,
  stages: z.array(stageSchema),
  /** Whether tasks are added while others are done. */
  isOpen: z.boolean(),
  version: z.string(),
});

const taskSchema = z.strictObject({
  name: z.string(),
  /** Number of its stage. */
  stage: z.int().nonnegative(),
  /** Arguments of the command line. */
  argv: z.array(z.string()).min(1),
  /** Files that must be there once it ended well. */
  outputs: z.array(z.string()),
});

/** A stage: its tasks are independent of each other. */
export type Stage = z.infer<typeof stageSchema>;
/** A task as it is planned. */
export type PlannedTask = z.infer<typeof taskSchema>;
/** A task with its number, which is its line in tasks.jsonl, from 0. */
export type Task = PlannedTask & { readonly id: number };
/** What holds for all tasks of a plan. */
export type PlanSettings = z.infer<typeof planSchema>;

/** A plan as it lies in its folder. */
export interface Plan {
  /** Absolute path. */
  readonly folder: string;
  readonly settings: PlanSettings;
  readonly tasks: readonly Task[];
}

const planFile = (folder: string): string => join(folder, "plan.json");
const tasksFile = (folder: string): string => join(folder, "tasks.jsonl");
export const statesFolder = (folder: string): string => join(folder, "states");
export const logsFolder = (folder: string): string => join(folder, "logs");

/** What a task says on standard error, of all its attempts. */
export const logFile = (folder: string, id: number): string => join(logsFolder(folder), `${id}.log`);
/** What a task's last attempt says on standard output. */
export const outputFile = (folder: string, id: number): string => join(logsFolder(folder), `${id}.out`);

/** Lock of whoever hands a plan's tasks out. */
export const planLock = (folder: string): string => join(folder, "queue.lock");

/** What a new plan is made of. */
export type NewPlan = Omit<PlanSettings, "planVersion" | "id" | "cwd" | "version"> & {
  readonly tasks: readonly PlannedTask[];
};

/** Writes a plan into a folder, in place of one that is there. Its tasks are relative to the working directory. */
export async function createPlan(path: string, { tasks, ...given }: NewPlan): Promise<Plan> {
  const folder = resolve(path);
  await makeFolders(folder);
  return withLock(planLock(folder), path, async () => {
    for (const old of [planFile(folder), tasksFile(folder), submissionsFile(folder)])
      await rm(old, { force: true });
    for (const made of [statesFolder(folder), logsFolder(folder)]) {
      await rm(made, { recursive: true, force: true });
      await mkdir(made);
    }
    const cwd = process.cwd();
    const id = randomBytes(6).toString("hex");
    const settings: PlanSettings = { planVersion: 1, id, cwd, version: ownVersion(), ...given };
    await writeWhole(tasksFile(folder), tasks.map((task) => `${JSON.stringify(task)}\n`).join(""));
    await writeSettings(folder, settings);
    return { folder, settings, tasks: tasks.map((task, number) => ({ ...task, id: number })) };
  });
}

export const submissionsFile = (folder: string): string => join(folder, "submissions.jsonl");

/** Writes what holds for all tasks of a plan, as where it is to be gone on with in another way. */
export const writeSettings = (folder: string, settings: PlanSettings): Promise<void> =>
  writeWhole(planFile(folder), `${JSON.stringify(settings, null, 1)}\n`);

/** Reads a plan. @throws PickbenchError BadUsage where there is none, or one that cannot be read */
export async function readPlan(path: string): Promise<Plan> {
  const folder = resolve(path);
  const settings = planSchema.safeParse(await jsonIn(planFile(folder), path));
  if (!settings.success) throw noPlan(path, `${planFile(folder)} is no plan of this version`, settings.error);
  const lines = (await textIn(tasksFile(folder), path)).split("\n");
  if (lines.at(-1) !== "") lines.pop();
  const tasks = lines.filter((line) => line !== "").map((line, id) => ({ ...taskIn(line, id, path), id }));
  const count = settings.data.stages.length;
  const lost = tasks.find(({ stage }) => stage >= count);
  if (lost !== undefined)
    throw noPlan(path, `task ${lost.id} is of stage ${lost.stage}, and there are ${count}`);
  return { folder, settings: settings.data, tasks };
}

function taskIn(line: string, id: number, path: string): PlannedTask {
  const what = `line ${id + 1} of tasks.jsonl`;
  const parsed = taskSchema.safeParse(parseJson(line, { path, what: `${what} is`, tag: "BadUsage" }));
  if (parsed.success) return parsed.data;
  throw noPlan(path, `${what} is no task`, parsed.error);
}

/** Adds tasks to an open plan, for whoever holds its lock. @returns them with their numbers */
export async function appendTasks(plan: Plan, tasks: readonly PlannedTask[]): Promise<Task[]> {
  const { length } = (await readPlan(plan.folder)).tasks;
  await appendLines(tasksFile(plan.folder), tasks);
  return tasks.map((task, at) => ({ ...task, id: length + at }));
}

const textIn = (file: string, path: string): Promise<string> =>
  readText(file).catch((error: unknown) => {
    throw noPlan(path, `${file} cannot be read (${messageOf(error)})`, error);
  });

const jsonIn = async (file: string, path: string): Promise<unknown> =>
  parseJson(await textIn(file, path), { path: file, tag: "BadUsage" });

const noPlan = (path: string, why: string, cause?: unknown): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${path}: ${why}; name the folder of a plan, as a command with --queue prints it`,
    {
      path,
      cause,
    },
  );
