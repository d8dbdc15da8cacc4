/** Plots of the leaderboard: score against time. */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../present/charts/render.js";
import { Html } from "../present/html.js";
import type { LeaderboardRow } from "./entries.js";
import type { TimeAxis } from "./timeAxes.js";

/**
 * Score and its interval against a time, points named by their ranks, as an SVG in the colour of the text around it; null
 * without two such rows.
 */
export async function timePlot(rows: readonly LeaderboardRow[], axis: TimeAxis): Promise<Html | null> {
  const values = rows.flatMap((row) => {
    const time = axis.of(row);
    const { rank, score } = row;
    if (time === null || time <= 0 || score === null) return [];
    const { low, high } = row.interval?.score ?? { low: score, high: score };
    return [{ rank, time, score, low, high }];
  });
  if (values.length < 2) return null;
  const x = {
    field: "time",
    type: "quantitative",
    title: axis.title,
    scale: { type: "log", nice: false, padding: 25 },
    axis: { tickCount: 4, grid: false },
  } as const;
  const y = { type: "quantitative", title: "score", scale: { zero: false } } as const;
  const spec: TopLevelSpec = {
    width: 420,
    height: 300,
    background: "transparent",
    data: { values },
    layer: [
      {
        mark: { type: "rule", opacity: 0.45, color: "currentColor" },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true, size: 60, color: "#3b82c4", opacity: 1 },
        encoding: { x, y: { ...y, field: "score" } },
      },
      {
        mark: { type: "text", align: "left", dx: 7, dy: -6, fontSize: 12, color: "currentColor" },
        encoding: { x, y: { ...y, field: "score" }, text: { field: "rank", type: "nominal" } },
      },
    ],
    config: {
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis: {
        labelColor: "currentColor",
        titleColor: "currentColor",
        tickColor: "currentColor",
        domainColor: "currentColor",
        gridColor: "currentColor",
        gridOpacity: 0.15,
      },
    },
  };
  return new Html(await renderSvg(spec));
}
