/** The plots of growth. */
import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../../present/charts/render.js";
import type { AxisName } from "./axes.js";
import type { GrowthLine } from "./points.js";

const size = { width: 280, height: 220 } as const;

/** Plots an axis as SVG: seconds by the clock and of the processor, and peak memory, on scales of powers of ten. */
export function growthPlot(axis: AxisName, lines: readonly GrowthLine[]): Promise<string> {
  const own = lines.filter((line) => line.axis === axis);
  const points = own.flatMap(({ command, points }) => points.map((point) => ({ command, ...point })));
  const times = points.flatMap(({ command, amount, seconds, processorSeconds }) => [
    { command, amount, of: "by the clock", seconds },
    { command, amount, of: "of the processor", seconds: processorSeconds },
  ]);
  const x = {
    field: "amount",
    type: "quantitative",
    title: axis,
    scale: { type: "log", nice: false, padding: 8 },
    axis: { format: "~s", tickCount: 5 },
  } as const;
  const y = (field: string, title: string) =>
    ({
      field,
      type: "quantitative",
      title,
      scale: { type: "log" },
      axis: { format: ",~g", tickCount: 5 },
    }) as const;
  const color = { field: "command", type: "nominal", title: null } as const;
  const point = { type: "point", filled: true, size: 40, opacity: 1 } as const;
  const dash = { field: "of", type: "nominal", title: null } as const;
  const memory = y("peakMb", "peak memory, MB");
  const spec: TopLevelSpec = {
    background: "white",
    hconcat: [
      {
        ...size,
        data: { values: times },
        encoding: { x, y: y("seconds", "seconds"), color },
        layer: [{ mark: "line", encoding: { strokeDash: dash } }, { mark: point }],
      },
      {
        ...size,
        data: { values: points },
        encoding: { x, y: memory, color },
        layer: [{ mark: "line" }, { mark: point }],
      },
    ],
  };
  return renderSvg(spec);
}
