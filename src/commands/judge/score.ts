import { stat } from "node:fs/promises";
import { challengeParticles, type Particle } from "../../domain/particles.js";
import { type PositionsByExperiment, positionsOf } from "../../score/match/positions.js";
import { reportText } from "../../score/reportText.js";
import { readPositions, scoreSubmission } from "../../score/submissionCsv.js";
import { PickbenchError } from "../../system/errors.js";
import { defineCommand, report } from "../shared/command.js";

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
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 score submission.csv --truth data/train", "score against the picks of a data set")
      .example("$0 score submission.csv --truth truth.csv --json", "score against a CSV, for a program")
      .example("$0 score a.csv --truth data/train --against b.csv", "is a better than b, and by how much?")
      .example("$0 score seed0.csv --truth data/train --seeds seed1.csv seed2.csv", "mean ± standard error"),
  lists: ["seeds"],
  run: async ({ submission, truth: truthPath, interval: wantsInterval, against, seeds, seed, json }) => {
    const { truth, particles } = await readTruth(truthPath);
    if (against !== undefined) {
      const { compareFiles } = await import("../../score/statistics/comparisonText.js");
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
    if (!wantsInterval) return report(json, result, () => reportText(result));
    const { scoreInterval } = await import("../../score/statistics/interval.js");
    const interval = scoreInterval(result, { seed, particles });
    report(json, { ...result, interval }, () =>
      interval
        ? reportText(result, interval)
        : `${reportText(result)}\nno interval: the truth has no experiment`,
    );
  },
});

interface Truth {
  readonly truth: PositionsByExperiment;
  readonly particles: readonly Particle[];
}

async function readTruth(path: string): Promise<Truth> {
  const isCsv = (await stat(path).catch(() => undefined))?.isFile() && !path.endsWith(".json");
  const { truth, particles } = isCsv
    ? { truth: await readPositions(path, { kind: "truth" }), particles: challengeParticles }
    : await readFolder(path);
  for (const ofExperiment of truth.values()) if (ofExperiment.size > 0) return { truth, particles };
  throw new PickbenchError(
    "BadDataset",
    `${path} holds no particle, wanted a truth to score against; name another`,
    {
      path,
    },
  );
}

/** Runs that nobody picked are no part of the truth; runs picked and found empty are. */
async function readFolder(path: string): Promise<Truth> {
  const { openDataset } = await import("../../data/dataset.js");
  const { terminalReporter } = await import("../shared/terminal.js");
  const { readPickedTruth } = await import("../../data/picks.js");
  const dataset = await openDataset(path, { reporter: terminalReporter() });
  return { truth: positionsOf(await readPickedTruth(dataset)), particles: dataset.particles };
}
