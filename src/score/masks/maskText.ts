/** Scores of masks as text for people. */
import { alignedTable, decimals } from "../../present/text.js";
import type { FeatureReport } from "./featureScores.js";
import { isDistance, type MaskMeasure, type MaskMeasures, maskMeasures } from "./maskScore.js";

/** Titles of the measures in tables. */
export const measureTitles: Readonly<Record<MaskMeasure, string>> = {
  dice: "Dice",
  iou: "IoU",
  precision: "precision",
  recall: "recall",
  surfaceMean: "surface Å",
  surface95: "95 % Å",
  clDice: "clDice",
};

/** Decimals that a measure is shown with. */
const measureDecimals = (name: MaskMeasure): number => (isDistance(name) ? 1 : 4);

/** Formats the scores of features as tables, a row a run; 80 columns hold one. */
export function featuresText(features: Readonly<Record<string, FeatureReport>>): string {
  return Object.entries(features)
    .map(([name, report]) => featureText(name, report))
    .join("\n\n");
}

function featureText(
  name: string,
  { threshold, perRun, mean, pooled, interval, tune }: FeatureReport,
): string {
  const runs = Object.entries(perRun);
  const rows: string[][] = runs.map(([run, score]) => row(run, score));
  if (runs.length > 1) {
    rows.push(row("mean", mean));
    if (interval) rows.push(bound("low", "low"), bound("high", "high"));
    rows.push(row("all voxels", pooled));
  }
  if (tune) rows.push(row("tune runs", tune.mean));
  const title = threshold === null ? name : `${name}, above ${threshold}`;
  const text = [alignedTable([[title, ...maskMeasures.map((measure) => measureTitles[measure])], ...rows])];
  if (interval && runs.length > 1)
    text.push(`low and high: ${Math.round(interval.confidence * 100)} % interval of the mean over runs`);
  if (tune) text.push("tune runs: the threshold was fitted there");
  return text.join("\n");

  function bound(label: string, side: "low" | "high"): string[] {
    return [
      label,
      ...maskMeasures.map((measure) =>
        decimals(interval?.measures[measure]?.[side], measureDecimals(measure)),
      ),
    ];
  }
}

const row = (label: string, values: MaskMeasures): string[] => [
  label,
  ...maskMeasures.map((measure) => decimals(values[measure], measureDecimals(measure))),
];
