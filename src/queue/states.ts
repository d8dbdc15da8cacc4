/** Where each task of a plan stands, by the small files that the task itself writes when it begins and when it ends. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../formats/json.js";
import { writeWhole } from "../system/files.js";
import { readBytesSync, readText } from "../system/paths/opening.js";
import { statesFolder } from "./plan.js";

const begunSchema = z.strictObject({
  /** How often it was begun, from 1. */
  attempt: z.int().positive(),
  startedAt: z.string(),
  pid: z.int(),
  started: z.number(),
  machine: z.string(),
  host: z.string(),
  /** Slurm's job, as `123_4`; null where there is none. */
  job: z.string().nullable(),
  /** Slurm's own number of that job, which its messages name. */
  slurmId: z.string().regex(/^\d+$/).nullable(),
  /** Card that it was given; absent where there was none to give. */
  device: z.int().nonnegative().optional(),
});

const endSchema = z.strictObject({
  attempt: z.int().positive(),
  /** Exit code: 0 ended well, 130 stopped where it can go on. */
  code: z.int(),
  /** What went wrong, in a sentence; null where nothing did. */
  message: z.string().nullable(),
  startedAt: z.string(),
  finishedAt: z.string(),
});

/** The beginning of a task's latest attempt. */
export type Begun = z.infer<typeof begunSchema>;
/** The end of an attempt. */
export type End = z.infer<typeof endSchema>;

/** Code of work that was stopped where it can go on. */
export const stoppedCode = 130;

/** The files of one task. */
export interface TaskFiles {
  readonly begun: Begun | undefined;
  /** Of the latest attempt; undefined where that has not ended. */
  readonly end: End | undefined;
}

const begunFile = (folder: string, id: number): string => join(statesFolder(folder), `${id}.begun.json`);
const endFile = (folder: string, id: number): string => join(statesFolder(folder), `${id}.json`);
/** Last word of the command line of a task's process that asks whoever started it, by `mayGoOn`. */
export const asks = "asks";

/** Lock of the process that does a task. */
export const taskLock = (folder: string, id: number): string => join(statesFolder(folder), `${id}.lock`);

/** Reads how a task began and ended; a file that is damaged counts as none. */
export async function readTask(folder: string, id: number): Promise<TaskFiles> {
  const begun = await fileIn(begunSchema, begunFile(folder, id));
  const end = await fileIn(endSchema, endFile(folder, id));
  return { begun, end: end && end.attempt === begun?.attempt ? end : undefined };
}

async function fileIn<T>(schema: z.ZodType<T>, path: string): Promise<T | undefined> {
  try {
    return schema.parse(parseJson(await readText(path), { path }));
  } catch {
    return undefined;
  }
}

/** Lists the tasks that have begun or ended, of which a look at the files is worth it. */
export async function touchedTasks(folder: string): Promise<Set<number>> {
  const names = await readdir(statesFolder(folder)).catch(() => []);
  return new Set(names.flatMap((name) => /^(\d+)\.(?:begun\.)?json$/.exec(name)?.[1] ?? []).map(Number));
}

/** Says that a task begins. */
export const writeBegun = (folder: string, id: number, begun: Begun): Promise<void> =>
  writeWhole(begunFile(folder, id), JSON.stringify(begun));

/**
 * Says how an attempt ended, by renaming, while its process ends; not where another attempt has begun meanwhile, as after the
 * loss of a node that was not lost.
 */
export function writeEndNow(folder: string, id: number, end: End): void {
  const begun = begunSchema.safeParse(textNow(begunFile(folder, id)));
  if (!begun.success || begun.data.attempt !== end.attempt) return;
  const partial = `${endFile(folder, id)}.${process.pid}`;
  try {
    writeFileSync(partial, JSON.stringify(end));
    renameSync(partial, endFile(folder, id));
  } catch {
    rmSync(partial, { force: true });
  }
}

function textNow(path: string): unknown {
  try {
    return JSON.parse(readBytesSync(path).toString("utf8"));
  } catch {
    return undefined;
  }
}
