/** A diagnosis as tables for people. */
import { alignedTable, decimals, none } from "../../present/text.js";
import type { Confusion } from "./confusion.js";
import type { Diagnosis, TypeDiagnosis } from "./diagnosis.js";
import type { AxisDisplacement } from "./displacement.js";
import type { PlaceBin } from "./places.js";

/** Formats a diagnosis as tables, a row a type, followed by an explanation. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { report, perType, confusion, missing } = diagnosis;
  const types = Object.keys(perType);
  return [
    scoreTable(diagnosis, types),
    alignedTable([
      ["displacement in Å", "dx", "dy", "dz", "distance"],
      ...types.map((type) => displacementRow(type, perType[type]!)),
    ]),
    alignedTable([
      [
        "errors",
        "misses called",
        "wrong picks are",
        "missed by z third",
        "< 100 Å from border",
        "< 100 Å from another",
      ],
      ...types.map((type) => errorRow(type, perType[type]!, confusion)),
    ]),
    [
      `score ${report.score.toFixed(4)}, ${report.experiments} experiment${report.experiments === 1 ? "" : "s"}`,
      "missed a/b: a of the b particles there; z thirds from the lowest",
      "best thresholds are fitted on these very picks: upper bounds, not scores to report",
      ...missing,
    ].join("\n"),
  ].join("\n\n");
}

function scoreTable({ report, perType }: Diagnosis, types: readonly string[]): string {
  const header = [
    ...["score", "F4", "TP", "FP", "FN", "duplicates", "wrong"],
    ...["best threshold", "its F4", "average precision", "calibration error"],
  ];
  const rows = types.map((type) => {
    const { counts, curve, reliability } = perType[type]!;
    return [
      type,
      report.perType[type]!.fbeta.toFixed(4),
      ...[counts.tp, counts.fp, counts.fn, counts.duplicates, counts.wrongPicks].map(String),
      decimals(curve?.best?.threshold, 3),
      decimals(curve?.best?.fbeta, 4),
      decimals(curve?.averagePrecision, 3),
      decimals(reliability?.calibrationError, 3),
    ];
  });
  return alignedTable([header, ...rows]);
}

function displacementRow(type: string, { displacement }: TypeDiagnosis): string[] {
  const { axes, meanDistance } = displacement;
  const cells = axes ? [axes.dx, axes.dy, axes.dz].map(axisText) : [none, none, none];
  return [type, ...cells, decimals(meanDistance, 1)];
}

const axisText = ({ mean, standardError }: AxisDisplacement): string =>
  standardError === null ? mean.toFixed(1) : `${mean.toFixed(1)} ± ${standardError.toFixed(1)}`;

function errorRow(type: string, { counts, places }: TypeDiagnosis, confusion: Confusion): string[] {
  const row = confusion.types.indexOf(type);
  return [
    type,
    mainConfusion(confusion.types, confusion.particles[row]!, row, counts.fn),
    mainConfusion(confusion.types, confusion.picks[row]!, row, counts.wrongPicks),
    places.depth ? thirds(places.depth) : none,
    places.border ? missedShare(within(places.border, 100)) : none,
    missedShare(within(places.next, 100)),
  ];
}

/** Names the other type that occurs most in a row, how often, and of how many. */
function mainConfusion(types: readonly string[], row: readonly number[], own: number, of: number): string {
  let main = -1;
  for (let column = 0; column < types.length; column++)
    if (column !== own && row[column]! > 0 && (main < 0 || row[column]! > row[main]!)) main = column;
  return main < 0 ? none : `${types[main]} ${row[main]} of ${of}`;
}

const within = (bins: readonly PlaceBin[], end: number): PlaceBin[] =>
  bins.filter(({ to }) => to !== null && to <= end);

/** Formats missed shares by thirds of the depth, from the lowest z to the highest. */
function thirds(bins: readonly PlaceBin[]): string {
  const size = bins.length / 3;
  return [0, 1, 2].map((third) => missedShare(bins.slice(third * size, (third + 1) * size))).join(" ");
}

function missedShare(bins: readonly PlaceBin[]): string {
  const truths = bins.reduce((sum, bin) => sum + bin.truths, 0);
  const misses = bins.reduce((sum, bin) => sum + bin.misses, 0);
  return `${misses}/${truths}`;
}
