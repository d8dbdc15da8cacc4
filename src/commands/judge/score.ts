/** pickbench score: the challenge's score of a submission. */
import { isFeatureSet } from "../../features/set/path.js";
import { reportText } from "../../score/reportText.js";
import type { ScoreInterval } from "../../score/statistics/interval.js";
import { scoreSubmission } from "../../score/submissionCsv.js";
import type { Reporter } from "../../system/reporter.js";
import { defineCommand, report } from "../shared/command.js";
import { checkSpacing, quietOption, runsOption, spacingOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { readScoreTruth } from "../shared/truthSources.js";

export const command = defineCommand({
  usage: "<submission>",
  reads: ["submission", "truth", "against", "seeds"],
  options: (argv) =>
    argv
      .positional("submission", {
        type: "string",
        demandOption: true,
        describe:
          "the CSV to score; a feature set's YAML, which is submitted first; or what segment --labels wrote, held against true masks",
      })
      .option("truth", {
        type: "string",
        demandOption: true,
        describe: "a data set with picks, a copick configuration, or a CSV with the same columns",
      })
      .option("runs", runsOption)
      .option("spacing", spacingOption)
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
      .example(
        "$0 score submission.csv --truth data/train --runs TS_5_4,TS_6_4",
        "the held-out runs alone, as run does",
      )
      .example("$0 score a.csv --truth data/train --against b.csv", "is a better than b, and by how much?")
      .example("$0 score seed0.csv --truth data/train --seeds seed1.csv seed2.csv", "mean ± standard error"),
  lists: ["seeds"],
  run: async (args) => {
    const { submission, truth, runs, spacing, json, quiet } = args;
    checkSpacing(spacing);
    const reporter = terminalReporter({ quiet });
    const { isLabels, scoreLabels, withSubmittedSet } = await import("./scoreFeatures.js");
    if (await isLabels(submission)) return scoreLabels(submission, { truth, runs, spacing, json, reporter });
    if (!isFeatureSet(submission)) return scoreCsv(args, reporter);
    const asked = { data: truth, runs, spacing };
    return withSubmittedSet(submission, asked, reporter, (csv) =>
      scoreCsv({ ...args, submission: csv }, reporter),
    );
  },
});

interface ScoreArguments {
  readonly submission: string;
  readonly truth: string;
  readonly runs: string | undefined;
  readonly spacing: number | undefined;
  readonly against: string | undefined;
  readonly seeds: string[] | undefined;
  readonly seed: number;
  readonly interval: boolean | undefined;
  readonly json: boolean | undefined;
}

/** Scores a submission, alone or beside others. */
async function scoreCsv(
  { submission, truth: truthPath, runs, spacing, against, seeds, seed, json, ...flags }: ScoreArguments,
  reporter: Reporter,
): Promise<void> {
  const source = await readScoreTruth(truthPath, { asked: runs, spacing, reporter });
  const { truth, particles } = source;
  const { note } = reporter;
  const { noteLines, scoreNotes } = await import("./scoreNotes.js");
  const noteEach = async (paths: readonly string[]) => {
    for (const path of paths) {
      const seen = new Set<string>();
      const scored = await scoreSubmission(path, truth, particles, { seen });
      const notes = { ...(await scoreNotes(path, scored, source, seen)), typesNotInTruth: [] };
      for (const line of noteLines(notes, truth.size)) note(`${path}: ${line}`);
    }
  };
  if (against !== undefined) {
    const { compareFiles } = await import("../../score/statistics/compareFiles.js");
    const { comparisonText } = await import("../../score/statistics/comparisonText.js");
    const comparison = await compareFiles(submission, against, truth, { seed, particles, note });
    await noteEach([submission, against]);
    return report(json, comparison, () => comparisonText(comparison));
  }
  if (seeds !== undefined) {
    const { scoreSeeds, seedsText } = await import("../../score/statistics/seeds.js");
    const scores = await scoreSeeds([submission, ...seeds], truth, particles, { note });
    await noteEach([submission, ...seeds]);
    return report(json, scores, () => seedsText(scores));
  }
  const seen = new Set<string>();
  const result = await scoreSubmission(submission, truth, particles, { seen, note });
  const notes = await scoreNotes(submission, result, source, seen);
  const asText = (interval: ScoreInterval | null) =>
    [reportText(result, interval), ...noteLines(notes, truth.size)].join("\n");
  if (!flags.interval) return report(json, { ...result, notes }, () => asText(null));
  const { scoreInterval } = await import("../../score/statistics/interval.js");
  const interval = scoreInterval(result, { seed, particles });
  report(json, { ...result, interval, notes }, () =>
    interval ? asText(interval) : `${asText(null)}\nno interval: the truth has no experiment`,
  );
}
