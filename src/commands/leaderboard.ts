import { type Leaderboard, writeLeaderboard } from "../score/leaderboard.js";
import { alignedTable } from "../score/reportText.js";
import { defineCommand, report } from "./command.js";

export const command = defineCommand({
  usage: "",
  options: (argv) =>
    argv
      .option("submissions", {
        type: "string",
        default: "submissions",
        describe: "the folder of submissions; LEADERBOARD.md is written into it",
      })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 leaderboard", "rank submissions/*/record.json and write submissions/LEADERBOARD.md"),
  run: async ({ submissions, json }) => {
    const leaderboard = await writeLeaderboard(submissions);
    report(json, leaderboard, () => leaderboardText(leaderboard));
  },
});

function leaderboardText({ groups, unranked }: Leaderboard): string {
  const parts = groups.map(({ dataHash, holdout, rows }) => {
    const lines = rows.map((row) => [
      `${row.rank}. ${row.name}`,
      row.score.toFixed(4),
      row.interval ? `${row.interval.score.low.toFixed(4)} to ${row.interval.score.high.toFixed(4)}` : "–",
      row.network,
      String(row.parameters),
      row.minutes.toFixed(1),
      String(row.seed),
    ]);
    const title = `data ${dataHash.slice(0, 12)}, held out: ${holdout.join(", ")}`;
    const header = ["submission", "score", "interval", "network", "parameters", "minutes", "seed"];
    return `${title}\n${alignedTable([header, ...lines])}`;
  });
  if (groups.length === 0) parts.push("no finished submission yet");
  if (unranked.length > 0)
    parts.push(["not ranked", ...unranked.map(({ name, why }) => `${name}: ${why}`)].join("\n"));
  return parts.join("\n\n");
}
