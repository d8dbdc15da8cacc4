/** pickbench tune: the tuning stage of an experiment alone. */
import { alignedTable } from "../../present/text.js";
import type { TunedPicking } from "../../train/fit/tunePicking.js";
import { tuneOnly } from "../../train/run/tuneAgain.js";
import { defineCommand, report } from "../shared/command.js";
import { runOptionsOf, withRunOptions } from "./runOptions.js";

export const command = defineCommand({
  usage: "<experiment>",
  lists: ["set"],
  reads: ["experiment", "data", "from"],
  writes: ["out"],
  writesUnasked: true,
  options: (argv) =>
    withRunOptions(argv).example(
      "$0 tune experiments/quickstart.yaml --data train",
      "tune the picking of runs/quickstart/best.safetensors again",
    ),
  run: async (args, making) => {
    const { folder, options } = await runOptionsOf(args);
    making.wrote("out", folder.path);
    const { score: tuneScore, tuned } = await tuneOnly(folder, options);
    const types = Object.fromEntries(
      [...(tuned ?? [])].map(([type, { settings, fbeta, flat }]) => [
        type,
        { threshold: settings.threshold, fbeta, flat },
      ]),
    );
    const told = { folder: folder.path, checkpoint: folder.best, tuneScore, ...(tuned && { types }) };
    report(args.json, told, () =>
      tuneScore === null
        ? `${folder.best}: the experiment has no tune run, so its picking settings are the untuned ones`
        : [
            ...(tuned ? [`${thresholdTable(tuned)}\n`] : []),
            `${folder.best}: score on the tune runs (thresholds were fitted there) ${tuneScore.toFixed(4)}`,
          ].join("\n"),
    );
  },
});

/** Tabulates how each type's threshold was chosen; a short flat range is one that other runs may well miss. */
const thresholdTable = (tuned: ReadonlyMap<string, TunedPicking>): string =>
  alignedTable([
    ["type", "threshold", "F4 there", "within 0.01 of the best"],
    ...[...tuned].map(([type, { settings, fbeta, flat }]) => [
      type,
      String(settings.threshold),
      fbeta.toFixed(3),
      `${flat.from} to ${flat.to}`,
    ]),
  ]);
