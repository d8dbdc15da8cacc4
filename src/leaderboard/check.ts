/** Checks the rows of a leaderboard: recomputes their numbers, and scores their CSVs again. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { manifestDifferences } from "../data/manifest.js";
import type { Dataset } from "../data/model.js";
import { readTruth } from "../data/picks.js";
import { positionsOf } from "../score/match/positions.js";
import { scoreSubmission } from "../score/submissionCsv.js";
import { isPickbenchError } from "../system/errors.js";
import { submissionNames } from "./leaderboard.js";
import { checkSubmission } from "./submissionCheck.js";
import { readSubmissionFolder, type Submission } from "./submissionFolder.js";

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
      const again = dataset ? await rescore(folder, submission, dataset) : null;
      checks.push({ name, problems: [...own, ...(again ?? [])], rescored: again !== null });
    } catch (error) {
      if (!isPickbenchError(error)) throw error;
      checks.push({ name, problems: [error.message], rescored: false });
    }
  }
  return checks;
}

/** Scores a CSV again and lists differences; null where the data set holds none of the row's truth files. */
async function rescore(
  folder: string,
  { record, holdout }: Submission,
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
