/** pickbench quickstart: the whole chain on a small simulated data set. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { simulateDataset } from "../../data/simulate/simulateDataset.js";
import type { Shape3 } from "../../domain/volume.js";
import { runReportText } from "../../score/report.js";
import { checkFree } from "../../system/paths/overwriting.js";
import type { Reporter } from "../../system/reporter.js";
import { readExperiment } from "../../train/experiment/experiment.js";
import { runExperiment } from "../../train/run/runExperiment.js";
import { runFolder } from "../../train/run/runFolder.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWhole, overwriteOption, quietOption } from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

const recipe = fileURLToPath(new URL("../../../experiments/quickstart.yaml", import.meta.url));
const phantoms: { runs: number; shape: Shape3; spacing: number } = {
  runs: 5,
  shape: [48, 160, 160],
  spacing: 10.012444196428572,
};

export const command = defineCommand({
  usage: "",
  options: (argv) =>
    argv
      .option("out", {
        type: "string",
        default: "quickstart",
        describe: "folder for the phantoms, the run and the submission",
      })
      .option("seed", { type: "number", default: 0, describe: "of the phantoms and the training" })
      .option("budget", {
        type: "string",
        describe: 'length of training, over the recipe\'s: "200 steps", 5m',
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 quickstart", "simulate, train, pick, submit and score, in a few minutes"),
  run: async ({ out, seed, budget, overwrite, quiet, json }) => {
    checkWhole("seed", seed, 0);
    await readExperiment(recipe, { seed, budget });
    const data = join(out, "phantoms");
    const folder = runFolder(join(out, "run"));
    await checkFree(folder.record, overwrite);
    const reporter = terminalReporter({ quiet });
    await simulate(data, seed, reporter);
    const submissions = join(out, "submissions");
    const options = {
      experiment: recipe,
      data,
      seed,
      budget,
      resume: false,
      overwrite: true,
      reporter,
    };
    const result = await runExperiment(folder, options, submissions);
    report(json, { data, folder: folder.path, ...result }, () =>
      [
        runReportText(result.report),
        `phantoms:    ${data} (look at preview/TS_S1.png)`,
        `run:         ${folder.path} (record.json, log.jsonl, best.safetensors)`,
        `submission:  ${folder.submission}`,
        `leaderboard: ${join(submissions, "LEADERBOARD.md")}`,
        `next:        pickbench run experiments/unet3d-baseline.yaml --data DIR, where DIR is the challenge's train folder`,
      ].join("\n"),
    );
  },
});

/** Makes the phantoms; those of an earlier quickstart are made again, which gives the same bytes for the same seed. */
async function simulate(out: string, seed: number, reporter: Reporter): Promise<void> {
  const overwrite = existsSync(join(out, "phantom.json"));
  await simulateDataset({ out, seed, ...phantoms, part: "train", preview: true, overwrite, reporter });
}
