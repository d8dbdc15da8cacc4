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
  const labels = apart(values);
  const x = {
    field: "patchMs",
    type: "quantitative",
    scale: { type: "log", nice: true },
    title: "milliseconds per patch of 64³ voxels",
  } as const;
  const y = { type: "quantitative", title: "F4 on the held-out runs", scale: { zero: false } } as const;
  const spec: TopLevelSpec = {
    title: `${recipe}: ${budget} of training each`,
    width: size.x,
    height: size.y,
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
        data: { values: labels },
        mark: { type: "text", align: "left", dx: 9, dy: -7 },
        encoding: { x, y: { ...y, field: "at" }, text: { field: "architecture" } },
      },
    ],
  };
  return renderSvg(spec);
}

/** Pixels of the plot, of a label's line, and of a letter. */
const size = { x: 640, y: 400, line: 13, letter: 6.5 };

interface Labelled {
  readonly architecture: string;
  readonly patchMs: number;
  readonly score: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Moves labels downwards, from the highest score on, until none lies on another; `at` is the score at which one stands. */
export function apart(values: readonly Labelled[]): (Labelled & { readonly at: number })[] {
  const times = values.map(({ patchMs }) => Math.log(patchMs));
  const ends = values.flatMap(({ low, high }) => [low ?? 0, high ?? 0]);
  const perPixel = (all: readonly number[], pixels: number) =>
    (Math.max(...all) - Math.min(...all) || 1) / pixels;
  const [timeOfPixel, scoreOfPixel] = [perPixel(times, size.x), perPixel(ends, size.y)];
  const placed: (Labelled & { readonly at: number })[] = [];
  for (const value of values.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))) {
    let at = value.score ?? 0;
    const meets = (other: Labelled & { readonly at: number }) => {
      const [left, right] = value.patchMs < other.patchMs ? [value, other] : [other, value];
      const gap = (Math.log(right.patchMs) - Math.log(left.patchMs)) / timeOfPixel;
      return (
        gap < size.letter * left.architecture.length &&
        Math.abs(at - other.at) < (size.line - 0.01) * scoreOfPixel
      );
    };
    for (let hit = placed.find(meets); hit; hit = placed.find(meets)) at = hit.at - size.line * scoreOfPixel;
    placed.push({ ...value, at });
  }
  return placed;
}
