/** What a data set's masks hold: of each feature and run, how many voxels, and how many are known. */
import { voxelCount } from "../../domain/volume.js";
import { isPickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { findRun, tomogramsNamed } from "../dataset.js";
import type { Feature } from "../masks/features.js";
import { knownCount, yesCount } from "../masks/mask.js";
import { readMask } from "../masks/read.js";
import type { Dataset, TomogramReader } from "../model.js";
import type { TomogramChoice } from "../normalisation.js";
import { openTomogram } from "../tomograms/omeZarr.js";

/** A feature in a run. */
export interface FeatureInspection {
  readonly run: string;
  readonly feature: string;
  /** The volume that was read; null where there is none, or none of it was annotated. */
  readonly path: string | null;
  /** Voxels of the feature on the tomogram's grid. */
  readonly voxels: number;
  /** Share of the known voxels that belong to the feature, and share of all voxels that are known. */
  readonly share: number;
  readonly known: number;
}

/** Features as inspected, and masks that cannot be read. */
interface FeaturesInspection {
  readonly features: readonly FeatureInspection[];
  readonly problems: readonly { readonly path: string | undefined; readonly message: string }[];
}

/** The reconstruction on whose grid masks are read; a run's first where none is named. */
export interface GridChoice extends Omit<TomogramChoice, "tomogram"> {
  readonly tomogram: string | undefined;
}

/** Opens a run's reconstruction; undefined where it has not the one that is meant. */
export async function gridOf(
  dataset: Dataset,
  run: string,
  { tomogram, voxelSpacing, level, nan }: GridChoice,
): Promise<TomogramReader | undefined> {
  const found = findRun(dataset, run);
  const [ref] = tomogram === undefined ? found.tomograms : tomogramsNamed(found, tomogram, voxelSpacing);
  return ref && openTomogram({ ...ref, nan }, level, dataset.access);
}

/**
 * Counts the voxels of every feature in every run with a tomogram.
 *
 * @param choice of the reconstruction on whose grid voxels count
 */
export async function inspectFeatures(
  dataset: Dataset,
  features: readonly Feature[],
  choice: GridChoice,
  reporter: Reporter,
): Promise<FeaturesInspection> {
  const found: FeatureInspection[] = [];
  const problems = new Map<string, FeaturesInspection["problems"][number]>();
  const progress = reporter.progress("reading masks", dataset.runs.length * features.length, "masks");
  let done = 0;
  try {
    for (const { name: run } of dataset.runs)
      for (const feature of features) {
        try {
          const grid = await gridOf(dataset, run, choice);
          if (grid) found.push(await inspectFeature(dataset, feature, grid));
        } catch (error) {
          if (!isPickbenchError(error) || error.tag === "Stopped") throw error;
          problems.set(error.message, { path: error.path, message: error.message });
        }
        progress.update(++done, `${run} ${feature.name}`);
      }
  } finally {
    progress.stop();
  }
  return { features: found, problems: [...problems.values()] };
}

async function inspectFeature(
  dataset: Dataset,
  feature: Feature,
  grid: TomogramReader,
): Promise<FeatureInspection> {
  const { run } = grid.ref;
  const mask = await readMask(dataset, run, feature, grid);
  const known = mask ? knownCount(mask) : 0;
  const voxels = mask ? yesCount(mask) : 0;
  return {
    run,
    feature: feature.name,
    path: mask?.path ?? null,
    voxels,
    share: known > 0 ? voxels / known : 0,
    known: known / voxelCount(grid.shape),
  };
}
