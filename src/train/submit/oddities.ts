/** Oddities of a tomogram that is about to be predicted. */
import { blankShare, blankText } from "../../data/blank/blank.js";
import { contrastOfVoxels, otherContrast, type TrainedContrast } from "../../data/contrast.js";
import type { Volume } from "../../domain/volume.js";

/** Lists what to tell of a run's tomogram: how much is blank, and a contrast that is not the training's. */
export function oddities(run: string, volume: Volume, trained: TrainedContrast): string[] {
  const inverted = otherContrast(run, contrastOfVoxels(volume), trained);
  return [...(volume.blank ? [blankText(run, blankShare(volume))] : []), ...(inverted ? [inverted] : [])];
}
