import { type Dataset, findRun, findTomogram } from "../data/dataset.js";
import { readViews } from "../data/normalisedTomogram.js";
import { openTomogram } from "../data/omeZarr.js";
import type { EngineName } from "../engines/engine.js";
import { PickbenchError } from "../errors.js";
import { openPredictor, type Predictor } from "../infer/predictor.js";
import { predictMaps } from "../infer/probabilityMaps.js";
import type { Pick } from "../particles.js";
import type { Volume } from "../volume.js";
import { type Checkpoint, readCheckpoint } from "./checkpoint.js";
import { mergedSettings } from "./mergedSettings.js";
import { pickType } from "./tunePicking.js";

/** One or more checkpoints, ready to find particles in tomograms; several are an ensemble. */
export interface Detector {
  readonly predictor: Predictor;
  readonly types: readonly string[];
  /** Finds, before any prediction, runs without a tomogram that the checkpoints were made for. */
  check(dataset: Dataset, runs: readonly string[]): Promise<void>;
  /** The tomogram that the checkpoints were made for, as their networks want it: once a normalisation. */
  read(dataset: Dataset, run: string): Promise<Volume[]>;
  /** Particles of one run. */
  detect(dataset: Dataset, run: string, onProgress?: (done: number, total: number) => void): Promise<Pick[]>;
  close(): Promise<void>;
}

export interface DetectorOptions {
  readonly engine: EngineName;
  readonly threads: number;
  /** Over what the first checkpoint's experiment says. */
  readonly tomogram?: string | undefined;
}

export async function openDetector(paths: readonly string[], options: DetectorOptions): Promise<Detector> {
  const checkpoints: Checkpoint[] = [];
  for (const path of paths) checkpoints.push(await readCheckpoint(path));
  const first = checkpoints[0]!;
  for (const [at, { spacing }] of checkpoints.entries())
    if (Math.abs(spacing / first.spacing - 1) > 0.05)
      throw new PickbenchError(
        "BadCheckpoint",
        `${paths[at]}: trained at ${spacing.toFixed(2)} Å a voxel, ${paths[0]} at ${first.spacing.toFixed(2)}; an ensemble takes checkpoints of one spacing`,
      );
  const { experiment } = first;
  const predictor = await openPredictor(
    checkpoints.flatMap(({ networks }) => networks),
    { ...experiment.predict, engine: options.engine, threads: options.threads },
  );
  const settings = mergedSettings(checkpoints);
  const choice = { ...experiment.data, tomogram: options.tomogram ?? experiment.data.tomogram };
  const checkSpacing = (run: string, got: number): void => {
    if (Math.abs(got / first.spacing - 1) > 0.05)
      throw new PickbenchError(
        "Unsupported",
        `${run}: its ${choice.tomogram} tomogram has ${got.toFixed(2)} Å a voxel, the checkpoint was trained at ${first.spacing.toFixed(2)}; give tomograms of that spacing`,
      );
  };
  const read = async (dataset: Dataset, run: string): Promise<Volume[]> => {
    const views = await readViews(dataset, run, choice, predictor.normalisations);
    checkSpacing(run, views[0]!.spacing[0]);
    return views;
  };
  return {
    predictor,
    types: predictor.types,
    async check(dataset, runs) {
      for (const run of runs) {
        const ref = findTomogram(findRun(dataset, run), choice.tomogram, choice.voxelSpacing);
        checkSpacing(run, (await openTomogram(ref, choice.level)).spacing[0]);
      }
    },
    read,
    async detect(dataset, run, onProgress) {
      const maps = await predictMaps(predictor, await read(dataset, run), onProgress);
      return predictor.types.flatMap((type) => pickType(experiment, maps, type, settings.get(type)!));
    },
    close: () => predictor.close(),
  };
}
