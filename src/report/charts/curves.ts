/** Charts of one type against threshold and confidence. */
import { chart, colours, figure } from "../../present/charts/chart.js";
import type { Html } from "../../present/html.js";
import { fixed } from "../../present/text.js";
import type { TypeDiagnosis } from "../../score/diagnosis/diagnosis.js";
import { type Counts, fbeta, precisionOf, recallOf } from "../../score/match/fbeta.js";
import type { ThresholdSweep } from "../../score/sweep.js";

/** Counts of one type at every threshold, from sweep.json. */
type SweptType = ThresholdSweep["perType"][string];

const byThreshold = "by threshold";
const byConfidence = "by confidence";

interface Row extends Counts {
  readonly threshold: number;
  readonly by: string;
}

const rowsOf = (by: string, points: readonly (Counts & { readonly threshold: number })[]) =>
  points.map(({ threshold, tp, fp, fn }): Row => ({ threshold, tp, fp, fn, by }));

/** Points of both curves: the sweep over thresholds, and the picks cut off at rising confidence. */
function pointsOf(swept: SweptType | undefined, curve: TypeDiagnosis["curve"]) {
  const rows = [...rowsOf(byThreshold, swept?.points ?? []), ...rowsOf(byConfidence, curve?.points ?? [])];
  return rows.map((row, order) => ({
    ...row,
    order,
    precision: Math.min(1, precisionOf(row)),
    recall: recallOf(row),
    f4: fbeta(row),
  }));
}

const share = (field: string, title: string) => ({
  field,
  type: "quantitative" as const,
  title,
  scale: { domain: [0, 1] },
});
const colour = (isBoth: boolean) => ({
  field: "by",
  type: "nominal" as const,
  scale: { domain: [byThreshold, byConfidence], range: [colours.accent, colours.quiet] },
  legend: isBoth ? {} : null,
});

/** Draws the F4 of other thresholds; shown, never fitted. */
export async function thresholdChart(
  type: string,
  swept: SweptType | undefined,
  curve: TypeDiagnosis["curve"],
): Promise<Html | null> {
  const values = pointsOf(swept, curve);
  if (values.length === 0) return null;
  const used = swept?.used;
  const at = swept?.points.find(({ threshold }) => threshold === used);
  const x = share("threshold", "threshold");
  const svg = await chart(`${type}: F4 against threshold`, {
    data: { values },
    layer: [
      ...(used === undefined
        ? []
        : [
            {
              data: { values: [{}] },
              mark: { type: "rule" as const, strokeDash: [4, 3], color: colours.used, strokeWidth: 1.5 },
              encoding: { x: { datum: used } },
            },
          ]),
      {
        mark: { type: "line", interpolate: "linear" },
        encoding: {
          x,
          y: share("f4", "F4"),
          color: colour(Boolean(swept && curve)),
          order: { field: "order" },
        },
      },
      {
        transform: [
          { filter: { field: "threshold", equal: used ?? -1 } },
          { filter: { field: "by", equal: byThreshold } },
        ],
        mark: { type: "point", color: colours.used, size: 80, shape: "diamond" },
        encoding: { x, y: { field: "f4", type: "quantitative" } },
      },
    ],
  });
  const caption = at ? `used: ${used} (tuned on other runs), F4 ${fixed(fbeta(at), 3)}` : "";
  return figure("F4 against threshold", svg, caption);
}

/** Draws precision against recall, by falling threshold and by falling confidence. */
export async function precisionRecallChart(
  type: string,
  swept: SweptType | undefined,
  curve: TypeDiagnosis["curve"],
): Promise<Html | null> {
  const values = pointsOf(swept, curve);
  if (values.length === 0) return null;
  const x = share("recall", "recall");
  const y = share("precision", "precision");
  const svg = await chart(`${type}: precision against recall`, {
    data: { values },
    layer: [
      {
        mark: { type: "line" },
        encoding: { x, y, color: colour(Boolean(swept && curve)), order: { field: "order" } },
      },
      {
        transform: [
          { filter: { field: "threshold", equal: swept?.used ?? -1 } },
          { filter: { field: "by", equal: byThreshold } },
        ],
        mark: { type: "point", color: colours.used, size: 80, shape: "diamond" },
        encoding: { x, y },
      },
    ],
  });
  const caption = curve ? `average precision of the picks ${fixed(curve.averagePrecision, 3)}` : "";
  return figure("Precision and recall", svg, caption);
}

/** Draws the share of true picks against confidence. */
export async function reliabilityChart(
  type: string,
  reliability: TypeDiagnosis["reliability"],
): Promise<Html | null> {
  const values = reliability?.bins.filter(({ picks }) => picks > 0) ?? [];
  if (values.length === 0) return null;
  const x = share("expected", "mean confidence");
  const y = share("observed", "share of true picks");
  const svg = await chart(`${type}: share of true picks against confidence`, {
    data: { values: [...values] },
    layer: [
      {
        data: { values: [{ a: 0 }, { a: 1 }] },
        mark: { type: "line", strokeDash: [4, 3], strokeWidth: 1, color: colours.quiet },
        encoding: {
          x: { field: "a", type: "quantitative" },
          y: { field: "a", type: "quantitative" },
        },
      },
      { mark: { type: "line", color: colours.accent, strokeWidth: 1.5 }, encoding: { x, y } },
      {
        mark: { type: "point", color: colours.accent },
        encoding: {
          x,
          y,
          size: {
            field: "picks",
            type: "quantitative",
            scale: { type: "sqrt", range: [20, 220] },
            legend: null,
          },
        },
      },
    ],
  });
  return figure(
    "Reliability",
    svg,
    `calibration error ${fixed(reliability!.calibrationError, 3)}; the line of points is right where it meets the diagonal`,
  );
}
