/** Checks leaderboard rows: do their numbers follow from their files, and from the truth? */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { manifestDifferences } from "../data/manifest.js";
import type { Dataset } from "../data/model.js";
import { readTruth } from "../data/picks.js";
import type { Weighted } from "../domain/particles.js";
import { type FeatureReport, meanMeasures, pooledMeasures } from "../score/masks/featureScores.js";
import { centreLineDice, type MaskMeasure, type MaskMeasures, overlapOf } from "../score/masks/maskScore.js";
import { type Counts, fbeta, precisionOf, recallOf, sumCounts } from "../score/match/fbeta.js";
import { type PositionsByExperiment, positionsOf } from "../score/match/positions.js";
import type { RunReport } from "../score/report.js";
import { type ScoreReport, type TypeScore, weighted } from "../score/score.js";
import { readPositions, scoreSubmission } from "../score/submissionCsv.js";
import { isPickbenchError } from "../system/errors.js";
import { hashFile } from "../system/files.js";
import { submissionNames } from "./leaderboard.js";
import {
  isScored,
  readSubmissionFolder,
  type ScoredSubmission,
  type Submission,
  weightsOf,
} from "./submissionFolder.js";

/** Result of checking one row. */
export interface RowCheck {
  readonly name: string;
  /** Numbers that cannot be reproduced, a sentence each. */
  readonly problems: readonly string[];
  /** Whether the CSV was scored again; false without a truth, or for another data set than the row's. */
  readonly rescored: boolean;
}

/**
 * Recomputes every submission's numbers: without a data set, from its own files; with one, also the score of its CSV
 * against the truth, whose files must be those of its record.
 */
export async function checkLeaderboard(
  submissionsRoot: string,
  dataset: Dataset | null,
): Promise<RowCheck[]> {
  const checks: RowCheck[] = [];
  for (const name of await submissionNames(submissionsRoot)) {
    const folder = join(submissionsRoot, name);
    try {
      const submission = await readSubmissionFolder(folder, name);
      const own = await checkSubmission(folder, submission);
      const again = dataset && isScored(submission) ? await rescore(folder, submission, dataset) : null;
      checks.push({ name, problems: [...own, ...(again ?? [])], rescored: again !== null });
    } catch (error) {
      if (!isPickbenchError(error) || error.tag === "Stopped") throw error;
      checks.push({ name, problems: [error.message], rescored: false });
    }
  }
  return checks;
}

/** Scores a CSV again and lists differences; null where the data set holds none of the row's truth files. */
async function rescore(
  folder: string,
  { record, holdout }: ScoredSubmission,
  dataset: Dataset,
): Promise<string[] | null> {
  const runs = record.runs.holdout;
  const prefixes = runs.map((run) => `/ExperimentRuns/${run}/Picks/`);
  const isTruth = (path: string): boolean => prefixes.some((prefix) => path.includes(prefix));
  const { changed, missing, added, same } = await manifestDifferences(
    dataset,
    runs,
    record.data.files,
    isTruth,
  );
  if (same === 0 && changed.length === 0) return null;
  if (changed.length > 0) return [`the truth has changed since: ${changed.join(", ")}`];
  if (missing.length > 0) return [`the truth is incomplete: ${missing.join(", ")} is missing`];
  if (added.length > 0) return [`the truth holds what the record does not know: ${added.join(", ")}`];
  const truth = positionsOf(
    await readTruth({ ...dataset, runs: dataset.runs.filter(({ name }) => runs.includes(name)) }),
  );
  const score = await scoreSubmission(join(folder, "submission.csv"), truth, dataset.particles);
  if (score.score !== holdout.score)
    return [`its CSV scores ${score.score} against the truth, its record says ${holdout.score}`];
  return isDeepStrictEqual(score.perExperiment, holdout.perExperiment)
    ? []
    : ["its CSV gives other counts against the truth than its report holds"];
}

/** What two ways of computing one number may differ by. */
const rounding = 1e-12;

const differ = (a: number, b: number): boolean => !(Math.abs(a - b) <= rounding);

/**
 * Whether a submission's numbers follow from one another, without the truth: totals from the counts of each run, F and
 * score from the totals, and the counts of picks from the CSV.
 *
 * @param folder of the submission, which holds its CSV
 * @returns what does not follow, a sentence each; none where all does
 * @throws PickbenchError where the CSV cannot be read
 */
async function checkSubmission(folder: string, submission: Submission): Promise<string[]> {
  const ofFeatures = checkFeatures(submission.report);
  return isScored(submission) ? [...ofFeatures, ...(await checkScored(folder, submission))] : ofFeatures;
}

/** Features' measures against the counts of each run; distances alone do not follow from counts. */
const checkFeatures = ({ features = {} }: RunReport): string[] =>
  Object.entries(features).flatMap(([name, report]) => checkFeature(name, report));

function checkFeature(name: string, { perRun, mean, pooled, tune }: FeatureReport): string[] {
  const runs = [...Object.entries(perRun), ...Object.entries(tune?.perRun ?? {})];
  return [
    ...runs.flatMap(([run, score]) =>
      differences(`${name} in ${run}`, score, { ...overlapOf(score), clDice: centreLineDice(score) }),
    ),
    ...differences(`mean of ${name}`, mean, meanMeasures(perRun)),
    ...differences(`${name} over all voxels`, pooled, pooledMeasures(Object.values(perRun))),
    ...(tune ? differences(`mean of ${name} on the tune runs`, tune.mean, meanMeasures(tune.perRun)) : []),
  ];
}

function differences(where: string, got: MaskMeasures, wanted: Partial<MaskMeasures>): string[] {
  return Object.entries(wanted).flatMap(([measure, value]) => {
    const own = got[measure as MaskMeasure];
    const isSame = own === value || (own !== null && value !== null && !differ(own, value));
    return isSame ? [] : [`${where}: ${measure} is ${own} in the report and ${value} by its counts`];
  });
}

async function checkScored(folder: string, submission: ScoredSubmission): Promise<string[]> {
  const particles = weightsOf(submission);
  const csv = join(folder, "submission.csv");
  const picks = await readPositions(csv, { particles });
  const { submissionHash } = submission.result;
  const isOther = submissionHash !== undefined && (await hashFile(csv)) !== submissionHash;
  return [
    ...checkTotals(submission.holdout),
    ...checkScores(submission, particles),
    ...(isOther ? ["submission.csv is not the file whose SHA-256 the record holds"] : []),
    ...checkPicks(submission.holdout, picks),
  ];
}

function checkTotals({ perType, perExperiment }: ScoreReport): string[] {
  const runs = Object.entries(perExperiment);
  const strangers = runs.flatMap(([run, counts]) =>
    Object.keys(counts)
      .filter((type) => !Object.hasOwn(perType, type))
      .map((type) => `${run} has counts of ${type}, of which the report has no total`),
  );
  return [
    ...strangers,
    ...Object.entries(perType).flatMap(([type, total]) => {
      const own = runs.map(([, counts]) => counts[type]).filter((counts) => counts !== undefined);
      const strictTp = own.reduce((sum, counts) => sum + counts.strictTp, 0);
      return checkType(type, total, sumCounts(own), strictTp);
    }),
  ];
}

function checkType(type: string, total: TypeScore, counts: Counts, strictTp: number): string[] {
  const strict = { tp: strictTp, fp: counts.tp + counts.fp - strictTp, fn: counts.tp + counts.fn - strictTp };
  const values: readonly [name: string, got: number, wanted: number][] = [
    ["TP", total.tp, counts.tp],
    ["FP", total.fp, counts.fp],
    ["FN", total.fn, counts.fn],
    ["truths", total.truths, counts.tp + counts.fn],
    ["predictions", total.predictions, counts.tp + counts.fp],
    ["precision", total.precision, precisionOf(counts)],
    ["recall", total.recall, recallOf(counts)],
    ["F4", total.fbeta, fbeta(counts)],
    ["strict TP", total.strict.tp, strict.tp],
    ["strict FP", total.strict.fp, strict.fp],
    ["strict FN", total.strict.fn, strict.fn],
    ["strict F4", total.strict.fbeta, fbeta(strict)],
  ];
  return values
    .filter(([, got, wanted]) => differ(got, wanted))
    .map(
      ([name, got, wanted]) => `${type}: ${name} is ${got} in the report and ${wanted} by its runs' counts`,
    );
}

function checkScores({ holdout, result }: ScoredSubmission, particles: readonly Weighted[]): string[] {
  const { perType, score, strictScore, perExperiment } = holdout;
  const problems = Object.entries(perType).flatMap(([type, { weight }]) => {
    const wanted = particles.find(({ name }) => name === type)?.weight;
    return weight === wanted
      ? []
      : [`${type}: weight is ${weight} in the report, wanted ${wanted ?? "none"}`];
  });
  const [official, strict] = [
    weighted(particles, (type) => perType[type]?.fbeta ?? 0),
    weighted(particles, (type) => perType[type]?.strict.fbeta ?? 0),
  ];
  if (differ(score, official)) problems.push(`score is ${score}, by its types ${official}`);
  if (differ(strictScore, strict)) problems.push(`strict score is ${strictScore}, by its types ${strict}`);
  const recorded = result.metrics.strictScore;
  if (recorded !== undefined && recorded !== strictScore)
    problems.push(`strict score is ${strictScore} in the report and ${recorded} in the record`);
  const runs = Object.keys(perExperiment).length;
  if (holdout.experiments !== runs)
    problems.push(`report says ${holdout.experiments} runs and holds ${runs}`);
  return problems;
}

/** The CSV's picks by run and type against what the report counted. */
function checkPicks(
  { perExperiment, perType, dropped }: ScoreReport,
  picks: PositionsByExperiment,
): string[] {
  const countOf = (run: string, type: string): number =>
    (picks.get(run)?.get(type)?.coordinates.length ?? 0) / 3;
  const problems = Object.entries(perExperiment).flatMap(([run, counts]) =>
    Object.entries(counts).flatMap(([type, { tp, fp }]) =>
      countOf(run, type) === tp + fp
        ? []
        : [`${run}: the CSV has ${countOf(run, type)} picks of ${type}, the report counted ${tp + fp}`],
    ),
  );
  const left = { experiment: 0, type: 0 };
  for (const [run, ofRun] of picks)
    for (const type of ofRun.keys())
      if (!Object.hasOwn(perExperiment, run)) left.experiment += countOf(run, type);
      else if (!Object.hasOwn(perType, type)) left.type += countOf(run, type);
  if (left.experiment !== dropped.experiment)
    problems.push(
      `the CSV has ${left.experiment} picks in runs not held out, the report counted ${dropped.experiment}`,
    );
  if (left.type !== dropped.type)
    problems.push(
      `the CSV has ${left.type} picks of types not in the truth, the report counted ${dropped.type}`,
    );
  return problems;
}
