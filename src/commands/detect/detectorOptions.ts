/** Flags of the commands that predict with checkpoints, and the detector that they open. */
import type { Argv } from "yargs";
import { openDataset } from "../../data/dataset.js";
import type { Dataset } from "../../data/model.js";
import type { Shape3 } from "../../domain/volume.js";
import { resolveEngine } from "../../engines/available.js";
import { type EngineName, precisions } from "../../engines/engine.js";
import { type Statistics, statisticsNames } from "../../infer/predict/statistics.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import type { Tiling } from "../../train/submit/detector.js";
import {
  allowCodeOption,
  checkSpacing,
  checkWhole,
  engineOption,
  nanOption,
  overwriteOption,
  quietOption,
  runNames,
  runsOption,
  spacingOption,
  threadsOption,
} from "../shared/flags.js";
import type { RunningMaking } from "../shared/making.js";

/** The flags that `predict` and `submit` share. */
export const withDetectorOptions = (argv: Argv) =>
  withDetectionFlags(
    argv
      .positional("checkpoint", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "one or more best.safetensors, or names that `pickbench models` lists; several are averaged. Or one feature set's YAML",
      })
      .option("data", {
        type: "string",
        demandOption: true,
        describe: "the data set: a folder with static/, one with test/ inside, or a copick configuration",
      }),
  );

/** The flags of whatever runs networks over tomograms. */
export const withDetectionFlags = <Options>(argv: Argv<Options>) =>
  argv
    .option("runs", runsOption)
    .option("spacing", spacingOption)
    .option("tomogram", { type: "string", describe: "reconstruction, over the checkpoint's" })
    .option("nan", nanOption)
    .option("tile", {
      type: "string",
      describe:
        "largest tile along z,y,x in voxels, over the checkpoint's: larger ones share less, and take more memory",
    })
    .option("overlap", {
      type: "number",
      describe: "voxels that neighbouring tiles share, over the checkpoint's: half of them are a tile's halo",
    })
    .option("engine", engineOption)
    .option("precision", {
      choices: precisions,
      describe: "numbers to compute with, over the checkpoint's; int8 is faster, on onnx-cpu alone",
    })
    .option("statistics", {
      choices: statisticsNames,
      describe:
        "what normalisation layers take means and variances from, over the checkpoint's: each tile, or tiles spread over the tomogram",
    })
    .option("threads", threadsOption)
    .option("allow-code", allowCodeOption)
    .option("overwrite", overwriteOption)
    .option("quiet", quietOption);

/** Flags that say how tiles are cut and normalised. */
export interface TilingFlags {
  readonly tile?: string | undefined;
  readonly overlap?: number | undefined;
  readonly statistics?: Statistics | undefined;
}

/** How tiles are cut and normalised where the flags say it. @throws BadUsage where they say it wrongly */
export function tilingOf({ tile, overlap, statistics }: TilingFlags): Tiling {
  checkWhole("overlap", overlap, 0);
  return {
    ...(tile === undefined ? {} : { tile: parseTile(tile) }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(statistics === undefined ? {} : { statistics }),
  };
}

function parseTile(text: string): Shape3 {
  const sizes = text.split(",").map(Number);
  const [z, y, x] = sizes;
  const isGood = sizes.length === 3 && sizes.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (isGood) return [z!, y!, x!];
  throw new PickbenchError(
    "BadUsage",
    `--tile is ${JSON.stringify(text)}, wanted voxels along z,y,x, whole numbers; write it like --tile 112,160,160`,
  );
}

/** The engine that the flags mean; `auto` where none is named. */
export const engineOf = (choice: (typeof engineOption.choices)[number] | undefined): Promise<EngineName> =>
  resolveEngine(choice ?? "auto");

/** Says a sentence to the user, and notes it with how the outputs were made. */
export const toldAndNoted =
  (reporter: Reporter, making: RunningMaking) =>
  (line: string): void => {
    reporter.note(line);
    making.note(line);
  };

/** Opens the data, its test part where it has parts, and the runs asked for. */
export async function openRuns(
  path: string,
  asked: string | undefined,
  reporter: Reporter,
  spacing?: number,
): Promise<{ dataset: Dataset; runs: string[] }> {
  checkSpacing(spacing);
  const dataset = await openDataset(path, { prefer: "test", spacing, reporter });
  const names = dataset.runs.filter(({ tomograms }) => tomograms.length > 0).map(({ name }) => name);
  if (asked === undefined) {
    if (names.length === 0)
      throw new PickbenchError(
        "BadDataset",
        `${path}: none of its runs has a tomogram; name a data set with static/ExperimentRuns`,
        { path },
      );
    return { dataset, runs: names };
  }
  const runs = runNames("runs", asked);
  for (const run of runs)
    if (!names.includes(run))
      throw new PickbenchError(
        "BadUsage",
        `--runs: ${path} has no tomogram of ${JSON.stringify(run)}; it has ${names.join(", ")}`,
      );
  return { dataset, runs };
}
