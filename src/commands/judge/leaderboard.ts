/** pickbench leaderboard: the table of submissions, made from their records. */
import type { RowCheck } from "../../leaderboard/check.js";
import { groupTitle, leaderboardColumns, seedLines, splitLines } from "../../leaderboard/columns.js";
import { filterLeaderboard } from "../../leaderboard/filter.js";
import type { Leaderboard } from "../../leaderboard/leaderboard.js";
import { writeLeaderboard } from "../../leaderboard/markdown.js";
import { alignedTable } from "../../present/text.js";
import { writeWhole } from "../../system/files.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "",
  reads: ["submissions"],
  writes: ["html"],
  options: (argv) =>
    argv
      .option("submissions", {
        type: "string",
        default: "submissions",
        describe: "the folder of submissions; LEADERBOARD.md is written into it, with all rows",
      })
      .option("experiment", { type: "string", describe: 'only names like this, such as "compare-*"' })
      .option("network", { type: "string", describe: 'only architectures like this, such as "unet*"' })
      .option("type", {
        type: "string",
        describe: "only rows scored on this type, and of F4 its column alone",
      })
      .option("since", { type: "string", describe: "only runs finished on this day or later: 2026-11-21" })
      .option("engine", { type: "string", describe: "only runs on this engine" })
      .option("dataset", { type: "string", describe: "only data whose hash begins so" })
      .option("best", { type: "boolean", describe: "of each experiment the highest score alone" })
      .option("sort", {
        type: "string",
        describe: "by this column: rank (default), score, a type, parameters, training, tomogram, date, …",
      })
      .option("reverse", { type: "boolean", describe: "the other way round" })
      .option("html", {
        type: "string",
        describe: "write the rows to this file too, as a page that stands alone",
      })
      .option("check", {
        type: "boolean",
        describe: "recompute every row from its CSV, report and record; exit code 1 where one cannot be",
      })
      .option("data", {
        type: "string",
        implies: "check",
        describe: "for --check: score the CSVs again by this data set's picks",
      })
      .option("overwrite", { ...overwriteOption, describe: `${overwriteOption.describe}, of --html` })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 leaderboard", "rank submissions/*/record.json and write submissions/LEADERBOARD.md")
      .example('$0 leaderboard --experiment "compare-*" --sort tomogram', "the quickest first")
      .example("$0 leaderboard --html leaderboard.html", "a page to sort and filter in")
      .example("$0 leaderboard --check --data data/train", "can every row be reproduced?"),
  run: async ({ submissions, html, check, data, overwrite, quiet, json, ...filter }) => {
    if (html !== undefined) {
      await checkWritable("html", html, "file");
      await checkFree(html, overwrite, "another --html");
    }
    if (check) return checkRows(submissions, data, quiet, json);
    const all = await writeLeaderboard(submissions, { hasTypeIntervals: json === true });
    const leaderboard = filterLeaderboard(all, filter);
    if (html !== undefined) {
      const { leaderboardPage } = await import("../../leaderboard/page.js");
      await writeWhole(html, await leaderboardPage(leaderboard, { file: html, submissions }, filter.type));
    }
    report(json, leaderboard, () => leaderboardText(leaderboard, filter.type));
  },
});

async function checkRows(
  submissions: string,
  data: string | undefined,
  quiet: boolean,
  json: boolean | undefined,
): Promise<void> {
  const { checkLeaderboard } = await import("../../leaderboard/check.js");
  const { openDataset } = await import("../../data/dataset.js");
  const reporter = terminalReporter({ quiet });
  const dataset = data === undefined ? null : await openDataset(data, { reporter });
  const checks = await checkLeaderboard(submissions, dataset);
  const isWhole = checks.every(({ problems }) => problems.length === 0);
  report(json, checks, () => checkText(checks, data !== undefined));
  if (!isWhole) process.exitCode = 1;
}

function checkText(checks: readonly RowCheck[], hasData: boolean): string {
  const lines = checks.map(({ name, problems, rescored }) => {
    if (problems.length > 0) return `${name}: cannot be reproduced: ${problems.join("; ")}`;
    if (rescored) return `${name}: its CSV scores the same again`;
    return `${name}: its numbers follow from one another${hasData ? ", not scored again: these are not its data" : ""}`;
  });
  return lines.length === 0 ? "no submission" : lines.join("\n");
}

function leaderboardText({ groups, unranked }: Leaderboard, onlyType: string | undefined): string {
  const parts = groups.map((group) => {
    const columns = leaderboardColumns(group.rows, onlyType).filter(({ key }) =>
      isForTerminal(key, onlyType),
    );
    const lines = group.rows.map((row) => [
      `${row.rank}. ${row.name}`,
      ...columns.map(({ text }) => text(row)),
    ]);
    return [
      groupTitle(group),
      alignedTable([["submission", ...columns.map(({ title }) => title)], ...lines]),
      ...splitLines(group),
      ...seedLines(group),
    ].join("\n");
  });
  if (groups.length === 0) parts.push("no finished submission passes");
  if (unranked.length > 0)
    parts.push(["not ranked", ...unranked.map(({ name, why }) => `${name}: ${why}`)].join("\n"));
  return parts.join("\n\n");
}

const terminalColumns = [
  "score",
  "interval",
  "against",
  "public",
  "private",
  "network",
  "parameters",
  "training",
  "tomogram",
  "seed",
];

/** Types fill the width: they stand in LEADERBOARD.md, --json and --html. */
const isForTerminal = (key: string, onlyType: string | undefined): boolean =>
  terminalColumns.includes(key) || key === onlyType || key.startsWith("dice ");
