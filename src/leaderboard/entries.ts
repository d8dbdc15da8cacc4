/** Submissions as they are read for a leaderboard: each with its row, as far as that follows from itself alone. */
import { join } from "node:path";
import { z } from "zod";
import type { RunRecord } from "../domain/record.js";
import { type ScoreInterval, scoreInterval } from "../score/statistics/interval.js";
import { isPickbenchError } from "../system/errors.js";
import { type PublicSplit, publicSplitSchema, type SplitScores, splitScores } from "./publicSplit.js";
import type { ReportedDifference } from "./reportedComparison.js";
import {
  diceByFeature,
  isScored,
  readSubmissionFolder,
  type ScoredSubmission,
  type Submission,
  tomogramSeconds,
  weightsOf,
} from "./submissionFolder.js";

/** Folders to read. */
export interface EntriesTask {
  readonly root: string;
  /** Names of folders in it. */
  readonly names: readonly string[];
  /** Whether intervals are without those of types. */
  readonly isScoreAlone: boolean;
}

/** A submission and its row, without rank and difference to others. */
export interface Entry {
  readonly submission: Submission;
  readonly row: Omit<LeaderboardRow, "rank" | "against">;
}

/** What was read of folders, in the order of their names. */
export interface ReadFolders {
  readonly entries: readonly Entry[];
  /** Folders that cannot be ranked, with the reason. */
  readonly unranked: readonly { readonly name: string; readonly why: string }[];
}

/** A submission's row. */
export interface LeaderboardRow {
  /** Rank by score, from 1; equal scores share a rank. */
  readonly rank: number;
  /** Name of the submission's folder: the experiment's name, with the seed unless that is 0. */
  readonly name: string;
  readonly experiment: string;
  /** Score of the held-out runs; null where the experiment has features alone. */
  readonly score: number | null;
  /** Mean Dice by feature, null where it is not defined; absent where there are no features. */
  readonly dice?: Readonly<Record<string, number | null>>;
  /**
   * Interval recomputed from the report's counts, so that all rows, old ones too, have it by the same rule; without types
   * where they were not asked for.
   */
  readonly interval: ScoreInterval | null;
  /** Difference to the highest score of the group; null for that row itself. */
  readonly against: ReportedDifference | null;
  /** F4 by type. */
  readonly perType: Readonly<Record<string, number>>;
  /** Types that have no weight in the score. */
  readonly notScored: readonly string[];
  /** Scores of the public and private part; null where the experiment defines no public part. */
  readonly split: SplitScores | null;
  readonly network: string;
  readonly parameters: number;
  readonly trainMinutes: number;
  /** Minutes of all stages together. */
  readonly minutes: number;
  /** Seconds of reading, predicting and picking one held-out run. */
  readonly tomogramSeconds: number | null;
  readonly cpu: string;
  readonly cores: number;
  readonly engine: string;
  readonly seed: number;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly finishedAt: string;
}

/** Reads folders at once, and computes the intervals of their scores. */
export async function readEntries({ root, names, isScoreAlone }: EntriesTask): Promise<ReadFolders> {
  const entries: Entry[] = [];
  const unranked: { name: string; why: string }[] = [];
  const read = await Promise.allSettled(names.map((name) => readEntry(root, name, isScoreAlone)));
  for (const [at, each] of read.entries()) {
    if (each.status === "fulfilled") entries.push(each.value);
    else if (isPickbenchError(each.reason))
      unranked.push({ name: names[at]!, why: each.reason.message.replaceAll(join(root, "/"), "") });
    else throw each.reason;
  }
  return { entries, unranked };
}

async function readEntry(root: string, name: string, isScoreAlone: boolean): Promise<Entry> {
  const submission = await readSubmissionFolder(join(root, name), name);
  const row = rowOf(submission, isScoreAlone);
  // Manifests of thousands of records are hundreds of MB.
  const { data } = submission.record;
  return {
    row,
    submission: { ...submission, record: { ...submission.record, data: { ...data, files: [] } } },
  };
}

/**
 * Makes a row without its rank. @throws PickbenchError BadExperiment where its public part does not fit its held-out
 * runs
 */
function rowOf(submission: Submission, isScoreAlone: boolean): Entry["row"] {
  const { name, record, result, holdout } = submission;
  const dice = diceByFeature(submission.report);
  const seconds = Object.values(result.durations).reduce((sum, value) => sum + value, 0);
  return {
    name,
    experiment: record.name,
    score: holdout?.score ?? null,
    ...(dice && { dice }),
    ...(isScored(submission) ? scoredPart(submission, isScoreAlone) : notScored),
    network: record.network,
    parameters: result.parameters,
    trainMinutes: (result.durations.train ?? 0) / 60,
    minutes: seconds / 60,
    tomogramSeconds: tomogramSeconds(record),
    cpu: record.machine.cpu,
    cores: record.machine.cores,
    engine: record.engine,
    seed: record.seed,
    commit: record.code.commit,
    dirty: record.code.dirty,
    finishedAt: result.finishedAt,
  };
}

function scoredPart(submission: ScoredSubmission, isScoreAlone: boolean): ScoredPart {
  const { record, holdout } = submission;
  const particles = weightsOf(submission);
  const split = publicSplitOf(record);
  return {
    interval: scoreInterval(holdout, { particles, isScoreAlone }),
    perType: Object.fromEntries(Object.entries(holdout.perType).map(([type, { fbeta }]) => [type, fbeta])),
    notScored: Object.entries(holdout.perType).flatMap(([type, { weight }]) => (weight > 0 ? [] : [type])),
    split: split && splitScores(holdout, split, particles),
  };
}

type ScoredPart = Pick<LeaderboardRow, "interval" | "perType" | "notScored" | "split">;

/** What a row of features alone has of these. */
const notScored: ScoredPart = { interval: null, perType: {}, notScored: [], split: null };

const splitHolder = z.object({ leaderboard: publicSplitSchema.optional() });

function publicSplitOf({ experiment }: RunRecord): PublicSplit | null {
  const parsed = splitHolder.safeParse(experiment.resolved);
  return (parsed.success && parsed.data.leaderboard) || null;
}
