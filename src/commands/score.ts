import { stat } from "node:fs/promises";
import { PickbenchError } from "../errors.js";
import type { Pick } from "../particles.js";
import { reportText } from "../score/report.js";
import { createScorer } from "../score/score.js";
import { readRows, readSubmission } from "../score/submissionCsv.js";
import { defineCommand, report } from "./command.js";

export const command = defineCommand({
  usage: "<submission>",
  options: (argv) =>
    argv
      .positional("submission", { type: "string", demandOption: true, describe: "the CSV to score" })
      .option("truth", {
        type: "string",
        demandOption: true,
        describe: "a folder with picks (overlay/ or train/), a copick config, or a CSV with the same columns",
      })
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 score submission.csv --truth data/train", "score against the picks of a data set")
      .example("$0 score submission.csv --truth truth.csv --json", "score against a CSV, for a program"),
  run: async ({ submission, truth, json }) => {
    const scorer = createScorer(await readTruth(truth));
    await readRows(submission, scorer.add);
    const result = scorer.report();
    report(json, result, () => reportText(result));
  },
});

async function readTruth(path: string): Promise<Map<string, Pick[]>> {
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new PickbenchError("Unsupported", `${path} is a folder, wanted a CSV`, { path });
  return readSubmission(path, { kind: "truth" });
}
