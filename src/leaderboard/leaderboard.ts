/**
 * The leaderboard: submissions grouped by data, ranked by score and compared in pairs. The room `leaderboard` publishes,
 * ranks, checks and shows submissions.
 */
import { readdir } from "node:fs/promises";
import { datasetOf, type RunRecord } from "../domain/record.js";
import { leadingScore } from "../score/report.js";
import { type OverSeeds, overSeeds } from "../score/statistics/seeds.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { settle } from "../system/paths/replacing.js";
import type { Entry, LeaderboardRow, ReadFolders } from "./entries.js";
import type { ReportedDifference } from "./reportedComparison.js";
import { openRowThreads, type RowThreads } from "./rowThreads.js";
import {
  groupKey,
  isScored,
  type ScoredSubmission,
  type Submission,
  seedlessHash,
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
  readonly unranked: ReadFolders["unranked"];
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
  const threads = await openRowThreads(names.length);
  try {
    const { entries, unranked } = await threads.entries({
      root: submissionsRoot,
      names,
      isScoreAlone: !hasTypeIntervals,
    });
    const groups = new Map<string, Entry[]>();
    for (const entry of entries) {
      const { data, runs } = entry.submission.record;
      const key = groupKey(data.hash, runs.holdout);
      const group = groups.get(key) ?? [];
      group.push(entry);
      groups.set(key, group);
    }
    const ranked: { key: string; group: LeaderboardGroup }[] = [];
    for (const [key, own] of groups) ranked.push({ key, group: await rankGroup(own, threads) });
    ranked.sort((a, b) => b.group.rows.length - a.group.rows.length || (a.key < b.key ? -1 : 1));
    return { groups: ranked.map(({ group }) => group), unranked };
  } finally {
    await threads.close();
  }
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

async function rankGroup(entries: readonly Entry[], threads: RowThreads): Promise<LeaderboardGroup> {
  const sorted = entries.toSorted((a, b) => byScore(a, b) || (a.row.name < b.row.name ? -1 : 1));
  const first = sorted[0]!.submission;
  const ranks: number[] = [];
  for (const [at, entry] of sorted.entries())
    ranks.push(at > 0 && byScore(sorted[at - 1]!, entry) === 0 ? ranks[at - 1]! : at + 1);
  const against = await differencesTo(first, sorted, threads);
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
  threads: RowThreads,
): Promise<Map<Submission, ReportedDifference>> {
  if (!isScored(first)) return new Map();
  const scored = entries.map(({ submission }) => submission).filter(isScored);
  const others = scored.filter((each) => each !== first);
  const differences = await threads.differences(
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

/** Rows of one experiment that differ only by seed. */
interface SeedSummary {
  readonly experiment: string;
  readonly seeds: readonly number[];
  readonly score: OverSeeds;
  readonly perType: Readonly<Record<string, OverSeeds>>;
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
