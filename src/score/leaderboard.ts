import { existsSync } from "node:fs";
import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isPickbenchError, messageOf, PickbenchError } from "../errors.js";
import { writeFolderWhole, writeWhole } from "../files.js";
import { leaderboardMarkdown } from "./leaderboardMarkdown.js";
import { type LeaderboardRow, rowOf, type SeedSummary, seedSummaries } from "./leaderboardRow.js";
import { compareReports } from "./reportedComparison.js";
import {
  foldsFile,
  groupKey,
  readSubmissionFolder,
  type Submission,
  submissionFiles,
  weightsOf,
} from "./submissionFolder.js";

export { readReport } from "./submissionFolder.js";

/** Submissions that may be compared: same files of data, same runs held out. */
export interface LeaderboardGroup {
  readonly dataHash: string;
  readonly holdout: readonly string[];
  /** Highest score first. */
  readonly rows: readonly LeaderboardRow[];
  /** Of experiments with several seeds. */
  readonly seeds: readonly SeedSummary[];
}

export interface Leaderboard {
  readonly groups: readonly LeaderboardGroup[];
  /** Folders that cannot be ranked, and why. */
  readonly unranked: readonly { readonly name: string; readonly why: string }[];
}

/** Copies a finished run's CSV, report and record to `submissions/NAME/`, replacing an older one as a whole. */
export async function publishSubmission(
  runFolder: string,
  submissionsRoot: string,
  name: string,
): Promise<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new PickbenchError(
      "BadUsage",
      `"${name}" cannot name a submission, wanted letters, digits, dots, dashes and underscores; choose another name`,
    );
  await readSubmissionFolder(runFolder, name);
  const target = join(submissionsRoot, name);
  await writeFolderWhole(target, async (partial) => {
    for (const file of submissionFiles) await copyFile(join(runFolder, file), join(partial, file));
    if (existsSync(join(runFolder, foldsFile)))
      await copyFile(join(runFolder, foldsFile), join(partial, foldsFile));
  });
  return target;
}

/** Reads every folder of submissions and ranks them. */
export async function readLeaderboard(submissionsRoot: string): Promise<Leaderboard> {
  const groups = new Map<string, Entry[]>();
  const unranked: { name: string; why: string }[] = [];
  for (const name of await submissionNames(submissionsRoot)) {
    try {
      const submission = await readSubmissionFolder(join(submissionsRoot, name), name);
      const { record } = submission;
      const key = groupKey(record.data.hash, record.runs.holdout);
      const entry = { submission, row: rowOf(submission) };
      groups.set(key, [...(groups.get(key) ?? []), entry]);
    } catch (error) {
      if (!isPickbenchError(error)) throw error;
      unranked.push({ name, why: error.message.replaceAll(join(submissionsRoot, "/"), "") });
    }
  }
  const ranked = [...groups].map(([key, entries]) => ({ key, group: rankGroup(entries) }));
  ranked.sort((a, b) => b.group.rows.length - a.group.rows.length || (a.key < b.key ? -1 : 1));
  return { groups: ranked.map(({ group }) => group), unranked };
}

/** Generates LEADERBOARD.md from the records beside it. */
export async function writeLeaderboard(submissionsRoot: string): Promise<Leaderboard> {
  const leaderboard = await readLeaderboard(submissionsRoot);
  await writeWhole(join(submissionsRoot, "LEADERBOARD.md"), leaderboardMarkdown(leaderboard));
  return leaderboard;
}

interface Entry {
  readonly submission: Submission;
  readonly row: ReturnType<typeof rowOf>;
}

/** Names of the submissions' folders, sorted. @throws BadUsage where they cannot be listed */
export async function submissionNames(root: string): Promise<string[]> {
  try {
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

function rankGroup(entries: readonly Entry[]): LeaderboardGroup {
  const sorted = entries.toSorted((a, b) => b.row.score - a.row.score || (a.row.name < b.row.name ? -1 : 1));
  const first = sorted[0]!.submission;
  const rows = sorted.map(({ row, submission }) => ({
    rank: sorted.findIndex((other) => other.row.score === row.score) + 1,
    ...row,
    against:
      submission === first ? null : compareReports(submission.holdout, first.holdout, weightsOf(submission)),
  }));
  const { data, runs } = first.record;
  return {
    dataHash: data.hash,
    holdout: runs.holdout.toSorted(),
    rows,
    seeds: seedSummaries(sorted.map(({ submission }) => submission)),
  };
}
