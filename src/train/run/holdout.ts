/** Detection in the held-out runs: picks, truth, and the counts at every threshold. */
import { type Mask, withoutBlank } from "../../data/masks/mask.js";
import { writePicks } from "../../data/picks.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { Volume } from "../../domain/volume.js";
import { ownUserId } from "../../formats/copickPicks.js";
import type { ProbabilityMaps } from "../../infer/predict/probabilityMaps.js";
import type { SparseMap } from "../../infer/predict/sparseMap.js";
import type { PicksByExperiment } from "../../score/score.js";
import { countSweep, type SweptType, type ThresholdSweep } from "../../score/sweep.js";
import { writeFolderWhole, writeWhole } from "../../system/files.js";
import { type Progress, startCounting } from "../../system/reporter.js";
import { readMasks } from "../fit/featureMasks.js";
import { ownCode, type PreparedRun } from "../prepare/prepare.js";
import { type Detector, openDetector } from "../submit/detector.js";
import type { RunFolder } from "./runFolder.js";

/** Picks and truth of the held-out runs. */
interface HoldoutPicks {
  readonly truth: PicksByExperiment;
  readonly picks: PicksByExperiment;
  /** Types that the detector predicts. */
  readonly types: readonly string[];
  readonly sweep: ThresholdSweep;
  /** Thresholds of the features that the detector segments. */
  readonly features: ReadonlyMap<string, number>;
}

/** Receives a run's features with their maps and masks, and its tomogram as the first network saw it. */
type OnMasks = (masks: readonly PredictedMask[], tomogram: Volume) => void | Promise<void>;

/**
 * Predicts every held-out run once; the maps yield the picks and the counts at every threshold of the experiment. Where only
 * features are learned there are no picks and no truth of any.
 */
export async function detectHoldout(
  prepared: PreparedRun,
  folder: RunFolder,
  onMasks?: OnMasks,
): Promise<HoldoutPicks> {
  const { dataset, splits, reporter, experiment } = prepared;
  const truth = new Map<string, readonly ParticlePick[]>();
  const picks = new Map<string, readonly ParticlePick[]>();
  const detector = await openBest(prepared, folder);
  try {
    const swept = sweptTypes(detector, experiment.picking.thresholds);
    for (const run of splits.holdout) {
      const maps = await predictRun(prepared, detector, run, onMasks);
      if (detector.types.length === 0) continue;
      const picking = reporter.progress(`picking ${run}`, swept.size, "types");
      try {
        picks.set(run, await detector.pick(maps));
        truth.set(run, prepared.picks.get(run)!);
        await sweepRun(detector, maps, run, swept, picking);
      } finally {
        picking.stop();
      }
    }
    const isPooled = experiment.picking.from === "folds";
    const sweep = countSweep(truth, dataset.particles, swept, isPooled);
    return { truth, picks, types: detector.types, sweep, features: detector.features };
  } finally {
    await detector.close();
  }
}

/** Predicts every tune run for its features alone. */
export async function segmentTune(prepared: PreparedRun, folder: RunFolder, onMasks: OnMasks): Promise<void> {
  const detector = await openBest(prepared, folder);
  try {
    for (const run of prepared.splits.tune) await predictRun(prepared, detector, run, onMasks);
  } finally {
    await detector.close();
  }
}

function openBest(prepared: PreparedRun, folder: RunFolder): Promise<Detector> {
  const { engine, threads, experiment, reporter, departures } = prepared;
  const lowestThreshold = Math.min(...experiment.picking.thresholds);
  const onSmallerTiles = (line: string): void => {
    reporter.note(line);
    departures.add(line);
  };
  const options = { engine, threads, lowestThreshold, onSmallerTiles, ...ownCode(prepared) };
  return openDetector([folder.best], options);
}

/** A feature of a run, as predicted and as it is. */
export interface PredictedMask {
  readonly run: string;
  readonly feature: string;
  /** Probability above which a voxel belongs to the feature. */
  readonly threshold: number;
  /** Probabilities, of the voxels above the lowest threshold of the experiment. */
  readonly probability: SparseMap;
  /** 0 no, 1 yes, 2 unknown, on the grid of the map; unknown where the tomogram holds no data. */
  readonly truth: Mask;
}

/** Returns the features of a predicted run that have a mask there. */
async function masksOf(
  { dataset, experiment }: PreparedRun,
  detector: Detector,
  run: string,
  maps: ProbabilityMaps,
): Promise<PredictedMask[]> {
  const { ref } = await detector.find(dataset, run);
  const masks = await readMasks(dataset, experiment, { ref, shape: maps.shape, spacing: maps.spacing });
  return [...detector.features].flatMap(([feature, threshold]) => {
    const mask = masks.get(feature);
    if (!mask) return [];
    const truth = withoutBlank(mask, [maps.blank]);
    return [{ run, feature, threshold, probability: maps.sparse(feature), truth }];
  });
}

async function predictRun(
  prepared: PreparedRun,
  detector: Detector,
  run: string,
  onMasks?: OnMasks,
): Promise<ProbabilityMaps> {
  const { dataset, reporter } = prepared;
  const views = await detector.read(dataset, run);
  const progress = startCounting(reporter, `predicting ${run}`, "tiles");
  const maps = await detector.predict(views, progress.update).finally(progress.stop);
  if (onMasks) await onMasks(await masksOf(prepared, detector, run, maps), views[0]!);
  return maps;
}

/** Picks a run's maps at every threshold. */
async function sweepRun(
  detector: Detector,
  maps: ProbabilityMaps,
  run: string,
  swept: ReadonlyMap<string, Sweeping>,
  picking: Progress,
): Promise<void> {
  let done = 0;
  for (const [type, { thresholds, picks: atThresholds }] of swept) {
    const found = await detector.sweep(maps, type, thresholds);
    found.forEach((list, at) => {
      atThresholds[at]!.set(run, list);
    });
    picking.update(++done, type);
  }
}

type Sweeping = SweptType & { readonly picks: readonly Map<string, readonly ParticlePick[]>[] };

/** Lists the thresholds to sweep: the grid's, and the one in use, which without tune runs is not on the grid. */
function sweptTypes(detector: Detector, grid: readonly number[]): Map<string, Sweeping> {
  return new Map(
    [...detector.settings].map(([type, { threshold: used }]) => {
      const thresholds = [...new Set([...grid, used])].sort((a, b) => a - b);
      return [type, { used, thresholds, picks: thresholds.map(() => new Map()) }];
    }),
  );
}

/** Writes picks/, as `pick` does, and sweep.json; nothing where no run is held out. */
export async function writeHoldoutPicks(
  folder: RunFolder,
  { picks, types, sweep }: HoldoutPicks,
): Promise<void> {
  if (picks.size === 0) return;
  const author = { userId: ownUserId, sessionId: "run" };
  await writeFolderWhole(folder.picks, async (partial) => {
    for (const [run, found] of picks)
      for (const type of types)
        await writePicks(
          partial,
          run,
          type,
          found.filter((pick) => pick.type === type),
          author,
        );
  });
  await writeWhole(folder.sweep, `${JSON.stringify(sweep)}\n`);
}
