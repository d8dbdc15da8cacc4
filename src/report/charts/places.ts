/** Charts of where errors lie: depth, border, neighbours, and displacement from the particle. */
import { chart, colours, figure } from "../../present/charts/chart.js";
import type { Html } from "../../present/html.js";
import type { Displacement } from "../../score/diagnosis/displacement.js";
import type { PlaceBin } from "../../score/diagnosis/places.js";

const kinds = ["found", "missed", "false picks"] as const;

/** Draws particles found and missed upwards, false picks downwards, by bin. */
async function placesChart(
  label: string,
  bins: readonly PlaceBin[],
  title: string,
  nameOf: (bin: PlaceBin) => string,
): Promise<Html> {
  const values = bins.flatMap((bin, order) => {
    const counts = [bin.truths - bin.misses, bin.misses, -bin.falsePicks];
    return kinds.map((kind, k) => ({ bin: nameOf(bin), order, kind, count: counts[k]! }));
  });
  return chart(label, {
    data: { values },
    mark: { type: "bar", width: { band: 0.8 } },
    encoding: {
      x: {
        field: "bin",
        type: "ordinal",
        title,
        sort: { field: "order" },
        axis: { grid: false, labelAngle: 0, labelOverlap: true },
      },
      y: {
        field: "count",
        type: "quantitative",
        title: "particles; false picks below 0",
        axis: { labelExpr: "format(abs(datum.value), '~s')", tickMinStep: 1 },
      },
      color: {
        field: "kind",
        type: "nominal",
        scale: { domain: [...kinds], range: [colours.true, colours.missed, colours.false] },
      },
    },
  });
}

const rounded = (value: number): string => String(Math.round(value));
const startOf = ({ from, to }: PlaceBin): string => (to === null ? `≥${rounded(from)}` : rounded(from));

export const depthChart = async (type: string, bins: readonly PlaceBin[] | null): Promise<Html | null> =>
  bins &&
  figure(
    "Particles and false picks by depth",
    await placesChart(
      `${type}: misses and false picks by depth`,
      bins,
      "depth z, Å (start of bin)",
      ({ from }) => rounded(from),
    ),
  );

export const borderChart = async (type: string, bins: readonly PlaceBin[] | null): Promise<Html | null> =>
  bins &&
  figure(
    "Particles and false picks by distance to the border",
    await placesChart(
      `${type}: misses and false picks by distance to the border`,
      bins,
      "distance to the nearest face, Å (start of bin)",
      startOf,
    ),
  );

export const neighbourChart = async (type: string, bins: readonly PlaceBin[]): Promise<Html> =>
  figure(
    "Particles and false picks by distance to the next particle",
    await placesChart(
      `${type}: misses and false picks by distance to the next particle`,
      bins,
      "distance to the next particle, Å (start of bin)",
      startOf,
    ),
  );

/** Draws the distances of matched picks from their particles. */
export async function distanceChart(
  type: string,
  { distances, matches }: Displacement,
): Promise<Html | null> {
  if (matches === 0) return null;
  const svg = await chart(`${type}: distances of matched picks`, {
    data: { values: distances.map(({ from, to, matches: count }) => ({ from, to, count })) },
    mark: { type: "bar", color: colours.true, binSpacing: 1 },
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        bin: { binned: true },
        title: "distance to the particle, Å",
        axis: { grid: false },
      },
      x2: { field: "to" },
      y: { field: "count", type: "quantitative", title: "matches", axis: { tickMinStep: 1, format: "d" } },
    },
  });
  return figure("Distance of matches", svg, "up to the match distance, half a radius");
}

/** Draws the mean displacement by axis with its 90 % interval, all types below each other. */
export async function displacementChart(
  perType: Readonly<Record<string, { readonly displacement: Displacement }>>,
): Promise<Html | null> {
  const values = Object.entries(perType).flatMap(([type, { displacement }]) =>
    displacement.axes
      ? (["dx", "dy", "dz"] as const).map((axis) => {
          const { mean, standardError } = displacement.axes![axis];
          const reach = 1.645 * (standardError ?? 0);
          return { type, axis, mean, low: mean - reach, high: mean + reach };
        })
      : [],
  );
  if (values.length === 0) return null;
  const types = Object.keys(perType);
  const y = { field: "type", type: "nominal" as const, title: null, sort: types, axis: { grid: false } };
  const offset = { yOffset: { field: "axis", type: "nominal" } } as const;
  const color = {
    field: "axis",
    type: "nominal" as const,
    scale: { domain: ["dx", "dy", "dz"], range: colours.series.slice(0, 3) },
  };
  const svg = await chart("mean displacement of matched picks by type and axis", {
    width: chartWidthBesideNames,
    height: { step: 11 },
    data: { values },
    layer: [
      {
        data: { values: [{}] },
        mark: { type: "rule", color: "var(--axis)" },
        encoding: { x: { datum: 0 } },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: {
          x: { field: "low", type: "quantitative", title: "pick − particle, Å" },
          x2: { field: "high" },
          y,
          ...offset,
          color,
        },
      },
      {
        mark: { type: "point", size: 34 },
        encoding: {
          x: { field: "mean", type: "quantitative" },
          y,
          ...offset,
          color,
          shape: { field: "axis", type: "nominal", scale: { domain: ["dx", "dy", "dz"] } },
        },
      },
    ],
  });
  return figure(
    "Mean displacement",
    svg,
    "with 90 % intervals; one that does not touch 0 is a systematic shift",
  );
}

/** Width of a chart with type names to its left. */
const chartWidthBesideNames = 200;
