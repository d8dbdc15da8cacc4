/** pickbench run: trains, tunes, predicts, picks and scores an experiment. */
import { existsSync } from "node:fs";
import { type FoldsSpec, foldsAsked } from "../../data/splits.js";
import { foldsText } from "../../score/folds.js";
import { isJudged, type RunReport, runReportText } from "../../score/report.js";
import { PickbenchError } from "../../system/errors.js";
import { silentReporter } from "../../system/reporter.js";
import type { Experiment } from "../../train/experiment/schema.js";
import { countFolds } from "../../train/run/foldsPlan.js";
import { runExperiment } from "../../train/run/runExperiment.js";
import { clearFolds, runFolds, runOneFold } from "../../train/run/runFolds.js";
import { checkStanding, isScored } from "../../train/run/standing.js";
import { defineCommand, report } from "../shared/command.js";
import { checkWhole, checkWritable } from "../shared/flags.js";
import { checkIdle, doQueued } from "../shared/queue/doing.js";
import { type Queue, queueAsked, withQueueFlags } from "../shared/queue/flags.js";
import { planStages } from "../shared/queue/stages.js";
import { ownArguments, taskArguments } from "../shared/queue/taskArguments.js";
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
    withQueueFlags(withRunOptions(argv))
      .option("folds", {
        type: "string",
        describe:
          "train this many folds over all runs in turn and score each run by the fold that held it out; each: leave one run out",
      })
      .option("only-fold", {
        type: "number",
        describe:
          "this fold alone, from 0, while other processes do others; without it, the last call joins them",
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
      )
      .example(
        "$0 run experiments/unet3d-baseline.yaml --data train --folds each --queue slurm --cpus 8",
        "the folds at the same time, each a task of Slurm",
      ),
  run: async (args, making) => {
    await checkWritable("submissions", args.submissions, "folder");
    const queue = await queueAsked(args);
    const asked = foldCount(args.folds);
    const foldsOf = ({ splits }: Experiment) => foldsAsked(splits, asked);
    const call = await runOptionsOf(args, (experiment) => (foldsOf(experiment) ? "-folds" : ""));
    making.wrote("out", call.folder.path);
    const folds = foldsOf(call.experiment);
    const { onlyFold } = args;
    if (onlyFold !== undefined) return runOnlyFold(call, folds, onlyFold, args);
    if (queue !== undefined) return runQueued(queue, call, folds, args);
    if (folds) await runInFolds(call, folds, args);
    else await runOnce(call, args);
  },
});

async function runOnlyFold(
  { folder, options }: RunCall,
  folds: FoldsSpec | null,
  fold: number,
  { submissions, json }: Arguments,
): Promise<void> {
  checkWhole("only-fold", fold, 0);
  if (!folds) throw new PickbenchError("BadUsage", "--only-fold is of --folds; give that too");
  const { report: made } = await runOneFold(folder, { ...options, folds, submissions }, fold);
  report(json, { folder: folder.path, ...made }, () => `fold ${fold}: ${made.score}`);
}

/** Hands the folds out, one a task; the last task joins them as the command alone does. One run alone is one task. */
async function runQueued(
  queue: Queue,
  { folder, options, experiment }: RunCall,
  folds: FoldsSpec | null,
  { submissions, overwrite, json }: Arguments & { readonly overwrite: boolean },
): Promise<void> {
  const { reporter = silentReporter } = options;
  const out = folder.path;
  if (overwrite) await checkIdle(out);
  if (!folds && existsSync(out)) await checkStanding(folder, options, isScored(submissions));
  const count = folds
    ? await countFolds(folder, { ...options, onPrepared: undefined, folds, submissions })
    : 0;
  if (overwrite) await clearFolds(folder, experiment);
  const given = ownArguments();
  const { threads } = queue;
  const without = { overwrite: true, resume: true, json: true };
  const tasks = Array.from({ length: count }, (_, fold) => ({
    name: `fold-${fold}`,
    argv: taskArguments(given, { without, add: { "only-fold": fold, out, threads } }),
    outputs: [],
  }));
  const argv = taskArguments(given, { without: { overwrite: true }, add: { out, threads, resume: true } });
  const name = folds ? "joining" : "run";
  const last = { name, tasks: [{ name, argv, outputs: [folder.record] }] };
  const planned = planStages(folds ? [{ name: "folds", tasks }, last] : [last]);
  await doQueued(queue, { command: "run", out, overwrite, json, reporter, ...planned });
}

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
