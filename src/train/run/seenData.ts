/** What the voxels of a run's tomograms show before the first step: that they can be read, blank parts, and contrast. */
import { blankShare, blankText } from "../../data/blank/blank.js";
import {
  type Contrast,
  commonContrast,
  contrastAtPicks,
  contrastOfVoxels,
  differingContrast,
  type TrainedContrast,
} from "../../data/contrast.js";
import type { Dataset, TomogramReader } from "../../data/model.js";
import { withBlank } from "../../data/normalisation.js";
import { measureVolume } from "../../data/normalise.js";
import { readRunPicks } from "../../data/picks.js";
import { rounded } from "../../domain/numbers.js";
import type { Reporter } from "../../system/reporter.js";

/** Facts on the tomograms of an experiment. */
export interface SeenData {
  /** Contrast of each run's picks, in the first of its reconstructions that was read. */
  readonly contrast: Readonly<Record<string, Contrast>>;
  /** Share of blank voxels of the runs that have any. */
  readonly blank: Readonly<Record<string, number>>;
  /** Contrast that the voxels of the training's tomograms show together. */
  readonly trained: TrainedContrast;
}

/**
 * Reads tomograms one by one, to the last voxel, and notes what is odd.
 *
 * @param train names of the runs that are trained on
 * @throws PickbenchError BadDataset or NotFinite for the first that cannot be used
 */
export async function seeData(
  dataset: Dataset,
  readers: readonly TomogramReader[],
  train: readonly string[],
  reporter: Reporter,
): Promise<SeenData> {
  const contrast = new Map<string, Contrast>();
  const blank = new Map<string, number>();
  const voxels: Contrast[] = [];
  const progress = reporter.progress("checking the data", readers.length, "tomograms", { isAside: true });
  try {
    for (const [at, reader] of readers.entries()) {
      const { run } = reader.ref;
      const volume = withBlank(await reader.readAll(), reader.ref.nan === "blank");
      measureVolume(volume, reader);
      if (train.includes(run)) voxels.push(contrastOfVoxels(volume));
      if (!contrast.has(run)) {
        contrast.set(run, contrastAtPicks(volume, await readRunPicks(dataset, run), dataset.particles));
        if (volume.blank) blank.set(run, rounded(blankShare(volume), 4));
      }
      progress.update(at + 1, run);
    }
  } finally {
    progress.stop();
  }
  for (const [run, share] of blank) reporter.note(blankText(run, share));
  const differing = differingContrast(contrast);
  if (differing) reporter.note(differing);
  return {
    contrast: Object.fromEntries(contrast),
    blank: Object.fromEntries(blank),
    trained: commonContrast(voxels),
  };
}
