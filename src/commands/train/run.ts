/** pickbench run: trains, tunes, predicts, picks and scores an experiment. */
import { existsSync } from "node:fs";
import { type FoldsSpec, foldsAsked } from "../../data/splits.js";
import { foldsText } from "../../score/folds.js";
import { isJudged, type RunReport, runReportText } from "../../score/report.js";
import { PickbenchError } from "../../system/errors.js";
import type { Experiment } from "../../train/experiment/schema.js";
import { runExperiment } from "../../train/run/runExperiment.js";
import { runFolds } from "../../train/run/runFolds.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWritable } from "../shared/flags.js";
import { printNextSteps, watchingText } from "./banner.js";
import { type RunCall, runOptionsOf, withRunOptions } from "./runOptions.js";

interface Arguments {
  readonly submissions: string;
  readonly json: boolean | undefined;
}

export const command = defineCommand({
  usage: "<experiment>",
  lists: ["set"],
  reads: ["experiment", "data", "from"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    withRunOptions(argv)
      .option("folds", {
        type: "string",
        describe:
          "train this many folds over all runs in turn and score each run by the fold that held it out; each: leave one run out",
      })
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
        "$0 run experiments/unet3d-baseline.yaml --data train --overwrite",
        "begin anew; without the flag, a run that was stopped goes on",
      )
      .example(
        "$0 run experiments/unet3d-baseline.yaml --data train --folds each --budget 20m",
        "leave one run out, in turn; 20 minutes each",
      ),
  run: async (args, making) => {
    await checkWritable("submissions", args.submissions, "folder");
    const asked = foldCount(args.folds);
    const foldsOf = ({ splits }: Experiment) => foldsAsked(splits, asked);
    const call = await runOptionsOf(args, (experiment) => (foldsOf(experiment) ? "-folds" : ""));
    making.wrote("out", call.folder.path);
    const folds = foldsOf(call.experiment);
    if (folds) await runInFolds(call, folds, args);
    else await runOnce(call, args);
  },
});

/** @throws BadUsage where it is neither `each` nor a whole number of at least 2 */
function foldCount(given: string | undefined): FoldsSpec["folds"] | undefined {
  if (given === undefined || given === "each") return given;
  const count = Number(given);
  if (/^\d+$/.test(given) && count >= 2) return count;
  throw new PickbenchError(
    "BadUsage",
    `--folds is ${given}, wanted a whole number of at least 2, or each for as many as there are runs; give one`,
  );
}

async function runOnce(call: RunCall, args: Arguments): Promise<void> {
  const { folder, options } = call;
  const result = await runExperiment(folder, options, args.submissions);
  const { durations, trained, published } = result;
  report(args.json, { folder: folder.path, ...result }, () =>
    [
      runReportText(result.report),
      trained.tuneScore === null
        ? ""
        : `${tuneMeasure(result.report)} on the tune runs (thresholds were fitted there): ${trained.tuneScore.toFixed(4)}`,
      `time: ${Object.entries(durations)
        .map(([stage, seconds]) => `${stage} ${seconds.toFixed(0)} s`)
        .join(
          ", ",
        )}; steps waited for data ${(100 * trained.waitedShare).toFixed(1)} % of the time${watchingText(trained)}`,
      `run: ${folder.path} (record.json, log.jsonl, best.safetensors, ${existsSync(folder.submission) ? "submission.csv, " : ""}report.json)`,
      published ? `submission: ${published}; leaderboard: ${args.submissions}/LEADERBOARD.md` : "",
    ]
      .filter((line) => line !== "")
      .join("\n"),
  );
  const { report: made } = result;
  if (options.onPrepared) printNextSteps(call, isJudged(made), made.holdout !== null || !made.features);
}

/** Says what the score of the tune runs is of. */
function tuneMeasure({ holdout, features }: RunReport): string {
  if (!features) return "score";
  return holdout ? "mean of score and Dice" : "mean Dice";
}

async function runInFolds(
  { folder, options }: RunCall,
  folds: FoldsSpec,
  { submissions, json }: Arguments,
): Promise<void> {
  const result = await runFolds(folder, { ...options, folds, submissions });
  report(json, { folder: folder.path, ...result }, () =>
    [
      runReportText(result.report),
      "",
      foldsText(result.folds),
      "",
      `folds: ${folder.path}/fold-0 to fold-${result.folds.folds.length - 1}; together: record.json, ${result.report.holdout ? "submission.csv, " : ""}report.json, folds.json`,
      ...(result.published
        ? [`submission: ${result.published}; leaderboard: ${submissions}/LEADERBOARD.md`]
        : []),
    ].join("\n"),
  );
}
