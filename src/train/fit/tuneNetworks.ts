/** Tunes the picking of networks on the tune runs, and scores the result. */
import type { Dataset } from "../../data/model.js";
import { meanOf } from "../../domain/numbers.js";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import type { Volume } from "../../domain/volume.js";
import type { EngineName } from "../../engines/engine.js";
import type { PickingSettings } from "../../infer/pick/picking.js";
import { openPickPool, type PickPool } from "../../infer/pick/pool.js";
import type { Averaging } from "../../infer/predict/averaging.js";
import { type AnyNetwork, openPredictor, type Predictor } from "../../infer/predict/predictor.js";
import { type ProbabilityMaps, predictMaps } from "../../infer/predict/probabilityMaps.js";
import { type ScoreReport, scoreOver, scorePicks } from "../../score/score.js";
import { type Reporter, silentReporter, startCounting } from "../../system/reporter.js";
import { featureNames } from "../experiment/features.js";
import type { Experiment } from "../experiment/schema.js";
import { type TunedFeature, tuneFeature } from "./featureTuning.js";
import { pickType, type TunedPicking, type TuneRun, tuneType } from "./tunePicking.js";

/** A tune run and its true particles. */
export type TuneTruth = Omit<TuneRun, "maps">;

/** Settings for tuning networks. */
interface TuneContext {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly engine: EngineName;
  readonly threads: number;
  readonly averaging?: Averaging | undefined;
}

/** Tuned settings and their score. */
export interface Tuned {
  readonly picking: Map<string, PickingSettings>;
  /** How the picking of each type was chosen; absent where nothing was tuned. */
  readonly tuned?: ReadonlyMap<string, TunedPicking>;
  /** Thresholds of the predicted features; absent where there are none. */
  readonly features?: readonly TunedFeature[];
  /**
   * Weighted F-beta of the predicted types, on the runs tuned on, by smooth counts where the choice is smooth; the mean
   * Dice of features where there are no types, the mean of both where there are both.
   */
  readonly score: number;
}

/**
 * Predicts the tune runs, tunes each type that the networks predict, and scores the result on the same runs.
 *
 * @param viewsOf returns a run's tomogram, once per normalisation of the predictor
 * @param reporter hears how far predicting and tuning have come
 */
export async function tuneNetworks<Truth extends TuneTruth>(
  { experiment, dataset, engine, threads, averaging }: TuneContext,
  networks: readonly AnyNetwork[],
  truths: readonly Truth[],
  viewsOf: (truth: Truth, predictor: Predictor) => Promise<readonly Volume[]> | readonly Volume[] | Volume,
  reporter: Reporter = silentReporter,
): Promise<Tuned> {
  const settings = { ...experiment.predict, engine, threads, averaging };
  const predictor = await openPredictor(networks, settings, reporter.note);
  const pool = openPickPool();
  try {
    const runs: TuneRun[] = [];
    const floors = tuningFloors(experiment, predictor.types);
    for (const each of truths) {
      const views = await viewsOf(each, predictor);
      const progress = startCounting(reporter, `predicting ${each.run} for tuning`, "tiles");
      const maps = await predictMaps(predictor, views, progress.update, floors).finally(progress.stop);
      runs.push({ ...(each.masks && { masks: each.masks }), run: each.run, truth: each.truth, maps });
    }
    return await tuneMaps(pool, experiment, dataset.particles, runs, reporter);
  } finally {
    await Promise.all([predictor.close(), pool.close()]);
  }
}

/** Returns the floor of each type's map, above which tuning reads all values: the lowest threshold tried. */
export function tuningFloors(experiment: Experiment, types: readonly string[]): Map<string, number> {
  const lowest = Math.min(...experiment.picking.thresholds);
  return new Map(types.map((type) => [type, lowest]));
}

/** Tunes each type of the maps, and scores the result on the same runs. */
export async function tuneMaps(
  pool: PickPool,
  experiment: Experiment,
  particles: readonly Particle[],
  runs: readonly TuneRun[],
  reporter: Reporter = silentReporter,
): Promise<Tuned> {
  const predicted: ProbabilityMaps["types"] = runs[0]!.maps.types;
  const segmented = featureNames(experiment).filter((name) => predicted.includes(name));
  const features = segmented.map((name) =>
    tuneFeature(
      name,
      runs.map(({ maps, masks }) => ({ map: maps.sparse(name), mask: masks?.get(name) })),
      experiment.picking,
    ),
  );
  const types = predicted.filter((type) => !segmented.includes(type));
  if (types.length === 0) return { picking: new Map(), features, score: meanDice(features) ?? 0 };
  const tuned = new Map<string, TunedPicking>();
  const progress = reporter.progress("tuning the picking", types.length, "types");
  try {
    for (const type of types) {
      const particle = particles.find(({ name }) => name === type)!;
      tuned.set(type, await tuneType(pool, experiment, particle, runs));
      progress.update(tuned.size, type);
    }
  } finally {
    progress.stop();
  }
  const picking = new Map([...tuned].map(([type, { settings }]) => [type, settings]));
  const truth = new Map(runs.map((each) => [each.run, each.truth]));
  const picks = new Map<string, ParticlePick[]>();
  for (const { run, maps } of runs) {
    const perType = [...picking].map(([type, settings]) => pickType(pool, experiment, maps, type, settings));
    picks.set(run, (await Promise.all(perType)).flat());
  }
  const score = scoreOver(types, asChosen(scorePicks(truth, picks, particles), tuned));
  if (features.length === 0) return { picking, tuned, score };
  const dice = meanDice(features);
  return { picking, tuned, features, score: dice === null ? score : (score + dice) / 2 };
}

/** Returns the score with what each type's settings were chosen by in place of its F-beta. */
const asChosen = (report: ScoreReport, tuned: ReadonlyMap<string, TunedPicking>): ScoreReport => ({
  ...report,
  perType: Object.fromEntries(
    Object.entries(report.perType).map(([type, each]) => [
      type,
      { ...each, fbeta: tuned.get(type)?.value ?? each.fbeta },
    ]),
  ),
});

/** Mean Dice of the features that are known in tune runs; null where none is. */
function meanDice(features: readonly TunedFeature[]): number | null {
  const known = features.flatMap(({ dice }) => dice ?? []);
  return known.length === 0 ? null : meanOf(known);
}
