/** The leaderboard as Markdown. */
import { join } from "node:path";
import { printable } from "../present/printable.js";
import { writeWhole } from "../system/files.js";
import { groupTitle, leaderboardColumns, orderNote, seedLines, splitLines } from "./columns.js";
import {
  type Leaderboard,
  type LeaderboardGroup,
  type LeaderboardOptions,
  readLeaderboard,
} from "./leaderboard.js";

/** Name of the leaderboard's page in the folder of submissions. */
export const leaderboardFile = "LEADERBOARD.md";

/** Generates LEADERBOARD.md from the records beside it. */
export async function writeLeaderboard(
  submissionsRoot: string,
  options: LeaderboardOptions = {},
): Promise<Leaderboard> {
  const leaderboard = await readLeaderboard(submissionsRoot, options);
  await writeWhole(join(submissionsRoot, leaderboardFile), leaderboardMarkdown(leaderboard));
  return leaderboard;
}

/** Formats the leaderboard as Markdown, a table for each group. */
export function leaderboardMarkdown({ groups, unranked }: Leaderboard): string {
  const parts = [
    "# Leaderboard",
    "Generated from the records by `pickbench leaderboard`; changes made here are lost.",
    ...(groups.length === 0 ? ["No finished submission yet."] : [orderNote, ...groups.map(groupMarkdown)]),
  ];
  if (unranked.length > 0)
    parts.push(
      "## Not ranked",
      unranked.map(({ name, why }) => `- ${plain(name)}: ${plain(why)}`).join("\n"),
    );
  return `${parts.join("\n\n")}\n`;
}

function groupMarkdown(group: LeaderboardGroup): string {
  const columns = leaderboardColumns(group.rows);
  const lines = [
    columns.map(({ title }) => title),
    columns.map(() => "---"),
    ...group.rows.map((row) => columns.map(({ text }) => text(row))),
  ];
  const title = groupTitle(group);
  const notes = [...splitLines(group), ...seedLines(group)];
  return [
    `## ${plain(title.charAt(0).toUpperCase() + title.slice(1))}`,
    "",
    ...lines.map((cells) => `| ${cells.map(plain).join(" | ")} |`),
    ...(notes.length > 0 ? ["", ...notes.map((note) => `- ${plain(note)}`)] : []),
  ].join("\n");
}

/** Escapes text so that it cannot break out of a cell or a line. */
const plain = (text: string): string =>
  printable(text.replace(/[\r\n]+/g, " ")).replace(/[|<>`*[\]\\]/g, "\\$&");
