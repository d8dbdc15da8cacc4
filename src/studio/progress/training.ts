/** What a training's folder says of it in a line: where it stands, its loss, its scores. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type RunRecord, readRecord } from "../../domain/record.js";
import { searchLock } from "../../search/search.js";
import { begunTrial, type Trial } from "../../search/trial.js";
import { wallClock } from "../../system/clock.js";
import { messageOf } from "../../system/errors.js";
import { isHeld } from "../../system/lock.js";
import { readEnd } from "../../system/paths/opening.js";
import { type RunFolder, runFolder, runLock } from "../../train/run/runFolder.js";
import { logLineIn } from "../../train/watch/readLog.js";
import { Recent } from "../recent.js";
import { stampText } from "../stamp.js";
import type { FoundTraining } from "./found.js";

/** `begun` where it has neither a result nor a process that trains it: the same command goes on with it. */
export type TrainingState = "running" | "begun" | "finished" | "stopped early" | "failed" | "damaged";

/** A training as a table shows it; null for what is not known. */
export interface Training {
  readonly id: string;
  readonly name: string;
  readonly kind: FoundTraining["kind"];
  readonly parent: string | null;
  readonly state: TrainingState;
  /** What is wrong, in a sentence. */
  readonly why: string | null;
  readonly experiment: string | null;
  readonly network: string | null;
  readonly seed: number | null;
  /** The length of training as the experiment gives it. */
  readonly budget: string | null;
  /** Steps until now, of the network that was trained last. */
  readonly steps: number | null;
  readonly loss: number | null;
  /** Best score on the tune runs. */
  readonly tuneScore: number | null;
  /** Score on the held-out runs. */
  readonly score: number | null;
  /** Values that a trial tries, in words. */
  readonly values: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly hasLog: boolean;
  readonly hasReport: boolean;
}

/** Bytes at the end of a log in which the last step and score are looked for. */
const tail = 2 ** 17;
/** Time in ms after which a log that nobody has written to says that nobody trains, where the lock is of another machine. */
const quiet = 300_000;

/** Records and ends of logs as they were read, by the stamps of their files. */
export class ReadFiles {
  readonly records = new Recent<RunRecord>(mostKept);
  readonly logs = new Recent<LastOfLog>(mostKept);
}

/** Files of each kind that are kept: as many as a page lists. */
const mostKept = 4000;

/**
 * Reads where a training stands. Never throws: what is damaged is said in `why`.
 *
 * @param read what was read before, which is not read again where files are as they were
 */
export async function readTraining(
  found: FoundTraining,
  parent: FoundTraining | undefined,
  read: ReadFiles,
): Promise<Training> {
  const folder = runFolder(found.path);
  const notes: string[] = [];
  const known = async <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      notes.push(messageOf(error));
      return undefined;
    });
  const stamp = await stampOf(folder.record);
  const record =
    stamp === undefined ? undefined : await known(read.records.get(stamp, () => readRecord(folder.record)));
  const trial = parent?.kind === "search" ? await known(trialOf(found, parent)) : undefined;
  const log = await known(lastOf(folder, read));
  const isRunning = runsNow(folder, found, parent, record, trial, log?.changed);
  return {
    ...{ id: found.id, name: found.name, kind: found.kind, parent: found.parent ?? null },
    state: stateOf(isRunning, record, trial, notes.length > 0),
    why: notes[0] ?? trial?.why ?? null,
    ...ofRecord(record),
    steps: log?.step === undefined ? (trial?.steps ?? null) : log.step + 1,
    loss: log?.loss ?? null,
    tuneScore: record?.result?.metrics.tuneScore ?? trial?.score ?? log?.tuneScore ?? null,
    values: trial ? valuesText(trial) : null,
    hasLog: log?.changed !== undefined,
    hasReport: (await stampOf(join(found.path, reportFile))) !== undefined,
  };
}

/** The page that `pickbench report` writes into a run's folder. */
export const reportFile = "report.html";

/** Changes with a file; undefined where there is none, or a link in its place. */
async function stampOf(path: string): Promise<string | undefined> {
  const there = await lstat(path).catch(() => undefined);
  return there?.isFile() ? `${path} ${stampText(there)}` : undefined;
}

const budgetSchema = z.looseObject({ budget: z.string() });

function ofRecord(record: RunRecord | undefined) {
  const budget = budgetSchema.safeParse(record?.experiment.resolved);
  const metrics = record?.result?.metrics;
  return {
    experiment: record?.name ?? null,
    network: record?.network ?? null,
    seed: record?.seed ?? null,
    budget: budget.success ? budget.data.budget : null,
    score: metrics?.score ?? null,
    startedAt: record?.startedAt ?? null,
    finishedAt: record?.result?.finishedAt ?? null,
  };
}

function stateOf(
  isRunning: boolean,
  record: RunRecord | undefined,
  trial: Trial | undefined,
  isDamaged: boolean,
): TrainingState {
  if (isRunning) return "running";
  if (isDamaged) return "damaged";
  if (trial?.state === "failed") return "failed";
  if (trial?.state === "stopped" || record?.result?.metrics.endedAtStep !== undefined) return "stopped early";
  return record?.result || trial?.state === "completed" ? "finished" : "begun";
}

/** Trials are in the folder `trials` of their search, by their numbers. */
async function trialOf({ path }: FoundTraining, parent: FoundTraining): Promise<Trial | undefined> {
  const number = /[/\\]trials[/\\](\d+)$/.exec(path)?.[1];
  return number === undefined ? undefined : begunTrial(parent.path, Number(number));
}

const valuesText = ({ values }: Trial): string =>
  Object.entries(values)
    .map(([path, value]) => `${path} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

/** What the end of a log says; `changed` is the time in ms when it was last written. */
interface LastOfLog {
  readonly step?: number | undefined;
  readonly loss?: number | undefined;
  readonly tuneScore?: number | undefined;
  readonly changed?: number | undefined;
}

async function lastOf({ log }: RunFolder, read: ReadFiles): Promise<LastOfLog> {
  const stamp = await stampOf(log);
  return stamp === undefined ? {} : read.logs.get(stamp, () => readLast(log));
}

async function readLast(log: string): Promise<LastOfLog> {
  const { mtimeMs: changed } = await lstat(log);
  let [step, loss, tuneScore]: (number | undefined)[] = [];
  const lines = (await readEnd(log, tail)).toString("utf8").split("\n");
  for (const text of lines) {
    const found = logLineIn(text);
    if (found?.kind === "steps") [step, loss] = [found.line.step, found.line.loss];
    else if (found?.kind === "evaluations") tuneScore = Math.max(tuneScore ?? 0, found.line.tuneScore);
  }
  return { step, loss, tuneScore, changed };
}

/** Tells whether a process trains there: it holds the lock of the training's folder, or that of the whole it is a part of. */
function runsNow(
  folder: RunFolder,
  { kind }: FoundTraining,
  parent: FoundTraining | undefined,
  record: RunRecord | undefined,
  trial: Trial | undefined,
  changed: number | undefined,
): boolean {
  if (seemsHeld(join(folder.path, kind === "search" ? searchLock : runLock), changed)) return true;
  if (parent === undefined || (record !== undefined && record.result !== null)) return false;
  if (parent.kind === "search")
    return trial?.state === "running" && seemsHeld(join(parent.path, searchLock), changed);
  return changed !== undefined && seemsHeld(join(parent.path, runLock), changed);
}

/** @param changed when the log was last written, by which a process of another machine is judged */
function seemsHeld(lock: string, changed: number | undefined): boolean {
  const held = isHeld(lock);
  return held === "elsewhere" ? changed !== undefined && wallClock() - changed < quiet : held;
}
