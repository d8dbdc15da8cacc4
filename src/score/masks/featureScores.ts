/** Scores of one feature over runs: each run's, their mean with its interval, and what all voxels together make. */
import { z } from "zod";
import { meanOf } from "../../domain/numbers.js";
import { drawnUnits } from "../statistics/replay.js";
import { type Interval, studentReach } from "../statistics/summaryStatistics.js";
import {
  centreLineDice,
  isDistance,
  type MaskMeasure,
  type MaskMeasures,
  type MaskScore,
  maskMeasures,
  overlapOf,
} from "./maskScore.js";

const count = z.int().min(0);
const measure = z.number().nullable();
const measures = {
  dice: measure,
  iou: measure,
  precision: measure,
  recall: measure,
  surfaceMean: measure,
  surface95: measure,
  clDice: measure,
} satisfies Record<MaskMeasure, typeof measure>;
const measuresSchema = z.strictObject(measures);

const skeleton = z.strictObject({ voxels: count, covered: count });
const maskScoreSchema = z.strictObject({
  ...measures,
  tp: count,
  fp: count,
  fn: count,
  known: count,
  surfaceVoxels: count,
  skeletons: z.strictObject({ truth: skeleton, prediction: skeleton }),
});

const perRunSchema = z.record(z.string(), maskScoreSchema);
const interval = z.strictObject({ low: z.number(), high: z.number() }).nullable();

const intervalsSchema = z.strictObject({
  confidence: z.number(),
  resamples: count,
  /** Interval of each measure's mean; null where fewer than two runs have the measure. */
  measures: z.strictObject({
    dice: interval,
    iou: interval,
    precision: interval,
    recall: interval,
    surfaceMean: interval,
    surface95: interval,
    clDice: interval,
  } satisfies Record<MaskMeasure, typeof interval>),
});

/** Schema of one feature's part of report.json. */
export const featureReportSchema = z.strictObject({
  /** Probability above which a voxel counts as predicted; null over folds, each of which has its own. */
  threshold: z.number().nullable(),
  /** Scores of the held-out runs. */
  perRun: perRunSchema,
  /** Mean over the runs in which a measure is defined; null where it is in none. */
  mean: measuresSchema,
  /** Measures of all runs' voxels together, without the 95th percentile, which only a run has. */
  pooled: measuresSchema,
  /** Intervals of the means over runs; null for fewer than two runs. */
  interval: intervalsSchema.nullable(),
  /** Scores of the tune runs, on which the threshold was fitted; null without them. */
  tune: z.strictObject({ perRun: perRunSchema, mean: measuresSchema }).nullable(),
});
/** One feature's part of report.json. */
export type FeatureReport = z.infer<typeof featureReportSchema>;
/** A feature's scores by run. */
type MaskScores = Readonly<Record<string, MaskScore>>;

interface FeatureRuns {
  readonly threshold: number | null;
  readonly holdout: MaskScores;
  readonly tune?: MaskScores;
}

/** How intervals are drawn. */
const resamples = 2000;
const confidence = 0.9;

/** Makes a feature's report from the scores of its runs. @param seed of the intervals */
export function featureReport({ threshold, holdout, tune = {} }: FeatureRuns, seed = 0): FeatureReport {
  return featureReportSchema.parse({
    threshold,
    perRun: holdout,
    mean: meanMeasures(holdout),
    pooled: pooledMeasures(Object.values(holdout)),
    interval: meanIntervals(holdout, seed),
    tune: Object.keys(tune).length > 0 ? { perRun: tune, mean: meanMeasures(tune) } : null,
  });
}

/** Name of a feature's mean Dice among a record's metrics. */
export const diceKey = (feature: string): string => `dice.${feature}`;

/** Tells whether a record's metric is the mean Dice of a feature. */
export const isDiceKey = (key: string): boolean => key.startsWith(diceKey(""));

/** Returns the mean Dice of features as a record's metrics; none where it is not defined. */
export const diceMetrics = (features: Readonly<Record<string, FeatureReport>> = {}): Record<string, number> =>
  Object.fromEntries(
    Object.entries(features).flatMap(([name, { mean }]) =>
      mean.dice === null ? [] : [[diceKey(name), mean.dice]],
    ),
  );

/** Puts the reports of folds together, each run as the fold scored it that held it out. @param seed of the intervals */
export function foldedFeatures(
  folds: readonly RunFeatures[],
  seed = 0,
): Record<string, FeatureReport> | undefined {
  const names = [...new Set(folds.flatMap((fold) => Object.keys(fold)))];
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => {
      const holdout = Object.assign({}, ...folds.map((fold) => fold[name]?.perRun ?? {})) as MaskScores;
      return [name, featureReport({ threshold: null, holdout }, seed)];
    }),
  );
}

/** A run's features by name. */
type RunFeatures = Readonly<Record<string, FeatureReport>>;

const byMeasure = <T>(of: (measure: MaskMeasure) => T): Record<MaskMeasure, T> =>
  Object.fromEntries(maskMeasures.map((name) => [name, of(name)])) as Record<MaskMeasure, T>;

/** Lists the defined values of a measure, runs in the order of their names. */
function valuesOf(scores: MaskScores, name: MaskMeasure): number[] {
  const runs = Object.keys(scores).sort();
  return runs.map((run) => scores[run]![name]).filter((value) => value !== null);
}

/** Returns the mean of each measure over the runs in which it is defined; null where it is in none. */
export function meanMeasures(scores: MaskScores): MaskMeasures {
  return byMeasure((name) => {
    const values = valuesOf(scores, name);
    return values.length > 0 ? meanOf(values) : null;
  });
}

/**
 * Returns the measures of all runs' voxels together: overlap and centre lines of summed counts, the mean distance over all
 * surface voxels. The 95th percentile is null: it cannot be made of those of runs.
 */
export function pooledMeasures(scores: readonly MaskScore[]): MaskMeasures {
  const total = (of: (score: MaskScore) => number): number =>
    scores.reduce((sum, score) => sum + of(score), 0);
  const counts = {
    tp: total(({ tp }) => tp),
    fp: total(({ fp }) => fp),
    fn: total(({ fn }) => fn),
  };
  const skeletonOf = (side: "truth" | "prediction") => ({
    voxels: total(({ skeletons }) => skeletons[side].voxels),
    covered: total(({ skeletons }) => skeletons[side].covered),
  });
  const surface = total(({ surfaceVoxels }) => surfaceVoxels);
  const distance = total(({ surfaceMean, surfaceVoxels }) => (surfaceMean ?? 0) * surfaceVoxels);
  return {
    ...overlapOf(counts),
    surfaceMean: surface > 0 ? distance / surface : null,
    surface95: null,
    clDice: centreLineDice({
      ...counts,
      skeletons: { truth: skeletonOf("truth"), prediction: skeletonOf("prediction") },
    }),
  };
}

/**
 * Computes intervals of the means by a bootstrap over runs: the standard error of resampled means, as a t interval (see
 * studentReach), cut to what a measure can be. They speak of other runs of the kind. null for fewer than two runs.
 */
function meanIntervals(scores: MaskScores, seed: number): FeatureReport["interval"] {
  if (Object.keys(scores).length < 2) return null;
  return {
    confidence,
    resamples,
    measures: byMeasure((name) => meanInterval(valuesOf(scores, name), name, seed)),
  };
}

function meanInterval(values: readonly number[], name: MaskMeasure, seed: number): Interval | null {
  const units = values.length;
  if (units < 2) return null;
  const drawn = drawnUnits(seed, "mask interval, runs", resamples, units);
  const means = Float64Array.from({ length: resamples }, (_, resample) => {
    let sum = 0;
    for (let unit = 0; unit < units; unit++) sum += values[drawn[resample * units + unit]!]!;
    return sum / units;
  });
  const reach = studentReach(means, units, confidence);
  const mean = meanOf(values);
  const most = isDistance(name) ? Number.POSITIVE_INFINITY : 1;
  return { low: Math.max(mean - reach, 0), high: Math.min(mean + reach, most) };
}
