/** All folds of a cross-validation: what they hold, and what is checked before the first step. */
import { existsSync } from "node:fs";
import { type FoldsSpec, foldsOf, resolveSplits, type Splits } from "../../data/splits.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { checkOneAsked } from "../../system/paths/overwriting.js";
import type { Experiment } from "../experiment/schema.js";
import { checkLearned } from "../prepare/checkRun.js";
import {
  ancestryNotes,
  type Known,
  type PreparedRun,
  prepareRun,
  type RunOptions,
} from "../prepare/prepare.js";
import type { Fold } from "./fold.js";
import { begunFolds, foldFolder, isBegun, type RunFolder } from "./runFolder.js";
import { checkUnfinished, isScored } from "./standing.js";

/** Options of a cross-validation by folds. */
export interface FoldsOptions extends Omit<RunOptions, "splits"> {
  readonly folds: FoldsSpec;
  /** Folder of the leaderboard; null publishes nothing. */
  readonly submissions: string | null;
}

/** All folds with their data, each checked before the first step. */
export interface FoldsPlan {
  /** Experiment whose splits name the number of folds. */
  readonly experiment: Experiment;
  readonly prepared: PreparedRun;
  readonly folds: readonly Fold[];
}

/** Checks all that `runFolds` checks before its first step. @returns the number of folds */
export async function countFolds(folder: RunFolder, options: FoldsOptions): Promise<number> {
  await checkBeginning(folder, options);
  return (await planFolds(folder, options)).folds.length;
}

/** @returns whether folds that are there are gone on with */
export async function checkBeginning(folder: RunFolder, options: FoldsOptions): Promise<boolean> {
  const isThere = existsSync(folder.path);
  checkOneAsked(options, "run");
  const goesOn = isThere && !options.overwrite && (isBegun(folder) || (await begunFolds(folder)).length > 0);
  if (goesOn && !options.resume) await checkUnfinished(folder, isScored(options.submissions));
  return goesOn;
}

/** Prepares all folds together: data, networks and what each holds out. */
export async function planFolds(folder: RunFolder, options: FoldsOptions): Promise<FoldsPlan> {
  const shared: FoldSplits[] = [];
  const prepared = await prepareRun(
    { ...options, splits: options.folds },
    {
      share(_, names, leastTrain) {
        for (const spec of foldsOf(options.folds, names))
          shared.push({ spec, splits: resolveSplits(spec, names, leastTrain) });
        const all = names.toSorted();
        return { train: all, tune: [], holdout: all };
      },
      check: (known) => checkEach(known, shared),
    },
  );
  const { folds: count, tune } = shared[0]!.spec;
  const folds = shared.map(({ spec, splits }, index) => ({
    index,
    spec,
    splits,
    experiment: { ...prepared.experiment, splits: spec },
    folder: foldFolder(folder, index),
  }));
  return { experiment: { ...prepared.experiment, splits: { folds: count, tune } }, prepared, folds };
}

/** Checks that every fold trains on all that is learned, and that none holds out what its network has seen before. */
async function checkEach(known: Known, folds: readonly FoldSplits[]): Promise<string[]> {
  const { networks, picks, masks } = known;
  const notes: string[] = [];
  for (const { spec, splits } of folds)
    await inFold(`fold ${spec.fold}`, async () => {
      const sources = splits.train.map((run) => ({ run, picks: picks.get(run)!, masks: masks.get(run)! }));
      checkLearned(networks, sources);
      notes.push(...ancestryNotes(known, splits));
    });
  return notes;
}

interface FoldSplits {
  readonly spec: Fold["spec"];
  readonly splits: Splits;
}

/** Adds to an error in which fold the work failed or was stopped. */
export async function inFold<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    const { tag, message, path } = error;
    throw new PickbenchError(tag, `${place}: ${message}`, {
      cause: error,
      ...(path === undefined ? {} : { path }),
    });
  }
}
