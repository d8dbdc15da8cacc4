/**
 * Runs an experiment from training to the leaderboard. The room `run` holds runs, folds and repetitions, with their
 * folders.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Dataset } from "../../data/model.js";
import { completeRecord, readRecord, startRecord } from "../../domain/record.js";
import { writeLeaderboard } from "../../leaderboard/markdown.js";
import { publishSubmission } from "../../leaderboard/publish.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { diceMetrics } from "../../score/masks/featureScores.js";
import { isJudged, type RunReport, runReport } from "../../score/report.js";
import { type PicksByExperiment, type ScoreReport, scorePicks } from "../../score/score.js";
import { scoreInterval } from "../../score/statistics/interval.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { hashFile, writeWhole } from "../../system/files.js";
import { runName } from "../experiment/experiment.js";
import { networkName } from "../experiment/networkChoice.js";
import type { Experiment } from "../experiment/schema.js";
import type { Rungs } from "../fit/training.js";
import { type TrainedRun, trainStage } from "../fit/trainStage.js";
import { type PreparedRun, prepareRun, type RunOptions, type Stage } from "../prepare/prepare.js";
import { checkStartKept, startRecordOf } from "../transfer/start.js";
import { detectHoldout, segmentTune, writeHoldoutPicks } from "./holdout.js";
import { type RunFolder, withRunFolder } from "./runFolder.js";
import { FeatureScorer } from "./scoreFeatures.js";
import { checkStanding, isScored, isTrained, progressOf } from "./standing.js";

/** Result of `run`. */
export interface RunResult {
  readonly report: RunReport;
  readonly trained: TrainedRun;
  /** Seconds by stage. */
  readonly durations: Readonly<Record<string, number>>;
  /** Folder in submissions/; null where nothing was published. */
  readonly published: string | null;
}

/**
 * Trains, tunes, predicts, picks and scores the held-out runs; writes record, submission and leaderboard row.
 *
 * @param submissions folder of the leaderboard; null publishes nothing, as for a fold that is part of another row
 */
export async function runExperiment(
  folder: RunFolder,
  options: RunOptions,
  submissions: string | null,
): Promise<RunResult> {
  return withRunFolder(folder, async () => {
    const durations: Record<string, number> = {};
    const timed = stopwatch(durations, options.onStage);
    await checkStanding(folder, options, isScored(submissions));
    const prepared = await timed("prepare", () => prepareRun(options));
    const trained = await timed("train", () => begin(prepared, folder, options));
    durations.train = (durations.train ?? 0) + trained.earlierSeconds;
    const report = await scoreHoldout(prepared, folder, timed);
    await finishRecord(prepared, folder, trained, report, durations);
    const published =
      submissions !== null && isJudged(report)
        ? await publish(folder, submissions, runName(prepared.experiment))
        : null;
    return { report, trained, durations, published };
  });
}

/** Adds a finished run to the leaderboard and returns its folder in `submissions`. */
export async function publish(folder: RunFolder, submissions: string, name: string): Promise<string> {
  const published = await publishSubmission(folder.path, submissions, name);
  await writeLeaderboard(submissions);
  return published;
}

/**
 * Runs only the training stage: writes best.safetensors and the record, or only the record where a rung ended the
 * training.
 */
export async function trainOnly(
  folder: RunFolder,
  options: RunOptions,
  rungs: Rungs | null = null,
): Promise<TrainedRun> {
  return withRunFolder(folder, async () => {
    const durations: Record<string, number> = {};
    await checkStanding(folder, options, isTrained);
    const prepared = await prepareRun(options);
    const trained = await stopwatch(durations)("train", () => begin(prepared, folder, options, rungs));
    durations.train = (durations.train ?? 0) + trained.earlierSeconds;
    await completeRecord(folder.record, {
      metrics: {
        ...(trained.tuneScore === null ? {} : { tuneScore: trained.tuneScore }),
        ...courseOf(trained),
        ...(trained.ended ? { endedAtStep: trained.steps } : {}),
      },
      durations,
      ...(trained.tried && { tried: trained.tried }),
      checkpointHash: trained.ended ? null : await hashFile(folder.best),
      parameters: await parameterCount(prepared),
    });
    return trained;
  });
}

/**
 * Predicts, picks and scores the held-out runs with a trained checkpoint, and adds the result to its record and folder.
 */
export async function holdoutOnly(folder: RunFolder, options: RunOptions): Promise<RunReport> {
  return withRunFolder(folder, async () => {
    const durations: Record<string, number> = {};
    const timed = stopwatch(durations);
    const prepared = await prepareRun(options);
    const report = await scoreHoldout(prepared, folder, timed);
    const { result } = await readRecord(folder.record);
    if (result === null)
      throw new PickbenchError("BadUsage", `${folder.path}: its training is not finished; finish it first`);
    const { finishedAt: _, ...trained } = result;
    await completeRecord(folder.record, {
      ...trained,
      metrics: { ...trained.metrics, ...scoresOf(report) },
      durations: { ...trained.durations, ...durations },
      ...(await submissionHash(folder, report)),
    });
    return report;
  });
}

const stopwatch =
  (durations: Record<string, number>, onStage?: RunOptions["onStage"]) =>
  async <T>(stage: Stage, work: () => Promise<T>): Promise<T> => {
    onStage?.(stage);
    const from = performance.now();
    const result = await work();
    durations[stage] = Math.round((performance.now() - from) / 10) / 100;
    return result;
  };

/** Writes the record before the first step, then trains from where an earlier call stopped. */
async function begin(
  prepared: PreparedRun,
  folder: RunFolder,
  options: RunOptions,
  rungs: Rungs | null = null,
): Promise<TrainedRun> {
  const progress = await progressOf(folder, prepared, options);
  const { path: _, record: __, log: ___, ...results } = folder;
  const made = Object.values(results);
  await checkStartKept(prepared.experiment, made);
  await options.onPrepared?.(prepared, folder);
  if (!progress) for (const path of made) await rm(path, { recursive: true, force: true });
  await startRecord(folder.record, {
    name: prepared.experiment.name,
    experiment: prepared.experiment,
    data: prepared.manifest,
    dataset: options.data,
    runs: prepared.splits,
    leftOut: prepared.leftOut,
    network: networkName(prepared.experiment.network),
    seed: prepared.experiment.seed,
    engine: prepared.engine,
    threads: prepared.threads,
    weights: weightsByType(prepared),
    contrast: prepared.seen.contrast,
    blank: prepared.seen.blank,
    start: prepared.start ? startRecordOf(prepared.start, prepared.experiment) : undefined,
    resumed: progress && existsSync(folder.record) ? await readRecord(folder.record) : undefined,
  });
  return trainStage(prepared, folder, progress, rungs);
}

/** Predicts, picks and scores the held-out runs; writes their picks, submission.csv and report.json. */
async function scoreHoldout(
  prepared: PreparedRun,
  folder: RunFolder,
  timed: ReturnType<typeof stopwatch>,
): Promise<RunReport> {
  const { experiment, splits, reporter } = prepared;
  const scorer = experiment.features ? new FeatureScorer(folder, reporter) : null;
  try {
    const found = await timed("predict", () => detectHoldout(prepared, folder, scorer?.receive("holdout")));
    await writeHoldoutPicks(folder, found);
    if (scorer && splits.tune.length > 0)
      await timed("masks", () => segmentTune(prepared, folder, scorer.receive("tune")));
    const features = scorer?.report(found.features, experiment.seed);
    return await timed("score", () => writeReport(prepared, folder, found.truth, found.picks, { features }));
  } finally {
    await scorer?.close();
  }
}

/** Scores the picks of held-out runs; writes submission.csv, but for features alone, and report.json. */
export async function writeReport(
  { experiment, dataset }: { readonly experiment: Experiment; readonly dataset: Dataset },
  folder: RunFolder,
  truth: PicksByExperiment,
  picks: PicksByExperiment,
  { features, pooled }: Pick<RunReport, "features" | "pooled"> = {},
): Promise<RunReport> {
  if (truth.size > 0 || !features) await writeSubmission(folder.submission, picks);
  const score: ScoreReport | null = truth.size > 0 ? scorePicks(truth, picks, dataset.particles) : null;
  const interval = score && scoreInterval(score, { particles: dataset.particles });
  const report = runReport(experiment.name, { holdout: score, interval, features, pooled });
  await writeWhole(folder.report, `${JSON.stringify(report, null, 1)}\n`);
  return report;
}

/** Returns each type's weight in the score, by name. */
export const weightsByType = ({ dataset }: PreparedRun): Record<string, number> =>
  Object.fromEntries(dataset.particles.map(({ name, weight }) => [name, weight]));

/** Counts the parameters of all networks together. */
export async function parameterCount({ networks, external }: PreparedRun): Promise<number> {
  if (external) return external.external.parameters;
  const loaded = await Promise.all(networks.map(({ network }) => loadNetwork(network)));
  return loaded.reduce((sum, network) => sum + network.parameterCount, 0);
}

/** The schedules that were followed, and what watching cost. */
const courseOf = ({ schedule, watchedShare, looks }: TrainedRun): Record<string, number> => ({
  ...schedule,
  ...(watchedShare > 0 && { watchedShare, looks }),
});

/** Returns what a record holds of a submission, where there is one. */
export const submissionHash = async (folder: RunFolder, { holdout }: RunReport) =>
  holdout ? { submissionHash: await hashFile(folder.submission) } : {};

/** Returns the scores of a report as a record names them. */
export const scoresOf = ({ holdout, features }: RunReport): Record<string, number> => ({
  ...(holdout && { score: holdout.score, strictScore: holdout.strictScore }),
  ...diceMetrics(features),
});

async function finishRecord(
  prepared: PreparedRun,
  folder: RunFolder,
  trained: TrainedRun,
  report: RunReport,
  durations: Readonly<Record<string, number>>,
): Promise<void> {
  await completeRecord(folder.record, {
    metrics: {
      ...scoresOf(report),
      ...(trained.tuneScore === null ? {} : { tuneScore: trained.tuneScore }),
      waitedShare: trained.waitedShare,
      ...courseOf(trained),
    },
    durations,
    ...(trained.tried && { tried: trained.tried }),
    checkpointHash: await hashFile(folder.best),
    ...(await submissionHash(folder, report)),
    parameters: await parameterCount(prepared),
    ...(prepared.departures.size > 0 && { notes: [...prepared.departures] }),
  });
}
