/** pickbench train: the training stage of an experiment alone. */
import { trainOnly } from "../../train/run/runExperiment.js";
import { defineCommand, report } from "../shared/command.js";
import { printNextSteps, watchingText } from "./banner.js";
import { runOptionsOf, withRunOptions } from "./runOptions.js";

export const command = defineCommand({
  usage: "<experiment>",
  lists: ["set"],
  reads: ["experiment", "data", "from"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    withRunOptions(argv).example(
      '$0 train experiments/quickstart.yaml --data train --budget "500 steps"',
      "train only; the checkpoint is runs/quickstart/best.safetensors",
    ),
  run: async (args, making) => {
    const call = await runOptionsOf(args);
    const { folder, options } = call;
    making.wrote("out", folder.path);
    const trained = await trainOnly(folder, options);
    report(args.json, { folder: folder.path, checkpoint: folder.best, ...trained }, () =>
      [
        `checkpoint: ${folder.best}${trained.tuneScore === null ? "" : `, score on the tune runs (thresholds were fitted there) ${trained.tuneScore.toFixed(4)}`}`,
        `${trained.steps} steps; they waited for data ${(100 * trained.waitedShare).toFixed(1)} % of the time${watchingText(trained)}`,
      ].join("\n"),
    );
    const { features, types = [] } = call.experiment;
    if (options.onPrepared) printNextSteps(call, false, !features || types.length > 0);
  },
});
