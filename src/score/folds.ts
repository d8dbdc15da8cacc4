/** Cross-validation by folds: the schema of folds.json, mean and spread over folds, and their tables. */
import { z } from "zod";
import { parseJson } from "../formats/json.js";
import { alignedTable, decimals, none } from "../present/text.js";
import { PickbenchError } from "../system/errors.js";
import { readText } from "../system/paths/opening.js";
import { scoreIntervalSchema } from "./report.js";
import { intervalText } from "./reportText.js";
import { overSeeds } from "./statistics/seeds.js";

const runNames = z.array(z.string());

const pickingSchema = z.strictObject({
  method: z.string(),
  threshold: z.number(),
  /** Å³. */
  minVolume: z.number(),
  /** Å. */
  minSpacing: z.number(),
  /** Å. */
  radius: z.number().optional(),
  /** Picks per Å³. */
  density: z.strictObject({ least: z.number(), most: z.number() }).optional(),
});

const foldSchema = z.strictObject({
  /** Number of the fold, from 0. */
  fold: z.int().nonnegative(),
  runs: z.strictObject({ train: runNames, tune: runNames, holdout: runNames }),
  /** Score of the held-out runs; of features alone the mean of their Dice, null where none is defined. */
  score: z.number().nullable(),
  /** null where features alone are learned. */
  strictScore: z.number().nullable(),
  /** F4 by type; only types that the held-out runs hold. */
  perType: z.record(z.string(), z.number()),
  /** Picking settings by type, as tuned on the tune runs. */
  picking: z.record(z.string(), pickingSchema),
  /** Score of the tune runs, on which thresholds and checkpoint were chosen; null where there are none. */
  tuneScore: z.number().nullable(),
  /** Tune score − held-out score over the same types: what choosing on the scored runs would have feigned. */
  optimism: z.number().nullable(),
  /** Seconds of all stages together. */
  seconds: z.number().nonnegative(),
  commit: z.string().nullable(),
  /** SHA-256 of the fold's best.safetensors. */
  checkpointHash: z.string().nullable(),
});
export type FoldReport = z.infer<typeof foldSchema>;

const spreadSchema = z.strictObject({
  /** How many folds have a value. */
  folds: z.int().positive(),
  mean: z.number(),
  /** Sample standard deviation, √(Σ (value − mean)² / (folds − 1)); null for a single value. */
  deviation: z.number().nullable(),
  standardError: z.number().nullable(),
  least: z.number(),
  largest: z.number(),
});
/**
 * Statistics of a value over folds. Folds share training runs, so their values are correlated: the standard error holds
 * for these folds and is too small for new tomograms (Bengio and Grandvalet, JMLR 5, 2004, 1089–1105).
 */
export type FoldSpread = z.infer<typeof spreadSchema>;

/** What folds.json holds. */
const foldsReportSchema = z.strictObject({
  foldsVersion: z.literal(1),
  name: z.string(),
  experimentHash: z.string(),
  folds: z.array(foldSchema).min(2),
  over: z.strictObject({
    score: spreadSchema.nullable(),
    perType: z.record(z.string(), spreadSchema),
    tuneScore: spreadSchema.nullable(),
    optimism: spreadSchema.nullable(),
  }),
  /** All runs scored together, each picked by the fold that held it out. */
  outOfFold: z.strictObject({
    score: z.number().nullable(),
    interval: scoreIntervalSchema.nullable(),
  }),
});
export type FoldsReport = z.infer<typeof foldsReportSchema>;

/** Returns mean, deviation, standard error and range of one or more values. */
export function foldSpread(values: readonly number[]): FoldSpread {
  const { mean, standardError } = overSeeds(values);
  const folds = values.length;
  return {
    folds,
    mean,
    deviation: standardError === null ? null : standardError * Math.sqrt(folds),
    standardError,
    least: Math.min(...values),
    largest: Math.max(...values),
  };
}

/** Makes the report of all folds: each fold, statistics over folds, and the out-of-fold score. */
export function foldsReport(
  whole: Pick<FoldsReport, "name" | "experimentHash" | "outOfFold">,
  folds: readonly FoldReport[],
): FoldsReport {
  const known = (values: readonly (number | null | undefined)[]): FoldSpread | null => {
    const there = values.filter((value) => typeof value === "number");
    return there.length === 0 ? null : foldSpread(there);
  };
  const types = [...new Set(folds.flatMap(({ perType }) => Object.keys(perType)))];
  return foldsReportSchema.parse({
    foldsVersion: 1,
    ...whole,
    folds,
    over: {
      score: known(folds.map(({ score }) => score)),
      perType: Object.fromEntries(
        types.map((type) => [type, known(folds.map(({ perType }) => perType[type]))]),
      ),
      tuneScore: known(folds.map(({ tuneScore }) => tuneScore)),
      optimism: known(folds.map(({ optimism }) => optimism)),
    },
  });
}

/** Reads folds.json. @throws PickbenchError BadExperiment where the file is missing or damaged */
export async function readFoldsReport(path: string): Promise<FoldsReport> {
  try {
    return foldsReportSchema.parse(parseJson(await readText(path), { path }));
  } catch (error) {
    throw new PickbenchError(
      "BadExperiment",
      `${path} is no report of folds; run --folds with --resume writes it again from the folds`,
      { path, cause: error },
    );
  }
}

/** Says what the scores of folds are. */
export const foldMeasure = (folds: readonly FoldReport[]): string =>
  folds.every(({ strictScore }) => strictScore === null) ? "mean Dice" : "score";

/**
 * Formats folds as tables for people: a row a fold, a row a type, the out-of-fold score, and where thresholds come
 * from.
 */
export function foldsText({ folds, over, outOfFold }: FoldsReport): string {
  const spreads = { score: over.score, tuneScore: over.tuneScore, optimism: over.optimism };
  const summaries = summaryRows.map(([title, textOf]) => [
    title,
    "",
    "",
    ...Object.values(spreads).map((spread) => (spread ? textOf(spread) : none)),
    "",
  ]);
  return [
    alignedTable([
      ["fold", "held out", "tuned on", foldMeasure(folds), "tune score", "optimism", "minutes"],
      ...folds.map(foldRow),
      ...summaries,
    ]),
    "",
    ...(Object.keys(over.perType).length > 0 ? [perTypeTable(folds, over.perType), ""] : []),
    `out of fold, all runs together: ${shown(outOfFold.score)}${outOfFold.interval ? `  ${intervalText(outOfFold.interval)}` : ""}`,
    nestingText(folds),
    ...(over.optimism
      ? ["Optimism is the tune score minus the held-out score over the types that are predicted."]
      : []),
  ].join("\n");
}

const perTypeTable = (folds: readonly FoldReport[], perType: Readonly<Record<string, FoldSpread>>): string =>
  alignedTable([
    ["F4", ...folds.map(({ fold }) => `fold-${fold}`), ...summaryRows.map(([title]) => title)],
    ...Object.entries(perType).map(([type, spread]) => [
      type,
      ...folds.map((fold) => shown(fold.perType[type])),
      ...summaryRows.map(([, textOf]) => textOf(spread)),
    ]),
  ]);

const summaryRows: readonly [title: string, textOf: (spread: FoldSpread) => string][] = [
  [
    "mean ± sd",
    ({ mean, deviation }) => `${shown(mean)}${deviation === null ? "" : ` ± ${shown(deviation)}`}`,
  ],
  ["std error", ({ standardError }) => shown(standardError)],
  ["least", ({ least }) => shown(least)],
  ["largest", ({ largest }) => shown(largest)],
];

const shown = (value: number | null | undefined): string => decimals(value, 4);

const foldRow = ({ fold, runs, score, tuneScore, optimism, seconds }: FoldReport): string[] => [
  `fold-${fold}`,
  named(runs.holdout),
  named(runs.tune),
  shown(score),
  shown(tuneScore),
  shown(optimism),
  (seconds / 60).toFixed(1),
];

/** Names up to three runs; of more runs, names two and counts the others. */
const named = (runs: readonly string[]): string =>
  runs.length === 0
    ? none
    : runs.length <= 3
      ? runs.join(", ")
      : `${runs.slice(0, 2).join(", ")} and ${runs.length - 2} more`;

const nestingText = (folds: readonly FoldReport[]): string =>
  folds.every(({ runs }) => runs.tune.length > 0)
    ? "Thresholds and checkpoint of each fold were chosen on its tune runs, which it does not score; each run is scored once, by the fold that neither trained nor tuned on it."
    : "No run was tuned on: thresholds are the experiment's own, weights the last ones; each run is scored once, by the fold that did not train on it.";
