/** One fold of a cross-validation: whether it is finished, and its result. */
import { existsSync } from "node:fs";
import type { FoldSpec, Splits } from "../../data/splits.js";
import { type RunRecord, readRecord } from "../../domain/record.js";
import { readReport } from "../../leaderboard/submissionFolder.js";
import type { FoldReport } from "../../score/folds.js";
import { diceMetrics } from "../../score/masks/featureScores.js";
import { leadingScore } from "../../score/report.js";
import { type PicksByExperiment, scoreOver, scorePicks } from "../../score/score.js";
import { readSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { hashFile } from "../../system/files.js";
import { readSettings } from "../checkpoint/checkpoint.js";
import type { Experiment } from "../experiment/schema.js";
import type { PreparedRun } from "../prepare/prepare.js";
import type { RunFolder } from "./runFolder.js";
import { readStandingRecord } from "./standing.js";

/** A fold of an experiment: a run of its own, whose splits name the fold. */
export interface Fold {
  /** Number of the fold, from 0. */
  readonly index: number;
  readonly spec: FoldSpec;
  readonly experiment: Experiment;
  readonly splits: Splits;
  readonly folder: RunFolder;
}

/** Result of a finished fold. */
export interface FoldOutcome {
  readonly report: FoldReport;
  /** Picks of the held-out runs; none where features alone are learned. */
  readonly picks: PicksByExperiment;
  readonly result: NonNullable<RunRecord["result"]>;
}

/**
 * Tells whether a fold is finished; checks that anything in its folder belongs to the fold.
 *
 * @param data that all folds share
 * @throws PickbenchError BadExperiment for a broken record or another experiment's, BadDataset for other data,
 * BadCheckpoint where best.safetensors is not the file that the record names
 */
export async function isFinished(
  { folder, experiment }: Fold,
  data: Pick<PreparedRun, "dataHash" | "manifest">,
): Promise<boolean> {
  if (!existsSync(folder.record)) return false;
  const advice = `remove ${folder.path} to train this fold again`;
  const { result, tunings } = await readStandingRecord(folder, experiment, data, advice);
  if (!result || (result.metrics.score ?? result.durations.score) === undefined) return false;
  const isWhole = existsSync(result.metrics.score === undefined ? folder.report : folder.submission);
  if (!existsSync(folder.best) || !isWhole) return false;
  if (tunings)
    throw new PickbenchError(
      "BadCheckpoint",
      `${folder.best}: its picking was tuned again after the fold was scored; ${advice}`,
      { path: folder.best },
    );
  if ((await hashFile(folder.best)) === result.checkpointHash) return true;
  throw new PickbenchError(
    "BadCheckpoint",
    `${folder.best}: not the file that its record names, for the hash differs; ${advice}`,
    { path: folder.best },
  );
}

/**
 * Reads a finished fold's result and scores its picks again; of features alone the mean Dice of its report counts.
 *
 * @param data whose picks are the truth of the held-out runs, at least
 * @throws PickbenchError BadSubmission where the CSV has changed since it was scored: rows of other runs, or another
 * score than the record's
 */
export async function readOutcome(
  { index, folder, splits }: Fold,
  { picks: truth, dataset: { particles } }: Pick<PreparedRun, "picks" | "dataset">,
): Promise<FoldOutcome> {
  const record = await readRecord(folder.record);
  const result = record.result!;
  const altered = (what: string, path = folder.submission) =>
    new PickbenchError(
      "BadSubmission",
      `${path}: ${what}, so that it was altered after the run; remove ${folder.path} to train this fold again`,
      { path },
    );
  const { picking, tuneScore, features } = await readSettings(folder.best);
  const common = {
    fold: index,
    runs: splits,
    picking: Object.fromEntries(picking),
    tuneScore,
    seconds: Object.values(result.durations).reduce((sum, seconds) => sum + seconds, 0),
    commit: record.code.commit,
    checkpointHash: result.checkpointHash,
  };
  if (result.metrics.score === undefined) {
    const own = await readReport(folder.report);
    for (const [key, dice] of Object.entries(diceMetrics(own.features)))
      if (dice !== result.metrics[key])
        throw altered(`says ${key} ${dice}, its record ${result.metrics[key] ?? "none"}`, folder.report);
    const ofFeatures = { score: leadingScore(own), strictScore: null, perType: {}, optimism: null };
    return { report: { ...common, ...ofFeatures }, picks: new Map(), result };
  }
  const picks = await readSubmission(folder.submission, { particles });
  for (const run of picks.keys())
    if (!splits.holdout.includes(run))
      throw altered(`holds picks of ${run}, wanted only those held out (${splits.holdout.join(", ")})`);
  for (const run of splits.holdout) if (!picks.has(run)) picks.set(run, []);
  const held = new Map(splits.holdout.map((run) => [run, truth.get(run)!]));
  const score = scorePicks(held, picks, particles);
  if (score.score !== result.metrics.score)
    throw altered(`scores ${score.score}, its record says ${result.metrics.score}`);
  const fbetas = Object.entries(score.perType).map(([type, { fbeta }]) => [type, fbeta] as const);
  const report: FoldReport = {
    ...common,
    score: score.score,
    strictScore: score.strictScore,
    perType: Object.fromEntries(fbetas),
    optimism: tuneScore === null || features ? null : tuneScore - scoreOver([...picking.keys()], score),
  };
  return { report, picks, result };
}
