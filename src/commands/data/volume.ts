/** pickbench volume: a volume between MRC and OME-Zarr. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ConvertedVolume, convertVolume } from "../../data/convertVolume.js";
import { isMrcName } from "../../data/volumeNames.js";
import { angstrom } from "../../domain/units.js";
import { voxelTypes } from "../../formats/voxelTypes.js";
import { PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";
import { defineCommand, report } from "../shared/command.js";
import {
  checkSpacing,
  checkWhole,
  checkWritable,
  overwriteOption,
  quietOption,
  spacingOption,
} from "../shared/flags.js";
import { terminalReporter } from "../shared/terminal.js";

/** `pickbench volume`: a volume from MRC or OME-Zarr to MRC or OME-Zarr, slab by slab. */
export const command = defineCommand({
  usage: "<from> <to>",
  reads: ["from"],
  writes: ["to"],
  options: (argv) =>
    argv
      .positional("from", {
        type: "string",
        demandOption: true,
        describe: "an MRC file (.mrc .rec .map, also .gz and .bz2) or an OME-Zarr folder",
      })
      .positional("to", {
        type: "string",
        demandOption: true,
        describe: "what to write: NAME.mrc, NAME.mrc.gz or NAME.zarr",
      })
      .option("spacing", {
        ...spacingOption,
        describe: "Å per voxel, over what FROM says or where it says nothing",
      })
      .option("type", { choices: voxelTypes, describe: "of the voxels written; FROM's own by default" })
      .option("level", {
        type: "number",
        default: 0,
        describe: "resolution of an OME-Zarr FROM, 0 the finest",
      })
      .option("channel", { type: "string", describe: "the one channel to take; all by default" })
      .option("levels", { type: "number", default: 3, describe: "resolutions of an OME-Zarr TO" })
      .option("zarr", {
        choices: [2, 3] as const,
        default: 2 as const,
        describe: "Zarr v2 (OME-NGFF 0.4) or v3 (0.5)",
      })
      .option("shard", { type: "boolean", default: false, describe: "one file a level (Zarr v3)" })
      .option("compressor", {
        choices: ["blosc-lz4", "blosc-zstd", "gzip"] as const,
        default: "blosc-lz4" as const,
        describe: "of an OME-Zarr TO",
      })
      .option("labels", {
        type: "boolean",
        default: false,
        describe: "FROM holds labels: coarser levels take one of them, not their mean",
      })
      .option("overwrite", overwriteOption)
      .option("quiet", quietOption)
      .option("json", { type: "boolean", describe: "print one JSON document" })
      .example("$0 volume tomogram.rec tomogram.zarr", "MRC to OME-Zarr with three levels")
      .example("$0 volume old.mrc new.mrc --spacing 10.012", "writes the voxel size that a header lacks")
      .example("$0 volume denoised.zarr denoised.mrc --level 1 --type float16", "a coarser level, as MRC"),
  run: async ({ from, to, quiet, json, ...flags }) => {
    const { spacing, type, level, channel, levels, zarr, shard, compressor, labels, overwrite } = flags;
    checkWhole("level", level, 0);
    checkWhole("levels", levels, 1);
    await checkTarget(to, overwrite);
    checkSpacing(spacing);
    if (shard && zarr !== 3)
      throw new PickbenchError("BadUsage", "--shard is of Zarr v3 alone; give --zarr 3 with it");
    if (levels > 16)
      throw new PickbenchError("BadUsage", `--levels is ${levels}, wanted 1 to 16; give fewer`);
    const options = {
      level,
      zarr: { levels, format: zarr, sharded: shard, compressor, labels },
      ...(spacing === undefined ? {} : { spacing: angstrom(spacing) }),
      ...(type === undefined ? {} : { voxelType: type }),
      ...(channel === undefined ? {} : { channel }),
    };
    const reporter = terminalReporter({ quiet: quiet || json === true });
    const converted = await reporter.stoppable("slab", () => convertVolume(from, to, options, reporter));
    report(json, converted, () => describe(converted));
  },
});

/** @throws BadUsage for a name that says no format, and where something is there that is not to be replaced */
async function checkTarget(to: string, overwrite: boolean): Promise<void> {
  if (!isMrcName(to) && !to.endsWith(".zarr"))
    throw new PickbenchError(
      "BadUsage",
      `${to}: its name says no format that is written; name it .mrc, .mrc.gz or .zarr`,
    );
  await checkFree(to, overwrite, "another name");
  const there = await stat(to).catch(() => undefined);
  if (there?.isDirectory() && !(await isStore(to)))
    throw new PickbenchError("BadUsage", `${to}: a folder that is no Zarr store; give another name`);
  await checkWritable("to", to, to.endsWith(".zarr") ? "folder" : "file");
}

async function isStore(folder: string): Promise<boolean> {
  const names = [".zgroup", ".zattrs", "zarr.json"];
  const found = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return found.some((each) => each !== undefined);
}

function describe(converted: ConvertedVolume): string {
  const { to, shape, spacing, channels, voxelType, least, greatest, mean, notes } = converted;
  const figure = (value: number) => String(Number(value.toPrecision(4)));
  return [
    `${to}: ${shape.join("×")} voxels of ${spacing.map((length) => length.toFixed(3)).join("×")} Å (z×y×x), ${voxelType}`,
    ...(channels ? [`  channels ${channels.join(", ")}`] : []),
    `  values ${figure(least)} to ${figure(greatest)}, mean ${figure(mean)}`,
    ...notes.map((note) => `  note: ${note}`),
  ].join("\n");
}
