import { existsSync } from "node:fs";
import type { FoldSpec, Splits } from "../../data/splits.js";
import type { Particle } from "../../domain/particles.js";
import { type RunRecord, readRecord } from "../../domain/record.js";
import type { FoldReport } from "../../score/folds.js";
import { type PicksByExperiment, scoreOver, scorePicks } from "../../score/score.js";
import { readSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { hashFile } from "../../system/files.js";
import { readCheckpoint } from "../checkpoint/checkpoint.js";
import { checkExperiment, experimentHash } from "../experiment/experiment.js";
import type { Experiment } from "../experiment/schema.js";
import type { RunFolder } from "./runFolder.js";

/** One fold of an experiment: a run of its own, whose splits name the fold. */
export interface Fold {
  /** From 0. */
  readonly index: number;
  readonly spec: FoldSpec;
  readonly experiment: Experiment;
  readonly splits: Splits;
  readonly folder: RunFolder;
}

/** What a finished fold left. */
export interface FoldOutcome {
  readonly report: FoldReport;
  /** Of the runs held out. */
  readonly picks: PicksByExperiment;
  readonly result: NonNullable<RunRecord["result"]>;
}

/** What a record that stands already must be of. */
interface Wanted {
  readonly experiment: Experiment;
  readonly dataHash: string;
}

/**
 * Whether nothing is left to do for a fold; where something stands in its folder, that it is of the fold.
 *
 * @param dataHash of the data that all folds share
 * @throws BadExperiment for a record that is broken or another experiment's, BadDataset for one of other data,
 * BadCheckpoint where best.safetensors is not the one that the record names
 */
export async function isFinished({ folder, experiment }: Fold, dataHash: string): Promise<boolean> {
  if (!existsSync(folder.record)) return false;
  const advice = `remove ${folder.path} to train this fold again`;
  const { result } = await readStandingRecord(folder, { experiment, dataHash }, advice);
  const isWhole = existsSync(folder.best) && existsSync(folder.submission);
  if (result?.metrics.score === undefined || !isWhole) return false;
  if ((await hashFile(folder.best)) === result.checkpointHash) return true;
  throw new PickbenchError(
    "BadCheckpoint",
    `${folder.best}: not the file that its record names, for the hash differs; ${advice}`,
    { path: folder.best },
  );
}

/**
 * Reads the record of a run that is to be gone on with.
 *
 * @param advice what to do about a broken record
 * @throws BadExperiment, BadDataset where it is not of what is wanted
 */
export async function readStandingRecord(
  { record: path, path: folder }: RunFolder,
  { experiment, dataHash }: Wanted,
  advice: string,
): Promise<RunRecord> {
  const record = await readRecord(path).catch((error: unknown) => {
    if (!(error instanceof PickbenchError)) throw error;
    const what = error.message.replace(/; run the experiment again$/, "");
    throw new PickbenchError(error.tag, `${what}; ${advice}`, { path, cause: error });
  });
  const recorded = checkExperiment(record.experiment.resolved, path);
  if (experimentHash(recorded) !== experimentHash(experiment))
    throw new PickbenchError(
      "BadExperiment",
      `${folder}: the run there is of other settings (${described(recorded)}), wanted ${described(experiment)}; give what it was begun with, or another --out`,
      { path: folder },
    );
  if (record.data.hash !== dataHash)
    throw new PickbenchError(
      "BadDataset",
      `${folder}: the data differ from those the run there was begun on; give the same, or another --out`,
      { path: folder },
    );
  return record;
}

/** What mostly tells experiments apart; the hash tells the rest. */
const described = (experiment: Experiment): string =>
  `${experiment.name}, seed ${experiment.seed}, ${experiment.budget || "no budget"}, splits ${JSON.stringify(experiment.splits)}, hash ${experimentHash(experiment).slice(0, 12)}`;

/**
 * Reads what a finished fold left, and scores its picks again.
 *
 * @param truth of the runs held out, at least
 * @throws BadSubmission where its CSV is not what was scored: rows of other runs, or another score than the record's
 */
export async function readOutcome(
  { index, folder, splits }: Fold,
  truth: PicksByExperiment,
  particles: readonly Particle[],
): Promise<FoldOutcome> {
  const record = await readRecord(folder.record);
  const result = record.result!;
  const altered = (what: string) =>
    new PickbenchError(
      "BadSubmission",
      `${folder.submission}: ${what}, so that it was altered after the run; remove ${folder.path} to train this fold again`,
      { path: folder.submission },
    );
  const picks = await readSubmission(folder.submission, { particles });
  for (const run of picks.keys())
    if (!splits.holdout.includes(run))
      throw altered(`holds picks of ${run}, wanted only those held out (${splits.holdout.join(", ")})`);
  for (const run of splits.holdout) if (!picks.has(run)) picks.set(run, []);
  const held = new Map(splits.holdout.map((run) => [run, truth.get(run)!]));
  const score = scorePicks(held, picks, particles);
  if (score.score !== result.metrics.score)
    throw altered(`scores ${score.score}, its record says ${result.metrics.score}`);
  const { picking, tuneScore } = await readCheckpoint(folder.best);
  const fbetas = Object.entries(score.perType).map(([type, { fbeta }]) => [type, fbeta] as const);
  const report: FoldReport = {
    fold: index,
    runs: splits,
    score: score.score,
    strictScore: score.strictScore,
    perType: Object.fromEntries(fbetas),
    picking: Object.fromEntries(picking),
    tuneScore,
    optimism: tuneScore === null ? null : tuneScore - scoreOver([...picking.keys()], score),
    seconds: Object.values(result.durations).reduce((sum, seconds) => sum + seconds, 0),
    commit: record.code.commit,
    checkpointHash: result.checkpointHash,
  };
  return { report, picks, result };
}
