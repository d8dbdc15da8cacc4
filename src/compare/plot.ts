/** The plot of a comparison. */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../present/charts/render.js";
import type { Comparison } from "./result.js";

/** Plots score against milliseconds per 64³ patch, as SVG. */
export async function comparisonPlot({ rows, recipe, budget }: Comparison): Promise<string> {
  const values = rows
    .filter(({ score }) => score !== null)
    .map(({ architecture, parameters, score, patchMs, seeds }) => ({
      architecture,
      parameters,
      score,
      patchMs,
      low: seeds[0]?.interval?.low ?? score,
      high: seeds[0]?.interval?.high ?? score,
    }));
  const x = {
    field: "patchMs",
    type: "quantitative",
    scale: { type: "log", nice: true },
    title: "milliseconds per patch of 64³ voxels",
  } as const;
  const y = { type: "quantitative", title: "F4 on the held-out runs", scale: { zero: false } } as const;
  const spec: TopLevelSpec = {
    title: `${recipe}: ${budget} of training each`,
    width: 640,
    height: 400,
    background: "white",
    data: { values },
    layer: [
      {
        mark: { type: "rule", opacity: 0.35 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true },
        encoding: {
          x,
          y: { ...y, field: "score" },
          size: { field: "parameters", type: "quantitative", scale: { type: "sqrt", range: [30, 500] } },
        },
      },
      {
        mark: { type: "text", align: "left", dx: 9, dy: -7 },
        encoding: { x, y: { ...y, field: "score" }, text: { field: "architecture" } },
      },
    ],
  };
  return renderSvg(spec);
}
