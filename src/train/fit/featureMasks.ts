/** The masks of an experiment's features in a run, as training, tuning and scoring take them. */
import { findRun, findTomogram } from "../../data/dataset.js";
import { type Mask, withoutBlank } from "../../data/masks/mask.js";
import { type ReadMask, readMask, type TomogramGrid } from "../../data/masks/read.js";
import type { Dataset } from "../../data/model.js";
import type { Volume } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { experimentFeatures } from "../experiment/features.js";
import type { Experiment } from "../experiment/schema.js";

/**
 * Reads the masks of an experiment's features onto a run's tomogram, 1 yes, 0 no, 2 unknown; features that have none there
 * are left out. @throws as `readMask`
 */
export async function readMasks(
  dataset: Dataset,
  experiment: Experiment,
  tomogram: TomogramGrid,
): Promise<Map<string, ReadMask>> {
  const masks = new Map<string, ReadMask>();
  for (const feature of experimentFeatures(experiment)) {
    const mask = await readMask(dataset, tomogram.ref.run, feature, tomogram);
    if (mask) masks.set(feature.name, mask);
  }
  return masks;
}

/**
 * Reads the masks of a run whose reconstructions lie in memory; unknown where one of them holds no data.
 *
 * @param name of the first reconstruction
 * @throws PickbenchError BadExperiment where reconstructions are of several grids
 */
export async function masksOfVolumes(
  dataset: Dataset,
  experiment: Experiment,
  run: string,
  name: string,
  volumes: readonly Volume[],
): Promise<Map<string, Mask>> {
  if (!experiment.features) return new Map();
  const [first] = volumes;
  checkOneGrid(run, volumes, "with features");
  const ref = findTomogram(findRun(dataset, run), name, experiment.data.voxelSpacing);
  const masks = await readMasks(dataset, experiment, { ...first!, ref });
  const blanks = volumes.map(({ blank }) => blank);
  return new Map([...masks].map(([feature, mask]) => [feature, withoutBlank(mask, blanks)]));
}

/**
 * Checks that a run's reconstructions have one shape, so that a mask lies on all, or all can be mixed.
 *
 * @param why one grid is wanted, as a part of a sentence
 * @throws PickbenchError BadExperiment where they differ
 */
export function checkOneGrid(run: string, volumes: readonly Pick<Volume, "shape">[], why: string): void {
  const other = volumes.find(({ shape }) => shape.join() !== volumes[0]!.shape.join());
  if (!other) return;
  throw new PickbenchError(
    "BadExperiment",
    `data.trainOn: the reconstructions of ${run} have ${volumes[0]!.shape.join("×")} and ${other.shape.join("×")} voxels; ${why} they must be of one grid: train on one of them`,
  );
}
