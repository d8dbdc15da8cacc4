/** pickbench import: Ais's models as checkpoints, and its training sets as data to train on. */
import { basename, join } from "node:path";
import { aisKind } from "../../formats/ais/kind.js";
import { plural } from "../../present/text.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import {
  type ImportedModels,
  type ImportOptions,
  importGroup,
  importModel,
  importPaths,
  testTimeCounts,
  writeImported,
} from "../../train/ais/importModels.js";
import { type ImportedSet, importSet } from "../../train/ais/importSet.js";
import { defineCommand, report } from "../shared/command.js";
import { checkSpacing, checkWritable, overwriteOption, spacingOption } from "../shared/flags.js";

export const command = defineCommand({
  usage: "<file>",
  reads: ["file"],
  writesUnasked: true,
  options: (argv) =>
    argv
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "a model (.scnm), a group of models (.scnmgroup) or a training set (.scnt) of Ais",
      })
      .option("out", {
        type: "string",
        demandOption: true,
        describe: "folder for the checkpoints and the feature set, or for a training set's volumes and masks",
      })
      .option("spacing", {
        ...spacingOption,
        describe: "Å per pixel of models that do not know theirs",
      })
      .option("test-time", {
        choices: testTimeCounts,
        default: 1 as const,
        describe:
          "images that a model's prediction is the mean of: the slice, its quarter turns (4), their mirror images (8)",
      })
      .option("name", { type: "string", describe: "feature that a training set's labels mean, over its own" })
      .option("overwrite", overwriteOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 import membrane.scnm --out models", "models/membrane.safetensors, for predict")
      .example(
        "$0 import cell.scnmgroup --out cell",
        "a checkpoint a model, and cell/cell.yaml with their rules",
      )
      .example("$0 import set.scnt --out set", "volumes, masks and an experiment to train on"),
  run: async ({ file, out, spacing, testTime, name, overwrite, json }, making) => {
    checkSpacing(spacing);
    await checkWritable("out", out, "folder");
    const kind = await aisKind(file);
    if (kind === "set") {
      making.wrote("out", out);
      await checkFree(out, overwrite);
      const imported = await importSet(file, out, name);
      report(json, { out, ...imported }, () => setText(out, imported));
      return;
    }
    if (name !== undefined)
      throw new PickbenchError(
        "BadUsage",
        `--name is of training sets, and ${file} holds models; leave it out`,
      );
    const options: ImportOptions = { spacing, testTime };
    const imported = await (kind === "group" ? importGroup : importModel)(file, options);
    const base = basename(file).replace(/\.scnm(?:group)?$/i, "");
    const paths = importPaths(out, base, imported);
    for (const path of [...paths.checkpoints, paths.set]) making.wrote("out", path);
    await checkFree([...paths.checkpoints, paths.set], overwrite);
    await writeImported(out, base, imported);
    report(json, described(imported, paths), () => modelsText(imported, paths));
  },
});

type Paths = ReturnType<typeof importPaths>;

const described = ({ models, interactions }: ImportedModels, { checkpoints, set }: Paths) => ({
  featureSet: set,
  models: models.map(({ checkpoint: _, ...facts }, at) => ({ ...facts, path: checkpoints[at] })),
  interactions,
});

function modelsText({ models, interactions }: ImportedModels, { checkpoints, set }: Paths): string {
  const lines = models.map(
    ({ parameters, spacing, slices, threshold }, at) =>
      `${checkpoints[at]}: ${parameters.toLocaleString("en-US")} parameters, ${spacing} Å per pixel, ${slices === 1 ? "1 slice" : `${slices} slices`}, threshold ${threshold}`,
  );
  const rules = interactions.length === 0 ? "" : ` and ${interactions.length} interactions`;
  return [...lines, `${set}: feature set of ${plural(models.length, "feature")}${rules}`].join("\n");
}

function setText(out: string, { feature, boxes, boxSize, boxDepth, runs, leftOut }: ImportedSet): string {
  return [
    `${out}: ${boxes} boxes of ${boxDepth}×${boxSize}×${boxSize} voxels of ${feature}, from ${runs.length} tomograms`,
    ...(leftOut.length === 0 ? [] : [`left out, for they lack boxes: ${leftOut.join(", ")}`]),
    `train on them: pickbench train ${join(out, "experiment.yaml")} --data ${join(out, "volumes")}`,
  ].join("\n");
}
