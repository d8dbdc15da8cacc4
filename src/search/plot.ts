/** Plots of a search: score against each parameter. */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../present/charts/render.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { valueText } from "./parameters.js";
import { completedTrials, type Trial } from "./trial.js";

/** Plots the tune score of trials against a parameter's value, as SVG; the chosen trial is ringed. */
export async function parameterPlot(parameter: SearchParameter, trials: readonly Trial[]): Promise<string> {
  const { path, kind } = parameter;
  const best = completedTrials(trials)[0]?.trial;
  const values = trials
    .filter(({ score }) => score !== null)
    .map(({ trial, score, state, values: tried }) => ({
      value: kind === "choice" ? valueText(tried[path]) : tried[path],
      score,
      trial: state === "completed" ? "completed" : "stopped early",
      best: trial === best,
    }));
  const x =
    kind === "choice"
      ? ({ field: "value", type: "nominal", title: path, axis: { labelAngle: 0 } } as const)
      : ({
          field: "value",
          type: "quantitative",
          title: path,
          scale: kind === "log" ? ({ type: "log" } as const) : ({ zero: false } as const),
        } as const);
  const y = { field: "score", type: "quantitative", title: "score on the tune runs" } as const;
  const spec: TopLevelSpec = {
    title: `${path}: ${values.length} trials`,
    width: 420,
    height: 280,
    background: "white",
    data: { values },
    layer: [
      {
        mark: { type: "point", filled: true, size: 60 },
        encoding: {
          x,
          y,
          color: {
            field: "trial",
            type: "nominal",
            scale: { domain: ["completed", "stopped early"], range: ["#1f77b4", "#b8b8b8"] },
          },
        },
      },
      {
        transform: [{ filter: "datum.best" }],
        mark: { type: "point", size: 220, color: "#d62728", strokeWidth: 2 },
        encoding: { x, y },
      },
    ],
  };
  return renderSvg(spec);
}
