import { runReportText } from "../score/report.js";
import { runExperiment } from "../train/runExperiment.js";
import { defineCommand, report } from "./command.js";
import { checkWritable } from "./flagChecks.js";
import { runOptionsOf, withRunOptions } from "./runOptions.js";

export const command = defineCommand({
  usage: "<experiment>",
  options: (argv) =>
    withRunOptions(argv)
      .option("submissions", {
        type: "string",
        default: "submissions",
        describe: "where the submission and the leaderboard go",
      })
      .example(
        "$0 run experiments/unet3d-baseline.yaml --data train --budget 20m",
        "train for 20 minutes, score the held-out runs",
      )
      .example(
        "$0 run experiments/unet3d-baseline.yaml --data train --resume",
        "go on with a run that was stopped",
      ),
  run: async (args) => {
    const { folder, options } = await runOptionsOf(args);
    await checkWritable("submissions", args.submissions, "folder");
    const result = await runExperiment(folder, options, args.submissions);
    const { durations, trained, published } = result;
    report(args.json, { folder: folder.path, ...result }, () =>
      [
        runReportText(result.report),
        trained.tuneScore === null
          ? ""
          : `score on the tune runs (thresholds were fitted there): ${trained.tuneScore.toFixed(4)}`,
        `time: ${Object.entries(durations)
          .map(([stage, seconds]) => `${stage} ${seconds.toFixed(0)} s`)
          .join(", ")}; steps waited for data ${(100 * trained.waitedShare).toFixed(1)} % of the time`,
        `run: ${folder.path} (record.json, log.jsonl, best.safetensors, submission.csv, report.json)`,
        published ? `submission: ${published}; leaderboard: ${args.submissions}/LEADERBOARD.md` : "",
      ]
        .filter((line) => line !== "")
        .join("\n"),
    );
  },
});
