/** Submission folders: record, report and CSV of a finished run. */
import { join } from "node:path";
import { challengeParticles, type Weighted } from "../domain/particles.js";
import { type RunRecord, readRecord } from "../domain/record.js";
import { parseJson } from "../formats/json.js";
import { diceKey } from "../score/masks/featureScores.js";
import { isJudged, judgedFeatures, type RunReport, runReportSchema } from "../score/report.js";
import type { ScoreReport } from "../score/score.js";
import { PickbenchError } from "../system/errors.js";
import { canonicalJson, hashOf } from "../system/files.js";
import { readText } from "../system/paths/opening.js";

/** Files of a submission's folder; a run's folder holds them among others. */
const submissionFiles = ["record.json", "report.json", "submission.csv"] as const;

/** Additional file of an experiment that was run in folds. */
export const foldsFile = "folds.json";

/** A finished run's record and report, which agree with each other. */
export interface Submission {
  /** Name of the folder. */
  readonly name: string;
  readonly record: RunRecord;
  readonly result: NonNullable<RunRecord["result"]>;
  readonly report: RunReport;
  /** Score report of the held-out runs; null where the experiment has features alone. */
  readonly holdout: ScoreReport | null;
}

/** A submission with a score of the challenge. */
export type ScoredSubmission = Submission & { readonly holdout: ScoreReport };

export const isScored = (submission: Submission): submission is ScoredSubmission =>
  submission.holdout !== null;

/** Files that a submission with this report has. */
export const filesOf = ({ holdout }: RunReport): readonly string[] =>
  holdout ? submissionFiles : submissionFiles.filter((file) => file !== "submission.csv");

/**
 * Reads a submission's folder.
 * @throws PickbenchError BadExperiment where record or report is unreadable or unfinished, or they contradict each
 * other
 */
export async function readSubmissionFolder(folder: string, name: string): Promise<Submission> {
  const record = await readRecord(join(folder, "record.json"));
  const { result } = record;
  if (result === null) throw unusable(folder, "the run was never finished");
  const report = await readReport(join(folder, "report.json"));
  const { holdout } = report;
  checkFeatures(folder, record, report);
  if (holdout === null) {
    if (isJudged(report)) return { name, record, result, report, holdout };
    throw unusable(folder, "no run was held out, so there is no score to rank");
  }
  if (result.metrics.score !== holdout.score)
    throw unusable(folder, `its record says score ${result.metrics.score} and its report ${holdout.score}`);
  const [scored, heldOut] = [Object.keys(holdout.perExperiment), record.runs.holdout].map((runs) =>
    runs.toSorted().join(", "),
  );
  if (scored !== heldOut)
    throw unusable(
      folder,
      `its record holds out ${heldOut || "no run"} and its report scores ${scored || "none"}`,
    );
  return { name, record, result, report, holdout };
}

/** @throws PickbenchError BadExperiment where the features of record and report contradict each other */
function checkFeatures(folder: string, { runs, result }: RunRecord, report: RunReport): void {
  for (const [feature, { mean, perRun }] of judgedFeatures(report)) {
    const recorded = result?.metrics[diceKey(feature)];
    if ((recorded ?? null) !== mean.dice)
      throw unusable(
        folder,
        `its record says Dice ${recorded ?? "none"} for ${feature} and its report ${mean.dice ?? "none"}`,
      );
    const stranger = Object.keys(perRun).find((run) => !runs.holdout.includes(run));
    if (stranger !== undefined)
      throw unusable(
        folder,
        `its report scores ${feature} in ${stranger}, which its record does not hold out`,
      );
  }
}

/** Returns the mean Dice over held-out runs by feature; undefined where no feature was scored. */
export function diceByFeature(report: RunReport): Readonly<Record<string, number | null>> | undefined {
  const scored = judgedFeatures(report);
  if (scored.length === 0) return undefined;
  return Object.fromEntries(scored.map(([feature, { mean }]) => [feature, mean.dice]));
}

const unusable = (folder: string, why: string): PickbenchError =>
  new PickbenchError("BadExperiment", `${folder} cannot be ranked: ${why}; finish or repeat the run`, {
    path: folder,
  });

/** Reads a run's report.json. @throws PickbenchError BadExperiment where it is missing or damaged */
export async function readReport(path: string): Promise<RunReport> {
  try {
    return runReportSchema.parse(parseJson(await readText(path), { path, tag: "BadExperiment" }));
  } catch (error) {
    throw new PickbenchError(
      "BadExperiment",
      `${path} is no report of a run; write it again by repeating the run`,
      { path, cause: error },
    );
  }
}

/**
 * Returns the types that share a submission's score: those of its record; for older records the challenge's, or all
 * types of the truth.
 */
export function weightsOf({
  record,
  holdout,
}: Pick<ScoredSubmission, "record" | "holdout">): readonly Weighted[] {
  if (record.weights) return Object.entries(record.weights).map(([name, weight]) => ({ name, weight }));
  const own = Object.entries(holdout.perType).map(([name, { weight }]) => ({ name, weight }));
  const isChallenge = own.every((type) =>
    challengeParticles.some(({ name, weight }) => name === type.name && weight === type.weight),
  );
  return isChallenge ? challengeParticles : own;
}

/** Hash of what submissions must share to be compared: every data file, and the held-out runs. */
export const groupKey = (dataHash: string, holdout: readonly string[]): string =>
  hashOf(canonicalJson({ dataHash, holdout: holdout.toSorted() }));

/** Hash of what runs of one experiment with different seeds share. */
export function seedlessHash({ experiment }: RunRecord): string {
  const { seed: _, ...others } = experiment.resolved;
  return hashOf(canonicalJson(others));
}

/** Returns the seconds of reading, predicting and picking a held-out run; null where they were not timed. */
export function tomogramSeconds({ runs, result }: RunRecord): number | null {
  const seconds = result?.durations.predict;
  return seconds === undefined || runs.holdout.length === 0 ? null : seconds / runs.holdout.length;
}
