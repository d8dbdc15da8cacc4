/** What stands in a run's folder already: whether it may be used or gone on with, and where its training goes on. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type RunRecord, readRecord } from "../../domain/record.js";
import { leaderboardFile } from "../../leaderboard/markdown.js";
import { isDiceKey } from "../../score/masks/featureScores.js";
import { PickbenchError } from "../../system/errors.js";
import { checkOneAsked } from "../../system/paths/overwriting.js";
import { checkExperiment, experimentContent, experimentHash, runName } from "../experiment/experiment.js";
import type { Experiment } from "../experiment/schema.js";
import { differencesText, experimentDifferences } from "../experiment/shown/differences.js";
import { readProgress, type TrainingProgress } from "../fit/progressFile.js";
import type { PreparedRun, RunOptions } from "../prepare/prepare.js";
import { begunFolds, isBegun, type RunFolder } from "./runFolder.js";

/** Tells whether nothing is left to do for the command that was given, by the record of a run that has a result. */
type IsFinished = (record: RunRecord) => boolean | Promise<boolean>;

/**
 * Tells whether the held-out runs were predicted and scored, or a search ended the training early, and whether the result
 * was published.
 *
 * @param submissions folder of the leaderboard; null where nothing is published
 */
export const isScored =
  (submissions: string | null): IsFinished =>
  async (record) => {
    const { durations, metrics } = record.result!;
    if (metrics.endedAtStep !== undefined) return true;
    if (durations.predict === undefined && record.runs.folds === undefined) return false;
    const isRanked = metrics.score !== undefined || Object.keys(metrics).some(isDiceKey);
    return submissions === null || !isRanked || isPublished(record, submissions);
  };

/**
 * Tells whether a run's submission, or a later one of its name, stands in the folder of the leaderboard, and the leaderboard
 * too: a run that was killed before it was published goes on.
 */
async function isPublished(record: RunRecord, submissions: string): Promise<boolean> {
  const name = `${runName(record)}${record.runs.folds === undefined ? "" : "-folds"}`;
  const published = await readRecord(join(submissions, name, "record.json")).catch(() => null);
  const isThere = published !== null && published.startedAt >= record.startedAt;
  return isThere && existsSync(join(submissions, leaderboardFile));
}

/** Tells whether the training has ended. */
export const isTrained: IsFinished = () => true;

/**
 * Checks, before the data are read, that a run may begin or go on in the folder: an unfinished one goes on, a finished one
 * is replaced with --overwrite alone.
 *
 * @throws PickbenchError BadUsage where a finished run or folds stand there; BadExperiment where the record is broken
 */
export async function checkStanding(
  folder: RunFolder,
  options: Pick<RunOptions, "overwrite" | "resume">,
  isFinished: IsFinished,
): Promise<void> {
  checkOneAsked(options, "run");
  if ((await begunFolds(folder)).length > 0)
    throw new PickbenchError(
      "BadUsage",
      `${folder.path} holds the folds of a run, not one run; give --folds to go on with them, or another --out`,
    );
  if (!isBegun(folder) || options.overwrite || options.resume) return;
  await checkUnfinished(folder, isFinished);
}

/** @throws PickbenchError BadUsage where the folder's record is of a finished run */
export async function checkUnfinished(folder: RunFolder, isFinished: IsFinished): Promise<void> {
  if (!existsSync(folder.record)) return;
  const record = await recordThere(folder);
  if (record.result !== null && (await isFinished(record))) throw finishedAlready(folder.path, "run");
}

/** Makes the error of a folder that holds finished work. */
export const finishedAlready = (path: string, what: string): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${path} already holds a finished ${what}; give --overwrite to begin anew, or another --out`,
    { path },
  );

/** @param advice what to do about a broken record */
async function recordThere(
  { record: path }: RunFolder,
  advice = "give --overwrite to begin anew, or another --out",
): Promise<RunRecord> {
  return readRecord(path).catch((error: unknown) => {
    if (!(error instanceof PickbenchError)) throw error;
    const what = error.message.replace(/; run the experiment again$/, "");
    throw new PickbenchError(error.tag, `${what}; ${advice}`, { path, cause: error });
  });
}

/**
 * Reads the record of a run to be gone on with.
 *
 * @param advice what to do about a broken record
 * @throws PickbenchError BadExperiment or BadDataset where the record belongs to another experiment or other data
 */
export async function readStandingRecord(
  folder: RunFolder,
  experiment: Experiment,
  data: Data,
  advice: string,
): Promise<RunRecord> {
  const record = await recordThere(folder, advice);
  checkSame(folder, record, experiment, data);
  return record;
}

type Data = Pick<PreparedRun, "dataHash" | "manifest">;

/**
 * Checks that a run that stands in a folder is the one that is to go on there; the engine may differ, and the path of code
 * whose content is the same.
 *
 * @throws PickbenchError BadExperiment, naming the keys that differ; BadDataset, naming a file that does
 */
function checkSame({ path, record }: RunFolder, there: RunRecord, experiment: Experiment, data: Data): void {
  const before = checkExperiment(there.experiment.resolved, record);
  if (experimentHash(before) !== experimentHash(experiment)) {
    const differences = experimentDifferences(experimentContent(before), experimentContent(experiment));
    throw otherExperiment(path, differencesText(differences));
  }
  if (there.data.hash !== data.dataHash)
    throw otherData(path, dataDifference(there.data.files, data.manifest));
}

/**
 * Returns the progress to go on from, and says so where nobody asked for it; null begins anew.
 *
 * @throws PickbenchError BadExperiment or BadDataset where the run there is of another experiment or other data; BadUsage
 * where it is trained, and what it goes on by is missing
 */
export async function progressOf(
  folder: RunFolder,
  prepared: PreparedRun,
  options: RunOptions,
): Promise<TrainingProgress | null> {
  if (!isBegun(folder) || options.overwrite) return null;
  const progress = await readProgress(folder.last);
  const mayBeBroken = progress === null && options.resume;
  const record = existsSync(folder.record)
    ? await recordThere(folder).catch((error: unknown) => {
        if (mayBeBroken) return null;
        throw error;
      })
    : null;
  if (record) checkSame(folder, record, prepared.experiment, prepared);
  if (!progress) {
    if (record?.result && existsSync(folder.best) && !options.resume) throw cannotGoOn(folder);
    return null;
  }
  if (progress.experimentHash !== prepared.experimentHash) throw otherExperiment(folder.path, "");
  if (progress.dataHash !== prepared.dataHash) throw otherData(folder.path, "");
  if (!options.resume)
    prepared.reporter.note(
      `${folder.path}: goes on with the run there, ${placeOf(progress)}; --overwrite begins anew`,
    );
  if (record?.tunings)
    prepared.reporter.note(
      `${folder.best}: its picking was tuned again after the training; it is tuned anew now by this experiment, whose settings replace those`,
    );
  return progress;
}

/** Makes the error of a trained run without its progress: to train it again would replace what it was trained to. */
const cannotGoOn = ({ path, last }: RunFolder): PickbenchError =>
  new PickbenchError(
    "BadUsage",
    `${path}: its training is finished, but ${last} is missing, by which it goes on; put that back, give --overwrite to begin anew, or another --out`,
    { path },
  );

const placeOf = ({ current }: TrainingProgress): string =>
  current === null ? "which is trained" : `after step ${current.step} of ${current.name}`;

const otherExperiment = (path: string, what: string): PickbenchError =>
  new PickbenchError(
    "BadExperiment",
    `${path}: the run there was begun with other settings${what && ` (${what})`}; give the same to go on with it, --overwrite to begin anew, or another --out`,
    { path },
  );

const otherData = (path: string, what: string): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: the data differ from those the run there was begun on${what && ` (${what})`}; give the same to go on with it, --overwrite to begin anew, or another --out`,
    { path },
  );

/** Names the first file that differs between two manifests, and how many more do. */
function dataDifference(there: RunRecord["data"]["files"], here: PreparedRun["manifest"]): string {
  const before = new Map(there.map((entry) => [entry.path, entry.sha256]));
  const after = new Map(here.map((entry) => [entry.path, entry.sha256]));
  const differing = [
    ...[...after].flatMap(([path, hash]) =>
      !before.has(path) ? [`${path} is new`] : before.get(path) === hash ? [] : [`${path} has changed`],
    ),
    ...[...before.keys()].filter((path) => !after.has(path)).map((path) => `${path} is missing`),
  ];
  const more = differing.length - 1;
  return `${differing[0] ?? ""}${more > 0 ? `, and ${more} files more differ` : ""}`;
}
