/** A run's report.json: scores of its held-out and tune runs, as a schema and as text. */
import { z } from "zod";
import { meanOf } from "../domain/numbers.js";
import { type FeatureReport, featureReportSchema } from "./masks/featureScores.js";
import { featuresText } from "./masks/maskText.js";
import { type PooledThresholds, pooledSchema, pooledText } from "./pooled.js";
import { reportText } from "./reportText.js";
import type { ScoreReport } from "./score.js";
import type { ScoreInterval } from "./statistics/interval.js";

const count = z.int();
const counts = { tp: count, fp: count, fn: count };

const typeScoreSchema = z.strictObject({
  ...counts,
  precision: z.number(),
  recall: z.number(),
  fbeta: z.number(),
  weight: z.number(),
  truths: count,
  predictions: count,
  strict: z.strictObject({ ...counts, fbeta: z.number() }),
  displacement: z.strictObject({ dx: z.number(), dy: z.number(), dz: z.number() }).nullable(),
});

const scoreReportSchema = z.strictObject({
  score: z.number(),
  strictScore: z.number(),
  perType: z.record(z.string(), typeScoreSchema),
  experiments: count,
  perExperiment: z.record(z.string(), z.record(z.string(), z.strictObject({ ...counts, strictTp: count }))),
  dropped: z.strictObject({ experiment: count, type: count }),
});

const interval = z.strictObject({ low: z.number(), high: z.number() });
export const scoreIntervalSchema = z.strictObject({
  confidence: z.number(),
  resamples: count,
  over: z.enum(["experiments", "particles"]).default("experiments"),
  score: interval,
  perType: z.record(z.string(), interval),
});

/** Schema of report.json. `holdout` is what is reported; `tune` was fitted on and only shows how far the two differ. */
export const runReportSchema = z.strictObject({
  reportVersion: z.literal(1),
  name: z.string(),
  holdout: scoreReportSchema.nullable(),
  interval: scoreIntervalSchema.nullable(),
  tune: scoreReportSchema.nullable(),
  /** Scores of segmented features by name; absent where the experiment has none. */
  features: z.record(z.string(), featureReportSchema).optional(),
  /** Thresholds from the held-out runs of all folds; absent where the experiment has none. */
  pooled: pooledSchema.optional(),
});
/** The scores of a run, report.json. */
export type RunReport = z.infer<typeof runReportSchema>;

/** Makes a run's report from its scores; null for a role without runs. */
export function runReport(
  name: string,
  scores: {
    readonly holdout: ScoreReport | null;
    readonly interval?: ScoreInterval | null;
    readonly tune?: ScoreReport | null;
    readonly features?: Readonly<Record<string, FeatureReport>> | undefined;
    readonly pooled?: PooledThresholds | undefined;
  },
): RunReport {
  return runReportSchema.parse({
    reportVersion: 1,
    name,
    holdout: scores.holdout,
    interval: scores.interval ?? null,
    tune: scores.tune ?? null,
    ...(scores.features && { features: scores.features }),
    ...(scores.pooled && { pooled: scores.pooled }),
  });
}

/** Lists the features that held-out runs were scored for, by name. */
export const judgedFeatures = ({ features = {} }: RunReport): [name: string, report: FeatureReport][] =>
  Object.entries(features).filter(([, { perRun }]) => Object.keys(perRun).length > 0);

/** Tells whether held-out runs were scored: for their picks, or for a feature. */
export const isJudged = (report: RunReport): boolean =>
  report.holdout !== null || judgedFeatures(report).length > 0;

/** Returns what a run is ranked by: the score of its types, of features alone the mean of their Dice; null without either. */
export function leadingScore({ holdout, features = {} }: RunReport): number | null {
  if (holdout) return holdout.score;
  const dice = Object.values(features).flatMap(({ mean }) => mean.dice ?? []);
  return dice.length > 0 ? meanOf(dice) : null;
}

export function runReportText(report: RunReport): string {
  const { name, holdout, interval, tune, features = {}, pooled } = report;
  const parts = [name];
  if (holdout) parts.push("held-out runs", reportText(holdout, interval));
  else if (isJudged(report)) parts.push("held-out runs");
  else parts.push("no run is held out, so nothing is reported");
  if (Object.keys(features).length > 0) parts.push(featuresText(features));
  if (pooled) parts.push(pooledText(pooled));
  if (tune) parts.push(`tune runs (thresholds were fitted here): score ${tune.score.toFixed(4)}`);
  return parts.join("\n\n");
}
