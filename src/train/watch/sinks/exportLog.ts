/** Brings the logs of runs to other programs after the fact: TensorBoard's event files, CSV tables, MLflow. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunRecord, readRecord } from "../../../domain/record.js";
import { wallClock } from "../../../system/clock.js";
import { messageOf, PickbenchError } from "../../../system/errors.js";
import { writeWhole } from "../../../system/files.js";
import { checkedName } from "../../../system/paths/names.js";
import type { Reporter } from "../../../system/reporter.js";
import { begunFolds, type RunFolder, runFolder } from "../../run/runFolder.js";
import { readLog } from "../readLog.js";
import { figuresOf, metricsOf, type TimedLine, timedLines } from "./metrics.js";
import {
  MlflowClient,
  type MlflowMetric,
  type MlflowTarget,
  mlflowName,
  mostMetrics,
  Refusal,
} from "./mlflow.js";
import { parametersOf } from "./parameters.js";
import { writeEvents } from "./tensorboard.js";

/** A run's log, ready to be handed on. */
export interface LoggedRun {
  readonly folder: RunFolder;
  /** Name that tells it from the others, fit to be a file's. */
  readonly label: string;
  readonly record: RunRecord;
  readonly lines: readonly TimedLine[];
  /** Time of the first step in ms since 1970. */
  readonly begunMs: number;
}

/**
 * Reads the logs of runs; of a run in folds, those of its folds.
 *
 * @throws PickbenchError BadUsage where a folder holds no log, or two have one name; BadExperiment where a log or record is
 * damaged
 */
export async function readLogs(paths: readonly string[]): Promise<LoggedRun[]> {
  const runs: LoggedRun[] = [];
  for (const path of paths) {
    const whole = runFolder(path);
    const folders = existsSync(whole.log) || !existsSync(path) ? [whole] : await begunFolds(whole);
    if (!folders.some(({ log }) => existsSync(log)))
      throw new PickbenchError(
        "BadUsage",
        `${path} holds no log.jsonl, wanted the folder of a run that was trained; name the one that run or train wrote`,
        { path },
      );
    for (const folder of folders) {
      const name = basename(resolve(path));
      const label = folder === whole ? name : `${name}-${basename(folder.path)}`;
      const record = await readRecord(folder.record);
      const begunMs = Date.parse(record.earlier?.[0]?.startedAt ?? record.startedAt);
      const lines = timedLines(await readLog(folder.log));
      runs.push({ folder, label: checkedName(label, { what: "run" }), record, lines, begunMs });
    }
  }
  const twice = runs.find(({ label }, at) => runs.findIndex((run) => run.label === label) < at);
  if (twice)
    throw new PickbenchError(
      "BadUsage",
      `two runs are named ${twice.label}; give them in two calls, with another --out`,
    );
  return runs;
}

/** Returns the path of a run's table: in the run's own folder where none is given. */
export const tableFile = ({ folder, label }: LoggedRun, out: string | undefined): string =>
  out === undefined ? join(folder.path, "log.csv") : join(out, `${label}.csv`);

/** Writes a run's event file, into the run's own folder where none is given, and returns its path. */
export const writeRunEvents = (
  { folder, label, lines, begunMs }: LoggedRun,
  out: string | undefined,
): Promise<string> => writeEvents(out === undefined ? folder.tensorboard : join(out, label), lines, begunMs);

/** Writes a table with a row per network and step, a column per figure; a cell is empty where there is none. */
export async function writeTable({ lines }: LoggedRun, path: string): Promise<void> {
  const { stringify } = await import("csv-stringify/sync");
  const rows = new Map<string, Map<string, number | string>>();
  const columns = new Set(["network", "step"]);
  for (const { line } of lines) {
    const key = `${line.network}\n${line.step}`;
    const row = rows.get(key) ?? new Map<string, number | string>();
    row.set("network", line.network).set("step", line.step + 1);
    for (const [name, value] of figuresOf(line)) {
      columns.add(name);
      row.set(name, value);
    }
    rows.set(key, row);
  }
  const names = [...columns];
  await writeWhole(
    path,
    stringify([names, ...[...rows.values()].map((row) => names.map((name) => row.get(name)))]),
  );
}

/** Number of attempts at a request, and the delay in ms before the second one, doubled before the third. */
const attempts = 3;
const firstDelayMs = 1000;

/**
 * Sends a run's log to a server of MLflow, as a run of its own.
 *
 * @throws PickbenchError BadUsage where the server does not take it
 */
export async function sendLog(run: LoggedRun, target: MlflowTarget, reporter: Reporter): Promise<void> {
  const { label, record, begunMs, lines } = run;
  const parameters = parametersOf(record.experiment.resolved);
  const client = new MlflowClient(target, { name: label, startMs: begunMs, parameters }, reporter.signal);
  const metrics = lines.flatMap(({ line, atMs }) =>
    metricsOf(line).map(
      ([name, value]): MlflowMetric => ({
        ...{ key: mlflowName(name), value, step: line.step + 1 },
        timestamp: Math.round(begunMs + atMs),
      }),
    ),
  );
  const progress = reporter.progress(`sending ${label}`, metrics.length, "figures");
  try {
    for (let sent = 0; sent < metrics.length; sent += mostMetrics) {
      await patiently(target, () => client.log(metrics.slice(sent, sent + mostMetrics)));
      progress.update(Math.min(metrics.length, sent + mostMetrics));
    }
    const endMs = begunMs + (lines.at(-1)?.atMs ?? 0);
    const status = record.result === null ? "KILLED" : "FINISHED";
    await patiently(target, () => client.end(status, Math.min(wallClock(), Math.round(endMs))));
  } finally {
    progress.stop();
  }
}

async function patiently(target: MlflowTarget, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt < attempts && !(error instanceof Refusal)) {
        await sleep(firstDelayMs * 2 ** (attempt - 1));
        continue;
      }
      throw new PickbenchError(
        "BadUsage",
        `MLflow at ${target.url} does not take the log (${messageOf(error)}); see that the server runs and the environment's MLFLOW_TRACKING_TOKEN or user is right, then send it again`,
        { cause: error },
      );
    }
  }
}
