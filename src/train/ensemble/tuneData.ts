/** The tune runs of an ensemble: their truth, and their tomograms on demand. */
import { findRun, findTomogram } from "../../data/dataset.js";
import { tomogramStamp } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import { readViews, type TomogramChoice } from "../../data/normalisation.js";
import { readRunPicks } from "../../data/picks.js";
import { isOneSpacing } from "../../data/spacings.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { Volume } from "../../domain/volume.js";
import type { Predictor } from "../../infer/predict/predictor.js";
import { PickbenchError } from "../../system/errors.js";
import { canonicalJson, hashOf } from "../../system/files.js";
import { truthAuthor } from "../experiment/schema.js";
import type { TuneTruth } from "../fit/tuneNetworks.js";
import type { EnsembleMember } from "./members.js";

/** A tune run, whose tomogram is read again for every prediction. */
export interface EnsembleTuneRun extends TuneTruth {
  /** Stamp of the run's tomogram and picks. */
  readonly stamp: string;
}

/**
 * Reads the truth of the named runs.
 *
 * @throws PickbenchError BadDataset or Unsupported where a run is missing, has no picks of the members' types, or has
 * another spacing
 */
export async function readTuneRuns(
  dataset: Dataset,
  names: readonly string[],
  members: readonly EnsembleMember[],
): Promise<EnsembleTuneRun[]> {
  const [{ checkpoint }] = members as [EnsembleMember];
  const { tomogram, voxelSpacing, level } = checkpoint.experiment.data;
  const types = new Set(members.flatMap((member) => [...member.checkpoint.picking.keys()]));
  const unknown = [...types].find((type) => !dataset.particles.some(({ name }) => name === type));
  if (unknown !== undefined)
    throw new PickbenchError(
      "BadDataset",
      `${dataset.root}: has no particle ${unknown}, which a member predicts; tune on data of the members' particles`,
      { path: dataset.root },
    );
  const runs: EnsembleTuneRun[] = [];
  for (const run of names) {
    const ref = findTomogram(findRun(dataset, run), tomogram, voxelSpacing);
    const reader = await openTomogram(ref, level, dataset.access);
    if (!isOneSpacing(reader.spacing[0], checkpoint.spacing))
      throw new PickbenchError(
        "Unsupported",
        `${run}: its ${tomogram} tomogram has ${reader.spacing[0].toFixed(2)} Å a voxel, the members were trained at ${checkpoint.spacing.toFixed(2)}; tune on tomograms of that spacing`,
      );
    const truth = await readRunPicks(dataset, run, truthAuthor(checkpoint.experiment));
    if (!truth.some(({ type }) => types.has(type)))
      throw new PickbenchError(
        "BadDataset",
        `${dataset.root}: ${run} has no picks of ${[...types].join(", ")} to tune on; name runs with picks`,
        { path: dataset.root },
      );
    runs.push({ run, truth, stamp: hashOf(canonicalJson([await tomogramStamp(reader), truth])) });
  }
  return runs;
}

/** Reads a run's tomogram once per normalisation of a predictor. */
export const viewsOfRun = (
  dataset: Dataset,
  choice: TomogramChoice,
  run: string,
  predictor: Predictor,
): Promise<Volume[]> => readViews(dataset, run, choice, predictor.normalisations);
