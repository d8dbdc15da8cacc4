/**
 * A detector: checkpoints opened to find particles. The room `submit` applies trained networks to tomograms and writes
 * submissions.
 */
import { commonContrast, type TrainedContrast } from "../../data/contrast.js";
import { findRun, findTomogram } from "../../data/dataset.js";
import type { Dataset, TomogramReader } from "../../data/model.js";
import { readViews } from "../../data/normalisation.js";
import { isOneSpacing } from "../../data/spacings.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import type { EngineName, Precision } from "../../engines/engine.js";
import { lowestThreshold as lowestOf } from "../../infer/pick/density.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import { openPickPool } from "../../infer/pick/pool.js";
import type { Averaging } from "../../infer/predict/averaging.js";
import { openPredictor, type Predictor } from "../../infer/predict/predictor.js";
import { type ProbabilityMaps, predictMaps } from "../../infer/predict/probabilityMaps.js";
import type { Statistics } from "../../infer/predict/statistics.js";
import { PickbenchError } from "../../system/errors.js";
import type { CodeLeave } from "../checkpoint/allowedCode.js";
import { averagingOf, type Checkpoint, readCheckpoint, trainedContrast } from "../checkpoint/checkpoint.js";
import { commonReference } from "../checkpoint/commonReference.js";
import { pickType, sweepType } from "../fit/tunePicking.js";
import { mergedFeatures, mergedSettings } from "./mergedSettings.js";

/** One or more checkpoints, ready to find particles in tomograms; several form an ensemble. */
export interface Detector {
  readonly predictor: Predictor;
  /** Types that are picked. */
  readonly types: readonly string[];
  /** Threshold of each feature that is segmented, above which a voxel belongs to it. */
  readonly features: ReadonlyMap<string, number>;
  /** Picking settings of each type. */
  readonly settings: ReadonlyMap<string, PickingSettings>;
  /** Number format of the networks. */
  readonly precision: Precision;
  /** Contrast that the voxels of the training's tomograms showed. */
  readonly contrast: TrainedContrast;
  /** Name of the reconstruction to read. */
  readonly tomogram: string;
  /**
   * Finds the tomogram that the checkpoints expect without reading its voxels, so that a missing one is known early.
   */
  find(dataset: Dataset, run: string): Promise<TomogramReader>;
  /** Reads that tomogram once per normalisation of the networks. */
  read(dataset: Dataset, run: string): Promise<Volume[]>;
  /** Predicts the maps that picking needs of a tomogram. */
  predict(views: readonly Volume[], onProgress?: OnProgress): Promise<ProbabilityMaps>;
  /** Picks particles from maps, all types at once in worker threads. */
  pick(maps: ProbabilityMaps): Promise<ParticlePick[]>;
  /** Returns the picks of a type at each threshold; no threshold may lie below `lowestThreshold`. */
  sweep(maps: ProbabilityMaps, type: string, thresholds: readonly number[]): Promise<ParticlePick[][]>;
  /** Reads, predicts and picks one run. */
  detect(dataset: Dataset, run: string, onProgress?: OnProgress): Promise<ParticlePick[]>;
  /** Ends a prediction in progress and releases the threads. */
  close(): Promise<void>;
}

type OnProgress = (done: number, total: number) => void;

/** Tiles and where their statistics come from, in place of the first checkpoint's. */
export interface Tiling {
  /** Greatest tile in voxels along z, y, x. */
  readonly tile?: Shape3;
  /** Voxels that neighbouring tiles share. */
  readonly overlap?: number;
  readonly statistics?: Statistics;
}

export interface DetectorOptions extends CodeLeave {
  readonly tiling?: Tiling;
  readonly engine: EngineName;
  readonly threads: number;
  /** Number format, in place of the first checkpoint's. */
  readonly precision?: Precision | undefined;
  /** Reconstruction, in place of the first checkpoint's. */
  readonly tomogram?: string | undefined;
  /** Whether NaN is blank, in place of what the first checkpoint's experiment says. */
  readonly nan?: "blank" | undefined;
  /** Hears, in a sentence, where memory does not suffice for the tiles and smaller ones are taken. */
  readonly onSmallerTiles?: (line: string) => void;
  /**
   * Lowest threshold of `sweep`: maps are kept down to this value, and picks stay the same. Each type's own if absent.
   */
  readonly lowestThreshold?: number;
}

/**
 * Checks that all checkpoints have one spacing. @throws PickbenchError BadCheckpoint where one differs from the first
 */
export function checkOneSpacing(
  paths: readonly string[],
  checkpoints: readonly { readonly spacing: number }[],
): void {
  const [first] = checkpoints;
  for (const [at, { spacing }] of checkpoints.entries())
    if (!isOneSpacing(spacing, first!.spacing))
      throw new PickbenchError(
        "BadCheckpoint",
        `${paths[at]}: trained at ${spacing.toFixed(2)} Å a voxel, ${paths[0]} at ${first!.spacing.toFixed(2)}; an ensemble takes checkpoints of one spacing`,
      );
}

/** @throws PickbenchError BadCheckpoint where one checkpoint picks what another segments */
function checkOneMeaning(paths: readonly string[], checkpoints: readonly Checkpoint[]): void {
  const picked = new Set(checkpoints.flatMap(({ picking }) => [...picking.keys()]));
  for (const [at, { features = [] }] of checkpoints.entries())
    for (const { name } of features)
      if (picked.has(name))
        throw new PickbenchError(
          "BadCheckpoint",
          `${paths[at]}: segments ${name}, which another checkpoint picks as particles; give checkpoints of one kind`,
        );
}

/** Returns the averaging of all checkpoints. @throws PickbenchError BadCheckpoint where only some average logits */
function commonAveraging(paths: readonly string[], checkpoints: readonly Checkpoint[]): Averaging {
  const averaging = averagingOf(checkpoints[0]!);
  const other = checkpoints.findIndex((each) => averagingOf(each) !== averaging);
  if (other < 0) return averaging;
  const [logits, plain] = averaging === "logits" ? [0, other] : [other, 0];
  throw new PickbenchError(
    "BadCheckpoint",
    `${paths[logits]}: averages its networks' logits, ${paths[plain]} does not; make one ensemble of all members with pickbench ensemble --average logits`,
  );
}

/**
 * Opens checkpoints as a detector. @throws PickbenchError BadCheckpoint where one is damaged or they do not fit
 * together
 */
export async function openDetector(paths: readonly string[], options: DetectorOptions): Promise<Detector> {
  const checkpoints: Checkpoint[] = [];
  for (const path of paths) checkpoints.push(await readCheckpoint(path, options));
  const first = checkpoints[0]!;
  checkOneSpacing(paths, checkpoints);
  checkOneMeaning(paths, checkpoints);
  const { experiment } = first;
  const precision = options.precision ?? experiment.predict.precision ?? "float32";
  const { engine, threads } = options;
  const predictor = await openPredictor(
    checkpoints.flatMap(({ networks }) => networks),
    {
      ...experiment.predict,
      ...options.tiling,
      precision,
      engine,
      threads,
      averaging: commonAveraging(paths, checkpoints),
    },
    options.onSmallerTiles,
  );
  const settings = mergedSettings(checkpoints);
  const features = mergedFeatures(checkpoints);
  const types = predictor.types.filter((type) => !features.has(type));
  const { lowestThreshold = Number.POSITIVE_INFINITY } = options;
  const thresholds = [...[...settings].map(([type, each]) => [type, lowestOf(each)] as const), ...features];
  const floors = new Map(thresholds.map(([name, threshold]) => [name, Math.min(threshold, lowestThreshold)]));
  const pool = openPickPool();
  const { tomogram = experiment.data.tomogram, nan = experiment.data.nan } = options;
  const choice = { ...experiment.data, tomogram, nan, ...commonReference(paths, checkpoints) };
  const checkSpacing = (run: string, got: number): void => {
    if (predictor.planeSpacing === null && !isOneSpacing(got, first.spacing))
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
  const predict: Detector["predict"] = (views, onProgress) =>
    predictMaps(predictor, views, onProgress, floors);
  const pick: Detector["pick"] = async (maps) => {
    const perType = await Promise.all(
      types.map((type) => pickType(pool, experiment, maps, type, settings.get(type)!)),
    );
    return perType.flat();
  };
  return {
    predictor,
    types,
    features,
    settings,
    precision,
    contrast: commonContrast(checkpoints.map(trainedContrast)),
    tomogram: choice.tomogram,
    async find(dataset, run) {
      const ref = findTomogram(findRun(dataset, run), choice.tomogram, choice.voxelSpacing);
      const reader = await openTomogram(ref, choice.level, dataset.access);
      checkSpacing(run, reader.spacing[0]);
      return reader;
    },
    read,
    predict,
    pick,
    sweep: (maps, type, thresholds) =>
      sweepType(pool, experiment, maps, type, { ...settings.get(type)!, thresholds }),
    async detect(dataset, run, onProgress) {
      return pick(await predict(await read(dataset, run), onProgress));
    },
    async close() {
      await Promise.all([predictor.close(), pool.close()]);
    },
  };
}
