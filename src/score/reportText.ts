/** A score and its confidence interval as text for people. */
import { alignedTable, decimals, plural } from "../present/text.js";
import type { ScoreReport, TypeScore } from "./score.js";
import type { ScoreInterval } from "./statistics/interval.js";

type Column = readonly [title: string, value: (score: TypeScore) => string];

/** What the score is made of: 80 columns hold the table. */
const columns: readonly Column[] = [
  ["F4", ({ fbeta }) => fbeta.toFixed(4)],
  ["precision", ({ precision }) => precision.toFixed(4)],
  ["recall", ({ recall }) => recall.toFixed(4)],
  ["TP", ({ tp }) => String(tp)],
  ["FP", ({ fp }) => String(fp)],
  ["FN", ({ fn }) => String(fn)],
  ["weight", ({ weight }) => String(weight)],
];

/** Diagnostics, in a table below: strict one-to-one matching, and where matched picks lie. */
const diagnostics: readonly Column[] = [
  ["strict F4", ({ strict }) => strict.fbeta.toFixed(4)],
  ["strict TP", ({ strict }) => String(strict.tp)],
  ["dx Å", ({ displacement }) => decimals(displacement?.dx, 1)],
  ["dy Å", ({ displacement }) => decimals(displacement?.dy, 1)],
  ["dz Å", ({ displacement }) => decimals(displacement?.dz, 1)],
];

/** Formats a score as a table, a row a type, followed by the total. */
export function reportText(report: ScoreReport, interval: ScoreInterval | null = null): string {
  return [
    tableOf(report, columns),
    "",
    tableOf(report, diagnostics),
    "",
    `score ${report.score.toFixed(4)}${interval ? `  ${intervalText(interval)}` : ""}`,
    `strict one-to-one ${report.strictScore.toFixed(4)} (a diagnostic)`,
    `${report.experiments} experiment${report.experiments === 1 ? "" : "s"} in the truth`,
    ...droppedLines(report),
  ].join("\n");
}

function tableOf({ perType }: ScoreReport, shown: readonly Column[]): string {
  const rows = Object.entries(perType).map(([type, score]) => [
    type,
    ...shown.map(([, value]) => value(score)),
  ]);
  return alignedTable([["type", ...shown.map(([title]) => title)], ...rows]);
}

/** Formats a score's interval in brackets. */
export const intervalText = ({
  confidence,
  over,
  score,
}: Pick<ScoreInterval, "confidence" | "over" | "score">): string =>
  `(${Math.round(confidence * 100)} % interval over ${over}: ${score.low.toFixed(4)} to ${score.high.toFixed(4)})`;

function droppedLines({ dropped }: ScoreReport): string[] {
  const lines = [];
  if (dropped.experiment > 0)
    lines.push(`${plural(dropped.experiment, "prediction")} left out: the truth lacks their experiment`);
  if (dropped.type > 0)
    lines.push(
      `${plural(dropped.type, "prediction")} that cost${dropped.type === 1 ? "s" : ""} nothing: the truth lacks ${dropped.type === 1 ? "its" : "their"} type`,
    );
  return lines;
}
