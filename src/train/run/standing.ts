/** What stands in a run's folder already: whether it may be used, and where its training goes on. */
import { PickbenchError } from "../../system/errors.js";
import { checkUnasked } from "../../system/paths/overwriting.js";
import { readProgress, type TrainingProgress } from "../fit/progressFile.js";
import type { PreparedRun, RunOptions } from "./prepare.js";
import { begunFolds, isBegun, type RunFolder } from "./runFolder.js";

/** Checks, before the data are read, that a run may begin or go on in the folder. */
export async function checkStanding(
  folder: RunFolder,
  options: Pick<RunOptions, "overwrite" | "resume">,
): Promise<void> {
  checkUnasked(folder.path, isBegun(folder), options, "run");
  if ((await begunFolds(folder)).length > 0)
    throw new PickbenchError(
      "BadUsage",
      `${folder.path} holds the folds of a run, not one run; give --folds to go on with them, or another --out`,
    );
}

/** The progress to go on from; null begins anew. */
export async function progressOf(
  folder: RunFolder,
  prepared: PreparedRun,
  options: RunOptions,
): Promise<TrainingProgress | null> {
  if (!isBegun(folder) || options.overwrite) return null;
  const progress = await readProgress(folder.last);
  if (!progress) return null;
  if (progress.experimentHash !== prepared.experimentHash)
    throw new PickbenchError(
      "BadExperiment",
      `${folder.path}: the run there was begun with other settings (experiment, seed or budget); resume it with the same, or give another --out`,
    );
  if (progress.dataHash !== prepared.dataHash)
    throw new PickbenchError(
      "BadDataset",
      `${folder.path}: the data differ from those the run there was begun on; resume it with the same, or give another --out`,
    );
  return progress;
}
