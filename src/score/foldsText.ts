import type { FoldReport, FoldSpread, FoldsReport } from "./folds.js";
import { alignedTable, intervalText } from "./reportText.js";

/** Folds as tables for people: a row a fold, then a row a type; the whole's score, and where thresholds come from. */
export function foldsText({ folds, over, outOfFold }: FoldsReport): string {
  const spreads = { score: over.score, tuneScore: over.tuneScore, optimism: over.optimism };
  const summaries = summaryRows.map(([title, textOf]) => [
    title,
    "",
    "",
    ...Object.values(spreads).map((spread) => (spread ? textOf(spread) : "–")),
    "",
  ]);
  return [
    alignedTable([
      ["fold", "held out", "tuned on", "score", "tune score", "optimism", "minutes"],
      ...folds.map(foldRow),
      ...summaries,
    ]),
    "",
    alignedTable([
      ["F4", ...folds.map(({ fold }) => `fold-${fold}`), ...summaryRows.map(([title]) => title)],
      ...Object.entries(over.perType).map(([type, spread]) => [
        type,
        ...folds.map(({ perType }) => shown(perType[type])),
        ...summaryRows.map(([, textOf]) => textOf(spread)),
      ]),
    ]),
    "",
    `out of fold, all runs together: ${shown(outOfFold.score)}${outOfFold.interval ? `  ${intervalText(outOfFold.interval)}` : ""}`,
    nestingText(folds),
    ...(over.optimism
      ? ["Optimism is the tune score minus the held-out score over the types that are predicted."]
      : []),
  ].join("\n");
}

const summaryRows: readonly [title: string, textOf: (spread: FoldSpread) => string][] = [
  [
    "mean ± sd",
    ({ mean, deviation }) => `${shown(mean)}${deviation === null ? "" : ` ± ${shown(deviation)}`}`,
  ],
  ["std error", ({ standardError }) => shown(standardError)],
  ["least", ({ least }) => shown(least)],
  ["largest", ({ largest }) => shown(largest)],
];

const shown = (value: number | null | undefined): string => value?.toFixed(4) ?? "–";

const foldRow = ({ fold, runs, score, tuneScore, optimism, seconds }: FoldReport): string[] => [
  `fold-${fold}`,
  named(runs.holdout),
  named(runs.tune),
  shown(score),
  shown(tuneScore),
  shown(optimism),
  (seconds / 60).toFixed(1),
];

/** The first runs by name, the others by number. */
const named = (runs: readonly string[]): string =>
  runs.length === 0
    ? "–"
    : runs.length <= 3
      ? runs.join(", ")
      : `${runs.slice(0, 2).join(", ")} and ${runs.length - 2} more`;

const nestingText = (folds: readonly FoldReport[]): string =>
  folds.every(({ runs }) => runs.tune.length > 0)
    ? "Thresholds and checkpoint of each fold were chosen on its tune runs, which it does not score; each run is scored once, by the fold that neither trained nor tuned on it."
    : "No run was tuned on: thresholds are the experiment's own, weights the last ones; each run is scored once, by the fold that did not train on it.";
