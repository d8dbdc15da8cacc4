/** Runs all folds of a cross-validation and scores the runs together. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Splits } from "../../data/splits.js";
import { completeRecord, type RecordResult, readRecord, startRecord } from "../../domain/record.js";
import { foldsFile, readReport } from "../../leaderboard/submissionFolder.js";
import { decimals, seconds } from "../../present/text.js";
import { type FoldsReport, foldMeasure, foldSpread, foldsReport } from "../../score/folds.js";
import { foldedFeatures } from "../../score/masks/featureScores.js";
import { isJudged, leadingScore, type RunReport } from "../../score/report.js";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { withPartLock } from "../../system/lock.js";
import { parseBudget } from "../experiment/budget.js";
import { experimentHash, runName } from "../experiment/experiment.js";
import { networkName } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import { checkStartKept, startRecordOf } from "../transfer/start.js";
import { type Fold, type FoldOutcome, isFinished, readOutcome } from "./fold.js";
import { checkBeginning, type FoldsOptions, type FoldsPlan, inFold, planFolds } from "./foldsPlan.js";
import { poolFolds } from "./poolFolds.js";
import {
  publish,
  runExperiment,
  scoresOf,
  submissionHash,
  weightsByType,
  writeReport,
} from "./runExperiment.js";
import { begunFolds, isBegun, makeFolder, type RunFolder, runLock, withRunFolder } from "./runFolder.js";
import { readStandingRecord } from "./standing.js";

/** Result of `run` for an experiment in folds. */
export interface FoldsResult {
  readonly folds: FoldsReport;
  /** Report over all runs, each picked by the fold that held it out. */
  readonly report: RunReport;
  /** Folder in submissions/; null where nothing is published. */
  readonly published: string | null;
}

/**
 * Trains, tunes and scores every fold in turn, in `fold-0`, `fold-1`, … inside the folder, each a run like any other;
 * then scores all runs together, each by the picks of the fold that held it out. Finished folds are kept, a stopped one
 * is resumed.
 */
export async function runFolds(folder: RunFolder, options: FoldsOptions): Promise<FoldsResult> {
  return withRunFolder(folder, async () => {
    const goesOn = await checkBeginning(folder, options);
    const plan = await planFolds(folder, options);
    const { experiment, prepared, folds } = plan;
    if (options.overwrite) await clear(folder, experiment);
    const finished = await readFinished(folder, plan);
    if (goesOn && !options.resume)
      prepared.reporter.note(`${folder.path}: goes on with the folds there; --overwrite begins anew`);
    await options.onPrepared?.(prepared, folder);
    await startRecord(folder.record, {
      name: experiment.name,
      experiment,
      data: prepared.manifest,
      dataset: options.data,
      runs: {
        train: [],
        tune: [],
        holdout: prepared.splits.holdout,
        folds: folds.map(({ splits }) => splits),
      },
      leftOut: prepared.leftOut,
      network: networkName(experiment.network),
      seed: experiment.seed,
      engine: prepared.engine,
      threads: prepared.threads,
      weights: weightsByType(prepared),
      start: prepared.start ? startRecordOf(prepared.start, prepared.experiment) : undefined,
      resumed: existsSync(folder.record) ? await readRecord(folder.record) : undefined,
    });
    const outcomes = await runEach(plan, finished, options);
    const whole = await writeWholeReport(folder, plan, outcomes);
    await completeRecord(folder.record, {
      ...resultOf(whole, outcomes),
      ...(await submissionHash(folder, whole.report)),
    });
    const submissions = isJudged(whole.report) ? options.submissions : null;
    const published = submissions && (await publish(folder, submissions, `${runName(experiment)}-folds`));
    return { ...whole, published };
  });
}

/** Removes the folds in a folder, and what was made of them, before other processes begin them anew. */
export async function clearFolds(folder: RunFolder, experiment: Experiment): Promise<void> {
  if (existsSync(folder.path)) await withRunFolder(folder, () => clear(folder, experiment));
}

/**
 * Trains, tunes and scores one fold, unless it is finished, while other processes do others. `runFolds` then finds them
 * finished and scores them together.
 *
 * @throws PickbenchError BadUsage where there is no such fold, or a process is at work on all of them
 */
export async function runOneFold(
  folder: RunFolder,
  options: FoldsOptions,
  fold: number,
): Promise<FoldOutcome> {
  const { path } = folder;
  await makeFolder(path);
  return withPartLock(join(path, runLock), `fold-${fold}`, path, async () => {
    const plan = await planFolds(folder, options);
    const own = plan.folds[fold];
    if (own === undefined)
      throw new PickbenchError(
        "BadUsage",
        `there is no fold ${fold}; there are ${plan.folds.length}, from 0`,
      );
    const alone = { ...plan, folds: [own] };
    const finished = await readFinished(folder, alone);
    const [outcome] = await runEach(alone, finished, { ...options, overwrite: false });
    return outcome!;
  });
}

/** Removes the folds and their results, or a single run that lies in the folder instead. */
async function clear(folder: RunFolder, experiment: Experiment): Promise<void> {
  const folds = await begunFolds(folder);
  const { path, ...files } = folder;
  const own = [...Object.values(files), join(path, foldsFile)];
  await checkStartKept(experiment, [...folds.map((fold) => fold.path), ...own]);
  for (const fold of folds) await withRunFolder(fold, () => rm(fold.path, { recursive: true }));
  for (const file of own) await rm(file, { recursive: true, force: true });
}

/** Checks all existing results before anything is trained; returns the finished folds. */
async function readFinished(
  folder: RunFolder,
  { experiment, prepared, folds }: FoldsPlan,
): Promise<Map<Fold, FoldOutcome>> {
  const advice = "remove it, and the same command writes it again from the folds";
  if (existsSync(folder.record)) await readStandingRecord(folder, experiment, prepared, advice);
  const finished = new Map<Fold, FoldOutcome>();
  for (const fold of folds)
    if (await isFinished(fold, prepared)) finished.set(fold, await readOutcome(fold, prepared));
  return finished;
}

async function runEach(
  { experiment, prepared, folds }: FoldsPlan,
  finished: ReadonlyMap<Fold, FoldOutcome>,
  options: FoldsOptions,
): Promise<FoldOutcome[]> {
  const done = new Map(finished);
  const { folds: count } = folds[0]!.spec;
  for (const fold of folds) {
    const place = `fold-${fold.index} (${fold.index + 1} of ${count})`;
    if (!finished.has(fold)) {
      const left = timeLeft(experiment, [...done.values()], folds.length);
      prepared.reporter.note(`${place}: ${rolesText(fold.splits)}${left}`);
      const run = {
        ...options,
        onPrepared: undefined,
        splits: fold.spec,
        seen: prepared.seen.tomograms,
        overwrite: false,
        resume: isBegun(fold.folder),
      };
      await inFold(place, () => runExperiment(fold.folder, run, null));
      done.set(fold, await readOutcome(fold, prepared));
    }
    const { report } = done.get(fold)!;
    const score = `${foldMeasure([report])} ${decimals(report.score, 4)}`;
    prepared.reporter.note(`${place}: ${finished.has(fold) ? "finished before, " : ""}${score}`);
  }
  return folds.map((fold) => done.get(fold)!);
}

const rolesText = ({ train, tune, holdout }: Splits): string =>
  [
    `holds out ${holdout.join(", ")}`,
    tune.length > 0 ? `tunes on ${tune.join(", ")}` : "",
    train.length > 0 ? `trains on ${train.join(", ")}` : "",
  ]
    .filter((part) => part !== "")
    .join("; ");

/**
 * Estimates the time left from the mean of the finished folds, or before the first from a budget in minutes; else
 * empty.
 */
function timeLeft({ budget }: Experiment, done: readonly FoldOutcome[], folds: number): string {
  const length = budget === "" ? null : parseBudget(budget);
  const planned = length && "minutes" in length ? length.minutes * 60 : null;
  const each = done.length > 0 ? foldSpread(done.map(({ report }) => report.seconds)).mean : planned;
  return each === null ? "" : `; all folds: about ${seconds((folds - done.length) * each)} left`;
}

async function writeWholeReport(
  folder: RunFolder,
  plan: FoldsPlan,
  outcomes: readonly FoldOutcome[],
): Promise<Omit<FoldsResult, "published">> {
  const { experiment, prepared, folds } = plan;
  const picks = new Map(outcomes.flatMap((outcome) => [...outcome.picks]));
  const features = await featuresOfFolds(experiment, folds);
  const pooled = picks.size > 0 ? await poolFolds(plan) : undefined;
  const scored = picks.size > 0 ? prepared.picks : new Map();
  const report = await writeReport({ experiment, dataset: prepared.dataset }, folder, scored, picks, {
    features,
    pooled,
  });
  const whole = {
    name: experiment.name,
    experimentHash: experimentHash(experiment),
    outOfFold: { score: leadingScore(report), interval: report.interval },
  };
  const together = foldsReport(
    whole,
    outcomes.map((outcome) => outcome.report),
  );
  await writeWhole(join(folder.path, foldsFile), `${JSON.stringify(together, null, 1)}\n`);
  return { folds: together, report };
}

/** Returns the features of all folds' held-out runs; undefined where the experiment has none. */
async function featuresOfFolds(
  { features, seed }: Experiment,
  folds: readonly Fold[],
): Promise<RunReport["features"]> {
  if (!features) return undefined;
  const reports = await Promise.all(folds.map((fold) => readReport(fold.folder.report)));
  return foldedFeatures(
    reports.map((report) => report.features ?? {}),
    seed,
  );
}

/** Returns the record's result; durations are of all folds together. */
function resultOf(
  { folds, report }: Omit<FoldsResult, "published">,
  outcomes: readonly FoldOutcome[],
): RecordResult {
  const durations: Record<string, number> = {};
  for (const { result } of outcomes)
    for (const [stage, spent] of Object.entries(result.durations))
      durations[stage] = (durations[stage] ?? 0) + spent;
  return {
    metrics: {
      ...scoresOf(report),
      ...(folds.over.tuneScore ? { tuneScore: folds.over.tuneScore.mean } : {}),
      waitedShare: Math.max(...outcomes.map(({ result }) => result.metrics.waitedShare ?? 0)),
    },
    durations,
    checkpointHash: null,
    parameters: outcomes[0]!.result.parameters,
  };
}
