/** pickbench segment: maps of a feature set, with its rules applied, and one identity a voxel. */
import type { SegmentedRun } from "../../features/segment/ledger.js";
import { mrcVoxels, probabilityFormats } from "../../infer/predict/probabilityFiles.js";
import { alignedTable } from "../../present/text.js";
import { withDetectionFlags } from "../detect/detectorOptions.js";
import { defineCommand, report } from "../shared/command.js";
import { partAsked, partOption, queueAsked, withChunkFlags } from "../shared/queue/flags.js";
import { terminalReporter } from "../shared/terminal.js";
import { segmentQueued, segmentSet } from "./segmentSet.js";

export const command = defineCommand({
  usage: "<features>",
  lists: ["allow-code"],
  reads: ["features", "data"],
  writes: ["out"],
  options: (argv) =>
    withChunkFlags(
      withDetectionFlags(
        argv
          .positional("features", {
            type: "string",
            demandOption: true,
            describe:
              "the feature set's YAML: where each feature's map comes from, and the rules between them",
          })
          .option("data", {
            type: "string",
            describe:
              "the data set whose tomograms the set's models segment; not needed where all maps are ready",
          })
          .option("out", {
            type: "string",
            demandOption: true,
            describe: "folder for the maps, features.json and, a run each, segmented/RUN.json",
          })
          .option("format", {
            choices: probabilityFormats,
            default: "zarr" as const,
            describe: "RUN.zarr, a channel a feature; mrc: RUN__FEATURE.mrc; copick: its segmentations",
          })
          .option("labels", {
            type: "boolean",
            describe: "write one identity a voxel too: a multilabel segmentation in copick's layout",
          })
          .option("voxels", {
            choices: mrcVoxels,
            describe: "of MRC files: bytes, 255·p rounded (the default); or float32, which loses nothing",
          })
          .option("zarr", {
            choices: [2, 3] as const,
            default: 2 as const,
            describe: "Zarr v2 (OME-NGFF 0.4) or v3 (0.5)",
          })
          .option("session", {
            type: "string",
            default: "segment",
            describe: "copick session in the files' names",
          }),
      ),
    )
      .option("part", partOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example(
        "$0 segment features.yaml --data test --out segmented --labels",
        "all features of all runs, each model once, and which feature each voxel is of",
      )
      .example("$0 segment ready.yaml --out segmented --format mrc", "rules on maps that are there already"),
  run: async (args) => {
    const { features, format, labels = false, voxels, zarr, session, json, quiet, part, ...flags } = args;
    const reporter = terminalReporter({ quiet });
    const queue = await queueAsked(args);
    if (queue !== undefined) return segmentQueued(queue, "segment", features, { ...flags, json }, reporter);
    partAsked(args);
    const form = { format, session, zarr, ...(voxels ? { voxels } : {}) };
    const segmented = await segmentSet(features, flags, { form, labels, reporter, isPart: part });
    report(json, { out: flags.out, ...segmented }, () =>
      [...segmented.runs.map(textOf), `what the maps and labels mean: ${segmented.configuration}`].join("\n"),
    );
  },
});

function textOf({ run, features, identities }: SegmentedRun): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const rows = Object.entries(features).map(([name, { share, volume }]) => [
    name,
    percent(share),
    (volume / 1e3).toFixed(0),
    ...(identities ? [percent(identities[name]!.share)] : []),
  ]);
  const head = ["feature", "above threshold", "nm³", ...(identities ? ["identity"] : [])];
  return `${run}\n${alignedTable([head, ...rows])}`;
}
