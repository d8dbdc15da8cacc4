// Predicts and picks with checkpoints, for programs that import pickbench.
import type { Dataset } from "../data/model.js";
import type { ParticlePick } from "../domain/particles.js";
import type { Shape3, Volume } from "../domain/volume.js";
import { resolveEngine } from "../engines/available.js";
import type { EngineName, Precision } from "../engines/engine.js";
import { defaultThreads } from "../engines/engine.js";
import type { PickingSettings } from "../infer/pick/picking.js";
import type { Statistics } from "../infer/predict/statistics.js";

/** How a detector computes. */
export interface DetectorOptions {
  /** `auto`, the default, is CUDA where it is installed and starts, else the CPU. */
  readonly engine?: "auto" | EngineName;
  /** Threads of the engine; as many as there are processors, 8 at most, by default. */
  readonly threads?: number;
  /** Numbers to compute with, over the checkpoint's. */
  readonly precision?: Precision;
  /** Name of the reconstruction to read, such as `denoised`, over the checkpoint's. */
  readonly tomogram?: string;
  /** The largest tile along z, y, x in voxels, over the checkpoint's. */
  readonly tile?: Shape3;
  /** Voxels that neighbouring tiles share, over the checkpoint's. */
  readonly overlap?: number;
  /** What normalisation layers take means and variances from, over the checkpoint's. */
  readonly statistics?: Statistics;
  /** Architecture files that checkpoints name, whose code may be run; none by default. */
  readonly allowCode?: readonly string[];
}

/** Hears how many of a tomogram's tiles are done. */
export type OnTile = (done: number, total: number) => void;

/** One or more checkpoints, loaded into a thread of their own; several are averaged. One tomogram is predicted at a time. */
export interface Detector {
  /** Names of the particles that it finds, sorted. */
  readonly types: readonly string[];
  /** Features that it segments, each with the probability above which a voxel belongs to it. */
  readonly features: ReadonlyMap<string, number>;
  /** How each type is picked, as tuned in training. */
  readonly settings: ReadonlyMap<string, PickingSettings>;
  /**
   * Predicts the tomogram of a run: by type, the probability at each voxel that a particle is there, and by feature that the
   * voxel belongs to it, 0 to 1, in the tomogram's shape (z, y, x) and spacing, 4 bytes a voxel and type.
   *
   * @throws BadDataset where the run or its tomogram is missing; Unsupported where its spacing is another than the
   *   checkpoint's; NotFinite where a voxel or a network's output is not finite
   */
  predict(dataset: Dataset, run: string, onTile?: OnTile): Promise<Map<string, Volume>>;
  /** Reads, predicts and picks the tomogram of a run: positions in Å, with scores. @throws as `predict` */
  detect(dataset: Dataset, run: string, onTile?: OnTile): Promise<ParticlePick[]>;
  /** Ends the threads, and a prediction that is under way. */
  close(): Promise<void>;
}

/**
 * Opens a detector from the `best.safetensors` of one or more runs. Close it, or the process does not end.
 *
 * @throws BadCheckpoint where a file is no checkpoint, or one was trained at another spacing than the first; Unsupported
 *   where the engine cannot run on this machine
 */
export async function openDetector(
  checkpoints: string | readonly string[],
  options: DetectorOptions = {},
): Promise<Detector> {
  const { tile, overlap, statistics, precision, tomogram } = options;
  const { openDetector: open } = await import("../train/submit/detector.js");
  const { predictMaps } = await import("../infer/predict/probabilityMaps.js");
  const inner = await open([checkpoints].flat(), {
    engine: await resolveEngine(options.engine ?? "auto"),
    threads: options.threads ?? defaultThreads(),
    precision,
    tomogram,
    allowCode: options.allowCode,
    tiling: {
      ...(tile !== undefined && { tile }),
      ...(overlap !== undefined && { overlap }),
      ...(statistics !== undefined && { statistics }),
    },
  });
  return {
    types: inner.types,
    features: inner.features,
    settings: inner.settings,
    async predict(dataset, run, onTile) {
      const maps = await predictMaps(inner.predictor, await inner.read(dataset, run), onTile);
      return new Map(maps.types.map((type) => [type, maps.volume(type)]));
    },
    detect: (dataset, run, onTile) => inner.detect(dataset, run, onTile),
    close: () => inner.close(),
  };
}
