/** pickbench tune: the tuning stage of an experiment alone. */
import { tuneOnly } from "../../train/run/runExperiment.js";
import { defineCommand, report } from "../shared/command.js";
import { runOptionsOf, withRunOptions } from "./runOptions.js";

export const command = defineCommand({
  usage: "<experiment>",
  lists: ["set"],
  options: (argv) =>
    withRunOptions(argv).example(
      "$0 tune experiments/quickstart.yaml --data train",
      "tune the picking of runs/quickstart/best.safetensors again",
    ),
  run: async (args) => {
    const { folder, options } = await runOptionsOf(args);
    const tuneScore = await tuneOnly(folder, options);
    report(args.json, { folder: folder.path, checkpoint: folder.best, tuneScore }, () =>
      tuneScore === null
        ? `${folder.best}: the experiment has no tune run, so its picking settings are the untuned ones`
        : `${folder.best}: score on the tune runs (thresholds were fitted there) ${tuneScore.toFixed(4)}`,
    );
  },
});
