/**
 * The leaderboard: submissions grouped by data, ranked by score and compared in pairs. The room `leaderboard` publishes,
 * ranks, checks and shows submissions.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { datasetOf, type RunRecord } from "../domain/record.js";
import { leadingScore } from "../score/report.js";
import type { ScoreInterval } from "../score/statistics/interval.js";
import { type OverSeeds, overSeeds } from "../score/statistics/seeds.js";
import { isPickbenchError, messageOf, PickbenchError } from "../system/errors.js";
import { settle } from "../system/paths/replacing.js";
import { type PublicSplit, publicSplitSchema, type SplitScores, splitScores } from "./publicSplit.js";
import type { ReportedDifference } from "./reportedComparison.js";
import { openStatistics, type RowStatistics } from "./statistics.js";
import {
  diceByFeature,
  groupKey,
  isScored,
  readSubmissionFolder,
  type ScoredSubmission,
  type Submission,
  seedlessHash,
  tomogramSeconds,
  weightsOf,
} from "./submissionFolder.js";

export { readReport } from "./submissionFolder.js";

/** Submissions that may be compared: same data files, same held-out runs. */
export interface LeaderboardGroup {
  readonly dataHash: string;
  /** Name of the data's folder or configuration in the rows' records; null where they name none. */
  readonly dataName: string | null;
  readonly holdout: readonly string[];
  /** Rows, highest score first. */
  readonly rows: readonly LeaderboardRow[];
  /** Summaries of experiments with several seeds. */
  readonly seeds: readonly SeedSummary[];
}

/** A leaderboard: ranked groups, and what could not be ranked. */
export interface Leaderboard {
  readonly groups: readonly LeaderboardGroup[];
  /** Folders that cannot be ranked, with the reason. */
  readonly unranked: readonly { readonly name: string; readonly why: string }[];
}

/** What a leaderboard says. */
export interface LeaderboardOptions {
  /** Whether intervals of rows hold those of their types, which take longer than the score's. */
  readonly hasTypeIntervals?: boolean;
}

/** Reads every folder of submissions and ranks them. */
export async function readLeaderboard(
  submissionsRoot: string,
  { hasTypeIntervals = false }: LeaderboardOptions = {},
): Promise<Leaderboard> {
  const names = await submissionNames(submissionsRoot);
  const statistics = await openStatistics(names.length);
  try {
    const { entries, unranked } = await readEntries(submissionsRoot, names, statistics, !hasTypeIntervals);
    const groups = new Map<string, Entry[]>();
    for (const entry of entries) {
      const { data, runs } = entry.submission.record;
      const key = groupKey(data.hash, runs.holdout);
      const group = groups.get(key) ?? [];
      group.push(entry);
      groups.set(key, group);
    }
    const ranked: { key: string; group: LeaderboardGroup }[] = [];
    for (const [key, own] of groups) ranked.push({ key, group: await rankGroup(own, statistics) });
    ranked.sort((a, b) => b.group.rows.length - a.group.rows.length || (a.key < b.key ? -1 : 1));
    return { groups: ranked.map(({ group }) => group), unranked };
  } finally {
    await statistics.close();
  }
}

/** Number of folders that are read at once. */
const atOnce = 32;

interface Entry {
  readonly submission: Submission;
  readonly row: ReturnType<typeof rowOf>;
}

/** Reads submissions in the order of names; intervals are computed while the next ones are read. */
async function readEntries(
  root: string,
  names: readonly string[],
  statistics: RowStatistics,
  isScoreAlone: boolean,
): Promise<{ readonly entries: readonly Entry[]; readonly unranked: Leaderboard["unranked"] }> {
  const unranked: { name: string; why: string }[] = [];
  const withIntervals: Promise<Entry[]>[] = [];
  for (let at = 0; at < names.length; at += atOnce) {
    const some = names.slice(at, at + atOnce);
    const read = await Promise.allSettled(some.map((name) => readEntry(root, name)));
    for (const [i, each] of read.entries()) {
      if (each.status === "fulfilled") continue;
      if (!isPickbenchError(each.reason)) throw each.reason;
      unranked.push({ name: some[i]!, why: each.reason.message.replaceAll(join(root, "/"), "") });
    }
    const entries = read.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    withIntervals.push(addIntervals(entries, statistics, isScoreAlone));
    // What fails is thrown below, where all are awaited.
    withIntervals.at(-1)!.catch(() => {});
  }
  return { entries: (await Promise.all(withIntervals)).flat(), unranked };
}

async function readEntry(root: string, name: string): Promise<Entry> {
  const submission = await readSubmissionFolder(join(root, name), name);
  const row = rowOf(submission);
  // Manifests of thousands of records are hundreds of MB.
  const { data } = submission.record;
  return {
    row,
    submission: { ...submission, record: { ...submission.record, data: { ...data, files: [] } } },
  };
}

async function addIntervals(
  entries: readonly Entry[],
  statistics: RowStatistics,
  isScoreAlone: boolean,
): Promise<Entry[]> {
  const scored = entries.map(({ submission }) => submission).filter(isScored);
  const tasks = scored.map((each) => ({ report: each.holdout, particles: weightsOf(each), isScoreAlone }));
  const intervals = await statistics.intervals(tasks);
  const intervalOf = new Map<Submission, ScoreInterval | null>(
    scored.map((each, at) => [each, intervals[at]!]),
  );
  return entries.map(({ submission, row }) => ({
    submission,
    row: { ...row, interval: intervalOf.get(submission) ?? null },
  }));
}

/** Lists the names of the submissions' folders, sorted. @throws PickbenchError BadUsage where they cannot be listed */
export async function submissionNames(root: string): Promise<string[]> {
  try {
    await settle(root);
    const entries = await readdir(root, { withFileTypes: true });
    return entries
      .filter(
        (entry) => entry.isDirectory() && !entry.name.startsWith(".") && !entry.name.includes(".partial-"),
      )
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw new PickbenchError(
      "BadUsage",
      `cannot list the submissions in ${root} (${messageOf(error)}); name the folder with --submissions`,
      { path: root, cause: error },
    );
  }
}

async function rankGroup(entries: readonly Entry[], statistics: RowStatistics): Promise<LeaderboardGroup> {
  const sorted = entries.toSorted((a, b) => byScore(a, b) || (a.row.name < b.row.name ? -1 : 1));
  const first = sorted[0]!.submission;
  const ranks: number[] = [];
  for (const [at, entry] of sorted.entries())
    ranks.push(at > 0 && byScore(sorted[at - 1]!, entry) === 0 ? ranks[at - 1]! : at + 1);
  const against = await differencesTo(first, sorted, statistics);
  const rows = sorted.map(({ row, submission }, at) => ({
    rank: ranks[at]!,
    ...row,
    against: against.get(submission) ?? null,
  }));
  const { data, runs } = first.record;
  return {
    dataHash: data.hash,
    dataName:
      sorted.map(({ submission }) => dataNameOf(submission.record)).find((name) => name !== null) ?? null,
    holdout: runs.holdout.toSorted(),
    rows,
    seeds: seedSummaries(sorted.map(({ submission }) => submission).filter(isScored)),
  };
}

/** Returns the differences of the scored submissions to the first. */
async function differencesTo(
  first: Submission,
  entries: readonly Entry[],
  statistics: RowStatistics,
): Promise<Map<Submission, ReportedDifference>> {
  if (!isScored(first)) return new Map();
  const scored = entries.map(({ submission }) => submission).filter(isScored);
  const others = scored.filter((each) => each !== first);
  const differences = await statistics.differences(
    others.map((each) => ({ report: each.holdout, first: first.holdout, particles: weightsOf(each) })),
  );
  return new Map(others.map((each, at) => [each, differences[at]!]));
}

/** Orders the highest score first; rows of features alone come after, by the mean of their features' Dice. */
function byScore({ submission: a }: Entry, { submission: b }: Entry): number {
  const leads = ({ report }: Submission): number => leadingScore(report) ?? -1;
  return Number(isScored(b)) - Number(isScored(a)) || leads(b) - leads(a);
}

/** The last part of the path of a run's data set; null where none was given. */
export function dataNameOf(record: Pick<RunRecord, "dataset" | "command">): string | null {
  const parts = datasetOf(record)
    ?.split(/[\\/]+/)
    .filter((part) => part !== "" && part !== "." && part !== "..");
  return parts?.at(-1) ?? null;
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

/** Rows of one experiment that differ only by seed. */
interface SeedSummary {
  readonly experiment: string;
  readonly seeds: readonly number[];
  readonly score: OverSeeds;
  readonly perType: Readonly<Record<string, OverSeeds>>;
}

/**
 * Makes a row without its rank. @throws PickbenchError BadExperiment where its public part does not fit its held-out
 * runs
 */
function rowOf(submission: Submission): Omit<LeaderboardRow, "rank" | "against"> {
  const { name, record, result, holdout } = submission;
  const dice = diceByFeature(submission.report);
  const seconds = Object.values(result.durations).reduce((sum, value) => sum + value, 0);
  return {
    name,
    experiment: record.name,
    score: holdout?.score ?? null,
    ...(dice && { dice }),
    ...(isScored(submission) ? scoredPart(submission) : notScored),
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

function scoredPart(submission: ScoredSubmission): ScoredPart {
  const { record, holdout } = submission;
  const particles = weightsOf(submission);
  const split = publicSplitOf(record);
  return {
    interval: null,
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

/** Summarises the experiments of a group that were run with several seeds, in the order of the rows. */
function seedSummaries(submissions: readonly ScoredSubmission[]): SeedSummary[] {
  const byExperiment = new Map<string, ScoredSubmission[]>();
  for (const submission of submissions) {
    const key = seedlessHash(submission.record);
    const own = byExperiment.get(key) ?? [];
    own.push(submission);
    byExperiment.set(key, own);
  }
  return [...byExperiment.values()]
    .map((own) =>
      own.filter((each, at) => own.findIndex(({ record }) => record.seed === each.record.seed) === at),
    )
    .filter((own) => own.length > 1)
    .map((own) => ({
      experiment: own[0]!.record.name,
      seeds: own.map(({ record }) => record.seed).sort((a, b) => a - b),
      score: overSeeds(own.map(({ holdout }) => holdout.score)),
      perType: Object.fromEntries(
        Object.keys(own[0]!.holdout.perType).map((type) => [
          type,
          overSeeds(own.map(({ holdout }) => holdout.perType[type]?.fbeta ?? 0)),
        ]),
      ),
    }));
}
