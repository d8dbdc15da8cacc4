/** What stands in a watched folder: a tomogram for each run, in any layout that `--data` takes. */
import { stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { tomogramsNamed, tomogramsThere, usualTomogram } from "../data/dataset.js";
import { recogniseData } from "../data/layouts/catalogue.js";
import type { Run, TomogramRef } from "../data/model.js";
import { accessFor } from "../data/remote/access.js";
import { messageOf, PickbenchError } from "../system/errors.js";
import { nameFault } from "../system/paths/names.js";
import { userErrorOf } from "../system/systemErrors.js";
import { isTaken } from "./places.js";

/** Which reconstruction of a run is meant. */
export interface ArrivalChoice {
  /** Type of reconstruction; a run's only one, else `denoised`, if absent. */
  readonly tomogram?: string | undefined;
  readonly voxelSpacing?: number | undefined;
  readonly part?: "train" | "test" | undefined;
}

/** A run with what was found of it. */
export interface Arrival {
  readonly run: string;
  /** The tomogram; undefined where it cannot be told which is meant. */
  readonly path: string | undefined;
  /** Why it cannot be taken as it is. */
  readonly fault: string | undefined;
  /** Whether that can only be mended by renaming. */
  readonly isMisnamed: boolean;
}

/**
 * Lists the tomograms that stand in a folder, complete or not, sorted by run; none in a folder where nothing is yet. Names
 * that begin with a dot or end as those of unfinished files are passed over.
 *
 * @throws PickbenchError where the folder is not there, or something in it cannot be read
 */
export async function arrivalsIn(folder: string, choice: ArrivalChoice): Promise<Arrival[]> {
  const path = resolve(folder);
  try {
    await stat(path);
    const asked = { part: choice.part, prefer: "train", access: accessFor() } as const;
    const runs = (await recogniseData(path, asked))?.runs ?? [];
    return runs.flatMap((run) => arrivalOf(path, run, choice) ?? []);
  } catch (error) {
    throw (
      userErrorOf(error, path) ??
      new PickbenchError("BadDataset", `${path}: ${messageOf(error)}`, { path, cause: error })
    );
  }
}

const unfinished = /\.(tmp|part|partial|filepart|crdownload)$|\.partial-/i;

function isUnfinished(folder: string, { path }: TomogramRef): boolean {
  const parts = relative(folder, path).split(sep);
  return parts.some((part) => part !== ".." && (part.startsWith(".") || unfinished.test(part)));
}

function arrivalOf(folder: string, run: Run, choice: ArrivalChoice): Arrival | undefined {
  const tomograms = run.tomograms.filter((each) => !isUnfinished(folder, each));
  const found = meant({ ...run, tomograms }, choice);
  if (found.length === 0) return undefined;
  const fault = nameFault(run.name) ?? takenFault(run.name);
  if (fault !== undefined) {
    const sentence = `the run ${JSON.stringify(run.name)} cannot be a folder's name: ${fault}; rename it`;
    return { run: run.name, path: found[0]!.path, fault: sentence, isMisnamed: true };
  }
  if (found.length === 1) return { run: run.name, path: found[0]!.path, fault: undefined, isMisnamed: false };
  const several = `${found.length} tomograms (${tomogramsThere({ ...run, tomograms: found })}): say which by --tomogram, or by --voxel-spacing`;
  return { run: run.name, path: undefined, fault: several, isMisnamed: false };
}

const takenFault = (run: string): string | undefined =>
  isTaken(run) ? "the watcher has a file or folder of that name" : undefined;

function meant(run: Run, { tomogram, voxelSpacing }: ArrivalChoice): readonly TomogramRef[] {
  if (tomogram !== undefined) return tomogramsNamed(run, tomogram, voxelSpacing);
  const all = run.tomograms.filter(
    (each) =>
      voxelSpacing === undefined || Math.abs((each.voxelSpacing ?? Number.NaN) - voxelSpacing) <= 1e-3,
  );
  if (all.length < 2) return all;
  const usual = all.filter(({ tomoType }) => tomoType === usualTomogram);
  return usual.length === 1 ? usual : all;
}
