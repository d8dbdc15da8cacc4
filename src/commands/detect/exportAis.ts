/** What `pickbench export` writes for Ais: models of a checkpoint, and training sets of masks. */
import { basename, parse } from "node:path";
import { PickbenchError } from "../../system/errors.js";
import { writeWhole } from "../../system/files.js";
import { checkedName, inside } from "../../system/paths/names.js";
import { ownVersion } from "../../system/version.js";
import { type ExportedModel, exportModels, groupOf } from "../../train/ais/exportModels.js";
import { exportSet } from "../../train/ais/exportSet.js";
import { readCheckpoint } from "../../train/checkpoint/checkpoint.js";
import { modelPath } from "../../train/checkpoint/models.js";
import { report } from "../shared/command.js";
import { checkModelPlace, checkWhole } from "../shared/flags.js";
import type { RunningMaking } from "../shared/making.js";
import { terminalReporter } from "../shared/terminal.js";
import { openRuns } from "./detectorOptions.js";

/** Formats that `export` writes. */
export const exportFormats = ["onnx", "scnm", "scnmgroup", "scnt"] as const;
type ExportFormat = (typeof exportFormats)[number];

/** Returns the format that a file's ending means; ONNX for any other. */
export const formatOf = (path: string): ExportFormat =>
  exportFormats.find((format) => path.toLowerCase().endsWith(`.${format}`)) ?? "onnx";

interface ModelFlags {
  readonly model: string;
  readonly format: "scnm" | "scnmgroup";
  readonly network: string | undefined;
  readonly check: boolean;
  readonly overwrite: boolean;
  readonly allowCode: string[] | undefined;
  readonly json: boolean | undefined;
}

/** Writes a checkpoint's maps as Ais's models, one a file or all in a group. */
export async function exportToAis(given: string, flags: ModelFlags, making: RunningMaking): Promise<void> {
  const { model, format, network, check, overwrite, allowCode, json } = flags;
  const path = await modelPath(given);
  await checkModelPlace(model, overwrite);
  const checkpoint = await readCheckpoint(path, { allowCode });
  const models = await exportModels(path, checkpoint, { only: network, version: ownVersion(), check });
  const { name: base } = parse(model);
  const files =
    format === "scnmgroup"
      ? [{ out: model, bytes: groupOf(base, models) }]
      : models.map((each) => ({
          out: models.length === 1 ? model : besides(path, model, each),
          bytes: each.bytes,
        }));
  for (const { out } of files) await checkModelPlace(out, overwrite);
  for (const { out, bytes } of files) {
    making.wrote("model", out);
    await writeWhole(out, bytes);
  }
  const facts = models.map(({ bytes: _, ...rest }) => rest);
  report(json, { files: files.map(({ out }) => out), models: facts }, () =>
    [
      ...models.map(lineOf),
      ...files.map(({ out, bytes }) => `${out}: ${(bytes.length / 2 ** 20).toFixed(1)} MiB`),
    ].join("\n"),
  );
}

/** Beside the file asked for, one a map. */
function besides(path: string, model: string, { title }: ExportedModel): string {
  const { dir, name: stem, ext } = parse(model);
  const origin = { what: "type", path, remedy: "give --network and a file's name, or --to scnmgroup" };
  return inside(dir, `${stem}-${checkedName(title, origin)}${ext}`, origin);
}

function lineOf({ title, architecture, parameters, box, threshold, difference }: ExportedModel): string {
  const checked =
    difference === null ? "not checked" : `largest difference from the engine ${difference.toExponential(1)}`;
  return `${title}: ${architecture}, ${parameters.toLocaleString("en-US")} parameters, boxes of ${box}, threshold ${threshold}, ${checked}`;
}

interface SetFlags {
  readonly feature: string | undefined;
  readonly masks: string | undefined;
  readonly runs: string | undefined;
  readonly tomogram: string;
  readonly box: number;
  readonly depth: number;
  readonly most: number;
  readonly seed: number;
  readonly overwrite: boolean;
  readonly json: boolean | undefined;
}

/** The value of a mask's voxels that means unknown, as in Ais. */
const unknownLabel = 2;

/** Writes a data set's tomograms and masks as a training set of Ais. */
export async function exportTrainingSet(data: string, out: string, flags: SetFlags): Promise<void> {
  const { feature: name, masks, box, depth, most, seed, tomogram, overwrite, json } = flags;
  if (name === undefined)
    throw new PickbenchError("BadUsage", "--to scnt needs --feature, the name of what is labelled; give it");
  checkWhole("box", box, 2);
  checkWhole("depth", depth, 1);
  checkWhole("most", most, 1);
  checkWhole("seed", seed, 0);
  if (box % 2 === 1 || depth % 2 === 0)
    throw new PickbenchError(
      "BadUsage",
      `--box ${box} --depth ${depth}: wanted an even number of pixels and an odd one of slices, as Ais has; give such`,
    );
  if (masks !== undefined && !masks.includes("{run}"))
    throw new PickbenchError("BadUsage", `--masks ${masks} lacks {run}; put it where the run's name stands`);
  await checkModelPlace(out, overwrite);
  const { dataset, runs } = await openRuns(data, flags.runs, terminalReporter({ quiet: true }));
  const feature = {
    name,
    annotated: "all" as const,

    ...(masks === undefined ? {} : { masks, ignore: unknownLabel }),
  };
  const { bytes, ...facts } = await exportSet(dataset, {
    feature,
    runs,
    tomogram,
    size: box,
    depth,
    most,
    seed,
  });
  await writeWhole(out, bytes);
  report(
    json,
    { path: out, feature: name, box, depth, ...facts },
    () =>
      `${basename(out)}: ${facts.positives} boxes of ${depth}×${box}×${box} voxels with ${name} and ${facts.negatives} without, ${facts.spacing} Å per pixel`,
  );
}
