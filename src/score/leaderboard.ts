import { existsSync } from "node:fs";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isPickbenchError, messageOf, PickbenchError } from "../errors.js";
import { canonicalJson, hashOf, writeFolderWhole, writeWhole } from "../files.js";
import { type RunRecord, readRecord } from "../record.js";
import type { ScoreInterval } from "./interval.js";
import { type RunReport, runReportSchema } from "./report.js";

/** What a submission's folder holds, and a run's folder among other things. */
export const submissionFiles = ["record.json", "report.json", "submission.csv"] as const;

/** What it holds beside them where the experiment was run in folds. */
export const foldsFile = "folds.json";

export interface LeaderboardRow {
  /** From 1; equal scores share a rank. */
  readonly rank: number;
  readonly name: string;
  /** On the held-out runs. */
  readonly score: number;
  readonly interval: ScoreInterval | null;
  /** F4 by type. */
  readonly perType: Readonly<Record<string, number>>;
  readonly network: string;
  readonly parameters: number;
  /** All stages together. */
  readonly minutes: number;
  readonly seed: number;
  readonly commit: string | null;
  readonly dirty: boolean | null;
}

/** Submissions that may be compared: same files of data, same runs held out. */
export interface LeaderboardGroup {
  readonly dataHash: string;
  readonly holdout: readonly string[];
  readonly rows: readonly LeaderboardRow[];
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
  await readEntry(runFolder, name);
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
  for (const name of await folderNames(submissionsRoot)) {
    try {
      const entry = await readEntry(join(submissionsRoot, name), name);
      const list = groups.get(entry.group);
      if (list) list.push(entry);
      else groups.set(entry.group, [entry]);
    } catch (error) {
      if (!isPickbenchError(error)) throw error;
      unranked.push({ name, why: error.message.replaceAll(join(submissionsRoot, "/"), "") });
    }
  }
  const ranked = [...groups.values()].map(rankGroup);
  ranked.sort((a, b) => b.rows.length - a.rows.length || (groupKey(a) < groupKey(b) ? -1 : 1));
  return { groups: ranked, unranked };
}

/** Generates LEADERBOARD.md from the records beside it. */
export async function writeLeaderboard(submissionsRoot: string): Promise<Leaderboard> {
  const leaderboard = await readLeaderboard(submissionsRoot);
  await writeWhole(join(submissionsRoot, "LEADERBOARD.md"), leaderboardMarkdown(leaderboard));
  return leaderboard;
}

interface Entry {
  readonly group: string;
  readonly record: RunRecord;
  readonly row: Omit<LeaderboardRow, "rank">;
}

const groupKey = ({ dataHash, holdout }: Pick<LeaderboardGroup, "dataHash" | "holdout">): string =>
  hashOf(canonicalJson({ dataHash, holdout: holdout.toSorted() }));

async function folderNames(root: string): Promise<string[]> {
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

async function readEntry(folder: string, name: string): Promise<Entry> {
  const record = await readRecord(join(folder, "record.json"));
  const { result } = record;
  if (result === null) throw unusable(folder, "the run was never finished");
  const report = await readReport(join(folder, "report.json"));
  if (report.holdout === null) throw unusable(folder, "no run was held out, so there is no score to rank");
  const { score, perType } = report.holdout;
  if (result.metrics.score !== score)
    throw unusable(folder, `its record says score ${result.metrics.score} and its report ${score}`);
  const seconds = Object.values(result.durations).reduce((sum, value) => sum + value, 0);
  return {
    group: groupKey({ dataHash: record.data.hash, holdout: record.runs.holdout }),
    record,
    row: {
      name,
      score,
      interval: report.interval,
      perType: Object.fromEntries(Object.entries(perType).map(([type, { fbeta }]) => [type, fbeta])),
      network: record.network,
      parameters: result.parameters,
      minutes: seconds / 60,
      seed: record.seed,
      commit: record.code.commit,
      dirty: record.code.dirty,
    },
  };
}

const unusable = (folder: string, why: string): PickbenchError =>
  new PickbenchError("BadExperiment", `${folder} cannot be ranked: ${why}; finish or repeat the run`, {
    path: folder,
  });

/** A run's report.json. @throws BadExperiment where it is none */
export async function readReport(path: string): Promise<RunReport> {
  try {
    return runReportSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw new PickbenchError(
      "BadExperiment",
      `${path} is no report of a run; write it again by repeating the run`,
      {
        path,
        cause: error,
      },
    );
  }
}

function rankGroup(entries: readonly Entry[]): LeaderboardGroup {
  const { record } = entries[0]!;
  const sorted = entries.toSorted((a, b) => b.row.score - a.row.score || (a.row.name < b.row.name ? -1 : 1));
  const rows = sorted.map(({ row }) => ({
    rank: sorted.findIndex((other) => other.row.score === row.score) + 1,
    ...row,
  }));
  return { dataHash: record.data.hash, holdout: record.runs.holdout.toSorted(), rows };
}

/** The table as Markdown, one for each group. */
export function leaderboardMarkdown({ groups, unranked }: Leaderboard): string {
  const parts = [
    "# Leaderboard",
    "Generated from the records by `pickbench leaderboard`; changes made here are lost.",
    ...(groups.length === 0 ? ["No finished submission yet."] : groups.map(groupMarkdown)),
  ];
  if (unranked.length > 0)
    parts.push(
      "## Not ranked",
      unranked.map(({ name, why }) => `- ${plain(name)}: ${plain(why)}`).join("\n"),
    );
  return `${parts.join("\n\n")}\n`;
}

function groupMarkdown({ dataHash, holdout, rows }: LeaderboardGroup): string {
  const types = [...new Set(rows.flatMap(({ perType }) => Object.keys(perType)))].sort();
  const header = [
    "rank",
    "name",
    "score",
    "interval",
    ...types.map((type) => `${type} F4`),
    "network",
    "parameters",
    "minutes",
    "seed",
    "commit",
  ];
  const lines = rows.map((row) => [
    row.rank,
    row.name,
    row.score.toFixed(4),
    row.interval ? `${row.interval.score.low.toFixed(4)} to ${row.interval.score.high.toFixed(4)}` : "–",
    ...types.map((type) => row.perType[type]?.toFixed(4) ?? "–"),
    row.network,
    row.parameters,
    row.minutes.toFixed(1),
    row.seed,
    `${row.commit?.slice(0, 9) ?? "–"}${row.dirty ? " (changed)" : ""}`,
  ]);
  return [
    `## Data ${dataHash.slice(0, 12)}, held out: ${holdout.map(plain).join(", ")}`,
    "",
    ...[header, header.map(() => "---"), ...lines].map(
      (cells) => `| ${cells.map((cell) => plain(String(cell))).join(" | ")} |`,
    ),
  ].join("\n");
}

/** Text that cannot break out of a cell or a line. */
const plain = (text: string): string => text.replace(/[\r\n]+/g, " ").replace(/[|<>`*[\]]/g, "\\$&");
