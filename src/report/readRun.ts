/** Reads the folder of a run for its report. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { z } from "zod";
import { openDataset } from "../data/dataset.js";
import type { Dataset } from "../data/model.js";
import type { TomogramChoice } from "../data/normalisation.js";
import { readPicks } from "../data/picks.js";
import { isRemote } from "../data/remote/address.js";
import type { Particle, ParticlePick } from "../domain/particles.js";
import { datasetOf, type RunRecord, readRecord } from "../domain/record.js";
import { ownUserId } from "../formats/copickPicks.js";
import type { PickingSettings } from "../infer/pick/picking.js";
import { readReport } from "../leaderboard/leaderboard.js";
import type { RunReport } from "../score/report.js";
import type { PicksByExperiment } from "../score/score.js";
import { readSubmission } from "../score/submissionCsv.js";
import { readSweep, type ThresholdSweep } from "../score/sweep.js";
import type { Choice } from "../score/tuning.js";
import { PickbenchError } from "../system/errors.js";
import type { Reporter } from "../system/reporter.js";
import { readSettings } from "../train/checkpoint/checkpoint.js";
import type { Experiment } from "../train/experiment/schema.js";
import { type RunFolder, runFolder } from "../train/run/runFolder.js";
import { readLog, type TrainingLog } from "../train/watch/readLog.js";

/** Contents of a run's folder. Absent parts are null and named in `missing`. */
export interface ReportedRun {
  readonly folder: RunFolder;
  /** Label that distinguishes the run in the report. */
  readonly label: string;
  readonly record: RunRecord;
  /** Reconstruction that was predicted on. */
  readonly tomogram: TomogramChoice & {
    readonly spacing?: number | undefined;
    /** Whose picks are the truth, where the experiment says so. */
    readonly picks?: Experiment["data"]["picks"];
  };
  readonly report: RunReport | null;
  readonly log: TrainingLog;
  readonly sweep: ThresholdSweep | null;
  /** How thresholds were chosen; absent where the checkpoint names no way. */
  readonly choice?: Choice | undefined;
  /** Picking settings of each type. */
  readonly picking: ReadonlyMap<string, PickingSettings> | null;
  /** Absent parts, a sentence each. */
  readonly missing: readonly string[];
}

/**
 * Reads the folders of runs. @throws PickbenchError BadExperiment or BadCheckpoint for the first missing or damaged one
 */
export async function readRuns(paths: readonly string[]): Promise<ReportedRun[]> {
  const labels = labelsOf(paths);
  const runs: ReportedRun[] = [];
  for (const [at, path] of paths.entries()) runs.push(await readRun(runFolder(path), labels[at]!));
  return runs;
}

/** Returns the folders' own names, prefixed by the parent's name where two are equal. */
function labelsOf(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(resolve(path)));
  return paths.map((path, at) =>
    names.filter((name) => name === names[at]).length > 1
      ? `${basename(dirname(resolve(path)))}/${names[at]}`
      : names[at]!,
  );
}

async function readRun(folder: RunFolder, label: string): Promise<ReportedRun> {
  const there = await stat(folder.record).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (there === undefined)
    throw new PickbenchError(
      "BadExperiment",
      `${folder.path} holds no record.json, wanted the folder of a run; name the one that run wrote`,
      { path: folder.path },
    );
  const record = await readRecord(folder.record);
  const sweep = (await readSweep(folder.sweep)) ?? null;
  const best = existsSync(folder.best) ? await readSettings(folder.best) : null;
  const picking = best?.picking ?? null;
  const choice = best?.experiment.picking.choice;
  const log = await readLog(folder.log);
  const report = existsSync(folder.report) ? await readReport(folder.report) : null;
  const isHeldOut = record.runs.holdout.length > 0;
  const isPicked = isHeldOut && report?.holdout !== null;
  const missing = [
    record.result === null && "The run was not finished: only what it left until now is shown.",
    !isHeldOut && "No run was held out, so there is no score and no diagnosis.",
    picking === null && "No best.safetensors, so the tuned thresholds are not shown.",
    log.steps.length === 0 && "No log of training steps.",
    ...historyOf(record),
    isPicked && sweep === null && "No sweep.json: F4 against threshold on the held-out runs is not shown.",
    isPicked &&
      !existsSync(folder.picks) &&
      "No picks/ with confidences: reliability and curves by confidence are not shown, and false picks stand in no order of confidence.",
  ].filter((sentence) => sentence !== false);
  const tomogram = tomogramOf(record, folder);
  return { folder, label, record, tomogram, report, log, sweep, choice, picking, missing };
}

/** Says in which parts a run was made, and whether its picking was tuned after it was scored. */
function historyOf({ code, earlier = [], tunings, result }: RunRecord): (string | false)[] {
  const commits = [...earlier, { code }].map((part) => part.code.commit?.slice(0, 9) ?? "none");
  const isScored = result?.metrics.score !== undefined;
  return [
    new Set(commits).size > 1 &&
      `Made in ${commits.length} parts, by the commits ${commits.join(", ")}, since it was stopped and resumed.`,
    tunings !== undefined &&
      isScored &&
      "Its picking was tuned again after the held-out runs were scored: the score, the picks and submission.csv are of the thresholds before, the thresholds shown are the new ones.",
  ];
}

const choiceSchema = z.looseObject({
  data: z.looseObject({
    tomogram: z.string(),
    voxelSpacing: z.number().positive().optional(),
    spacing: z.number().positive().optional(),
    level: z.int().nonnegative(),
    nan: z.literal("blank").optional(),
    picks: z.object({ user: z.string().optional(), session: z.string().optional() }).optional(),
  }),
});

function tomogramOf({ experiment }: RunRecord, folder: RunFolder): ReportedRun["tomogram"] {
  const parsed = choiceSchema.safeParse(experiment.resolved);
  if (parsed.success) return parsed.data.data;
  throw new PickbenchError(
    "BadExperiment",
    `${folder.record}: its experiment names no tomogram in data.tomogram; repeat the run with this version`,
    { path: folder.record, cause: parsed.error },
  );
}

/** Reads the picks of the held-out runs: from picks/, with confidences, else from submission.csv; null without both. */
export async function readHeldOutPicks(
  { folder, record }: ReportedRun,
  particles: readonly Particle[],
  truth: PicksByExperiment,
): Promise<PicksByExperiment | null> {
  if (existsSync(folder.picks)) {
    const { picks: root } = folder;
    const dataset: Dataset = { root, overlayRoot: root, roots: [root], particles, runs: [] };
    const author = { userId: ownUserId, sessionId: "run" };
    const found = new Map<string, readonly ParticlePick[]>();
    for (const run of record.runs.holdout) {
      const lists = await Promise.all(particles.map(({ name }) => readPicks(dataset, run, name, author)));
      found.set(run, lists.flat());
    }
    return found;
  }
  if (!existsSync(folder.submission)) return null;
  return readSubmission(folder.submission, { particles, experiments: truth });
}

/** Returns the data set that a record names, in full. */
export const recordedData = (record: RunRecord): string | undefined =>
  datasetOf(record)?.replace(/^~(?=\/|$)/, homedir());

/** Tells whether a data set is still where it was, or lies on a server. */
export const isReachable = (path: string): boolean => isRemote(path) || existsSync(path);

/** Opens the data set of `--data`, or the one that the record names, if still present, at the spacing of the run. */
export async function openRunData(
  { record, label, tomogram }: ReportedRun,
  given: string | undefined,
  reporter: Reporter | undefined,
): Promise<Dataset> {
  const { spacing } = tomogram;
  if (given !== undefined) return openDataset(given, { reporter, spacing });
  const named = recordedData(record);
  if (named !== undefined && isReachable(named)) return openDataset(named, { reporter, spacing });
  throw new PickbenchError(
    "BadUsage",
    `${label}: its data set ${named === undefined ? "is not named in its record" : `${named} is not there`}; name it with --data`,
  );
}
