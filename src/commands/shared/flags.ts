/** Flags that several commands have, with one meaning each, and the checks of their values. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Argv } from "yargs";
import { isSpacing, spacingLimits } from "../../domain/units.js";
import { defaultThreads, engineNames } from "../../engines/engine.js";
import { runsOfSubset } from "../../survey/subsets.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { checkFree } from "../../system/paths/overwriting.js";

/** @throws BadUsage where a flag that was given is no whole number of at least `least` */
export function checkWhole(flag: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${value}, wanted a whole number of at least ${least}; give one`,
  );
}

/** @throws BadUsage where --port is no port of this machine */
export function checkPort(port: number | undefined): void {
  checkWhole("port", port, 1);
  if (port !== undefined && port > 65_535)
    throw new PickbenchError("BadUsage", `--port is ${port}, wanted at most 65535; give another`);
}

/** @throws BadUsage where a file or folder at `path` could not be written: found out before the work, not after it */
export async function checkWritable(flag: string, path: string, kind: "file" | "folder"): Promise<void> {
  const refuse = (why: string, cause?: unknown) =>
    new PickbenchError("BadUsage", `--${flag} ${path}: ${why}; name another ${kind}`, { path, cause });
  const there = await stat(path).catch(() => undefined);
  if (there && there.isDirectory() !== (kind === "folder"))
    throw refuse(kind === "file" ? "is a folder, not a file" : "is a file, not a folder");
  try {
    const folder = await nearestFolder(kind === "file" ? dirname(resolve(path)) : resolve(path));
    await access(folder, constants.W_OK);
  } catch (error) {
    throw refuse(`cannot be written (${messageOf(error)})`, error);
  }
}

/** The path itself or the nearest folder above it that stands. */
async function nearestFolder(path: string): Promise<string> {
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && dirname(path) !== path) return undefined;
    throw error;
  });
  if (there === undefined) return nearestFolder(dirname(path));
  if (!there.isDirectory()) throw new Error(`${path} is a file`);
  return path;
}

/** `--quiet`, the same wherever progress is shown. */
export const quietOption = { type: "boolean", default: false, describe: "show no progress" } as const;

/** `--overwrite`, the same wherever something is written. */
export const overwriteOption = {
  type: "boolean",
  default: false,
  describe: "replace what is there already",
} as const;

/** `--allow-code`, the same wherever a checkpoint or record is opened that may name an architecture file. */
export const allowCodeOption = {
  type: "string",
  array: true,
  nargs: 1,
  describe: "an architecture file that a checkpoint or record names: its code is run; may be given again",
} as const;

/** `--set`, the same wherever an experiment is read. */
export const setOption = {
  type: "string",
  array: true,
  nargs: 1,
  describe: "a value over the experiment's file, as in optimiser.rate=1e-3; may be given again",
} as const;

/** `--from`, the same wherever an experiment is trained. */
export const fromOption = {
  type: "string",
  describe:
    "trained weights to begin with, over the experiment's: a checkpoint, an ONNX file, or a name that `pickbench models` lists; none for random ones",
} as const;

/** `--threads`, the same wherever there are several. */
export const threadsOption = {
  type: "number",
  describe: "worker threads; as many as the machine has cores, 8 at most, if absent",
} as const;

/** The number that `--threads` means. @throws BadUsage for one that is no whole number above 0 */
export function threadsOf(given: number | undefined): number {
  checkWhole("threads", given, 1);
  return given ?? defaultThreads();
}

/** Checks that a model can be written to a file. @throws PickbenchError BadUsage */
export async function checkModelPlace(out: string, overwrite: boolean): Promise<void> {
  await checkWritable("model", out, "file");
  await checkFree(out, overwrite, "another name");
}

/** `--scale`, the same wherever ready maps are read. */
export const scaleOption = {
  type: "number",
  describe: "value of a map's voxels that stands for p = 1; of integers, by type and range by default",
} as const;

/** @throws BadUsage where `--scale` is not above 0 */
export function checkScale(given: number | undefined): void {
  if (given === undefined || (Number.isFinite(given) && given > 0)) return;
  throw new PickbenchError("BadUsage", "--scale is not a positive number; write it like --scale 255");
}

/** `--runs`, the same wherever runs are chosen. */
export const runsOption = {
  type: "string",
  describe:
    "names of runs, separated by commas, or @SUBSET of a survey, or @FILE.txt with one a line: only these",
} as const;

/**
 * The names of runs that `--runs` or a flag like it holds, each once, those of subsets (`@NAME`) among them.
 *
 * @throws BadUsage where it holds none, or a subset does not exist
 */
export const runNames = (flag: string, given: string): string[] => [
  ...new Set(
    namesGiven(flag, given, "runs").flatMap((name) =>
      name.startsWith("@") ? runsOfSubset(name.slice(1)) : [name],
    ),
  ),
];

/** The names that a flag holds, separated by commas, each once. @throws BadUsage where it holds none */
export function namesGiven(flag: string, given: string, what: string): string[] {
  const names = new Set(given.split(",").map((name) => name.trim()));
  names.delete("");
  if (names.size > 0) return [...names];
  throw new PickbenchError(
    "BadUsage",
    `--${flag} is ${JSON.stringify(given)}, wanted names of ${what}; give one`,
  );
}

/** `--nan`, the same wherever voxels are read. */
export const nanOption = {
  choices: ["blank"] as const,
  describe: "NaN marks voxels without data, as in the margins of masked tomograms; refused if absent",
} as const;

/** `--spacing`, the same wherever tomograms are opened. */
export const spacingOption = {
  type: "number",
  describe: "Å per voxel of every tomogram, over what its files say or where they say nothing",
} as const;

/** @throws BadUsage where `--spacing` was given and is no length */
export function checkSpacing(spacing: number | undefined): void {
  if (spacing === undefined || isSpacing(spacing)) return;
  throw new PickbenchError(
    "BadUsage",
    `--spacing is ${spacing}, wanted Å per voxel from ${spacingLimits.least} to ${spacingLimits.greatest}; write it like --spacing 10.012`,
  );
}

/** The flags of commands that look at a data set as a whole. */
export const withDataset = (argv: Argv) =>
  argv
    .option("data", {
      type: "string",
      demandOption: true,
      describe:
        "folder with static/ and overlay/, or with train/ and test/ inside, a copick configuration, or what else docs/data.md names",
    })
    .option("part", { choices: ["train", "test"] as const, describe: "which part, where there are both" })
    .option("spacing", spacingOption);

/** `--engine`, the same wherever a network is run. */
export const engineOption = {
  choices: ["auto", ...engineNames],
  describe:
    "what trains and predicts, over the experiment's; `pickbench engines` lists what this machine has",
} as const;
