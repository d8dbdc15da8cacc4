/**
 * The work on one tomogram, as it lies in its folder: what is to be done, who does it, and how it ended. The end is a file that
 * is renamed into place once all is done: it alone decides that a tomogram is done.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { jsonIn } from "../formats/json.js";
import { isPickbenchError, messageOf, PickbenchError } from "../system/errors.js";
import { writeWhole } from "../system/files.js";
import { withLock } from "../system/lock.js";
import { isRunning, thisProcess } from "../system/owner.js";
import { readIfThere } from "../system/paths/opening.js";

const taskSchema = z.strictObject({
  run: z.string(),
  /** Path of the tomogram, and its stamp when it was complete. */
  tomogram: z.string(),
  stamp: z.string(),
  /** Folder that is watched. */
  data: z.string(),
  /** The tomogram's own folder, which the work writes into. */
  out: z.string(),
  workflow: z.string(),
  /** Fields that the workflow is given beside the tomogram's own. */
  fields: z.record(z.string(), z.string()),
  attempt: z.int().positive(),
});

const begunSchema = z.strictObject({
  attempt: z.int().positive(),
  pid: z.int(),
  started: z.number(),
  machine: z.string(),
});

const doneSchema = z.strictObject({
  run: z.string(),
  tomogram: z.string(),
  stamp: z.string(),
  attempt: z.int().positive(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** Names of the steps that this attempt did, and of those that an earlier one had done. */
  done: z.array(z.string()),
  skipped: z.array(z.string()),
});

const failedSchema = z.strictObject({ attempt: z.int().positive(), reason: z.string() });

/** What is to be done on a tomogram. */
export type Task = z.infer<typeof taskSchema>;
/** The process that does it, or did last. */
export type Begun = z.infer<typeof begunSchema>;
/** What says that it is done. */
export type DoneFile = z.infer<typeof doneSchema>;

const files = {
  task: "task.json",
  begun: "begun.json",
  done: "done.json",
  failed: "failed.json",
} as const;

/** Returns the path of what a task's processes say. */
export const logOf = (out: string): string => join(out, "task.log");

/** Returns the path of the file that says that a task is done. */
export const doneOf = (out: string): string => join(out, files.done);

/** Reads one of them; undefined where it is not there, or another program or version wrote it. */
async function read<T>(out: string, name: keyof typeof files, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await readIfThere(join(out, files[name]));
  return bytes && schema.safeParse(jsonIn(bytes.toString("utf8"))).data;
}

const write = (out: string, name: keyof typeof files, value: unknown): Promise<void> =>
  writeWhole(join(out, files[name]), `${JSON.stringify(value, null, 1)}\n`);

/** Writes what is to be done, in place of an earlier attempt and its failure. */
export async function writeTask(task: Task): Promise<void> {
  await rm(join(task.out, files.failed), { force: true });
  await write(task.out, "task", task);
}

/** Reads how far a tomogram's work has come. */
export const readBegun = (out: string): Promise<Begun | undefined> => read(out, "begun", begunSchema);
export const readDone = (out: string): Promise<DoneFile | undefined> => read(out, "done", doneSchema);
export const readFailed = (out: string) => read(out, "failed", failedSchema);

/** How long the attempt took that ended well. */
export const secondsOf = ({ startedAt, finishedAt }: DoneFile): number =>
  Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;

/** Exit code of a process that finds another one at its tomogram. */
export const busyCode = 75;

/** What came of a task's steps. */
export type Steps = Pick<DoneFile, "done" | "skipped">;

/** What a process that does a task reports. */
export type Taken = "done" | "busy";

/**
 * Does a task in this process, unless it is done or another process does it.
 *
 * @param out the tomogram's folder
 * @param work ends when all is done
 * @throws PickbenchError what the work throws, whose sentence is written beside its outputs unless it was stopped
 */
export async function takeTask(out: string, work: (task: Task) => Promise<Steps>): Promise<Taken> {
  const task = await read(out, "task", taskSchema);
  if (task === undefined)
    throw new PickbenchError(
      "BadUsage",
      `${out}: holds no task.json of a watcher; name a run that it has taken`,
      {
        path: out,
      },
    );
  for (let looks = 0; ; looks++) {
    let isHeld = false;
    try {
      await withLock(join(out, "task.lock"), out, async () => {
        isHeld = true;
        await doTask(task, work);
      });
      return "done";
    } catch (error) {
      if (isHeld || !isPickbenchError(error, "BadUsage")) throw error;
      const begun = await readBegun(out);
      if (begun && isRunning(begun) === true) return "busy";
      if (looks >= mostLooks) throw error;
      await wait(betweenLooks);
    }
  }
}

/** How often, and after how many ms each, a lock is tried whose holder has not said yet that it began. */
const mostLooks = 30;
const betweenLooks = 100;

async function doTask(task: Task, work: (task: Task) => Promise<Steps>): Promise<void> {
  const { run, tomogram, stamp, attempt, out } = task;
  if ((await readDone(out))?.stamp === stamp) return;
  const startedAt = new Date().toISOString();
  await write(out, "begun", { attempt, ...thisProcess() });
  try {
    const steps = await work(task);
    const finishedAt = new Date().toISOString();
    const done: DoneFile = { run, tomogram, stamp, attempt, startedAt, finishedAt, ...steps };
    await write(out, "done", done);
  } catch (error) {
    if (!isPickbenchError(error, "Stopped"))
      await write(out, "failed", { attempt, reason: messageOf(error) }).catch(() => undefined);
    throw error;
  }
}
