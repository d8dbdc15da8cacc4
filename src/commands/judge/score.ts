/** pickbench score: the challenge's score of a submission. */
import { reportText } from "../../score/reportText.js";
import { scoreSubmission } from "../../score/submissionCsv.js";
import { defineCommand, report } from "../shared/command.js";
import { quietOption } from "../shared/flags.js";
import { readScoreTruth } from "../shared/pickSources.js";
import { terminalReporter } from "../shared/terminal.js";

export const command = defineCommand({
  usage: "<submission>",
  options: (argv) =>
    argv
      .positional("submission", { type: "string", demandOption: true, describe: "the CSV to score" })
      .option("truth", {
        type: "string",
        demandOption: true,
        describe: "a data set with picks, a copick configuration, or a CSV with the same columns",
      })
      .option("interval", {
        type: "boolean",
        describe: "add the 90 % interval over experiments, or over the particles of a single one (bootstrap)",
      })
      .option("against", {
        type: "string",
        conflicts: ["seeds", "interval"],
        describe: "compare with this CSV, experiment by experiment: difference, interval, p-value",
      })
      .option("seeds", {
        type: "string",
        array: true,
        conflicts: "interval",
        describe: "CSVs of the same recipe with other seeds: mean and standard error of them all",
      })
      .option("seed", { type: "number", default: 0, describe: "seed of the bootstrap and of drawn swaps" })
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 score submission.csv --truth data/train", "score against the picks of a data set")
      .example("$0 score submission.csv --truth truth.csv --json", "score against a CSV, for a program")
      .example("$0 score a.csv --truth data/train --against b.csv", "is a better than b, and by how much?")
      .example("$0 score seed0.csv --truth data/train --seeds seed1.csv seed2.csv", "mean ± standard error"),
  lists: ["seeds"],
  run: async ({ submission, truth: truthPath, against, seeds, seed, quiet, json, ...flags }) => {
    const { truth, particles } = await readScoreTruth(truthPath, terminalReporter({ quiet }));
    if (against !== undefined) {
      const { compareFiles } = await import("../../score/statistics/compareFiles.js");
      const { comparisonText } = await import("../../score/statistics/comparisonText.js");
      const comparison = await compareFiles(submission, against, truth, { seed, particles });
      return report(json, comparison, () => comparisonText(comparison));
    }
    if (seeds !== undefined) {
      const { scoreSeeds, seedsText } = await import("../../score/statistics/seeds.js");
      const scores = await scoreSeeds([submission, ...seeds], truth, particles);
      return report(json, scores, () => seedsText(scores));
    }
    const result = await scoreSubmission(submission, truth, particles);
    if (!flags.interval) return report(json, result, () => reportText(result));
    const { scoreInterval } = await import("../../score/statistics/interval.js");
    const interval = scoreInterval(result, { seed, particles });
    report(json, { ...result, interval }, () =>
      interval
        ? reportText(result, interval)
        : `${reportText(result)}\nno interval: the truth has no experiment`,
    );
  },
});
