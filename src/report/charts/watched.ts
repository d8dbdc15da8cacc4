/** Charts of what was seen on crops of the tune runs while a network was trained. */
import { chart, colours, figure } from "../../present/charts/chart.js";
import type { Html } from "../../present/html.js";
import { plural } from "../../present/text.js";
import type { Look, TrainingLog } from "../../train/watch/readLog.js";

/** The axis of steps. */
export const stepAxis = { field: "step", type: "quantitative", title: "step" } as const;

/** Colours of several series by the values of a field. */
export const seriesColour = (field: string, domain: readonly string[]) => ({
  field,
  type: "nominal" as const,
  scale: { domain: [...domain], range: [...colours.series] },
  legend: { columns: 2, title: null },
});

/** Draws the loss on crops of the tune runs beside that of the training; null where nothing was watched. */
export async function tuneLossChart(
  { looks }: TrainingLog,
  steps: readonly { readonly network: string; readonly step: number; readonly smoothed: number }[],
  hasSeveral: boolean,
): Promise<Html | null> {
  if (looks.length === 0) return null;
  const [trained, tuned] = ["training, smoothed", "crops of the tune runs"];
  const values = [
    ...steps.map(({ network, step, smoothed }) => ({ network, step, of: trained, loss: smoothed })),
    ...looks.map(({ network, step, watch }) => ({ network, step: step + 1, of: tuned, loss: watch.loss })),
  ];
  const svg = await chart("loss on crops of the tune runs and in training, by step", {
    data: { values },
    mark: { type: "line", strokeWidth: 1.5, point: looks.length < 4 },
    encoding: {
      x: stepAxis,
      y: { field: "loss", type: "quantitative", title: "loss", scale: { zero: false } },
      color: {
        field: "of",
        type: "nominal",
        scale: { domain: [trained, tuned], range: [colours.quiet, colours.accent] },
        legend: { columns: 1, title: null },
      },
      ...(hasSeveral ? { detail: { field: "network" } } : {}),
    },
  });
  return figure(
    "Loss on the tune runs",
    svg,
    `by the average weights, on ${plural(cropsOf(looks), "crop")} that are always the same; ${plural(looks.length, "look")}`,
  );
}

const cropsOf = (looks: readonly Look[]): number => looks[0]!.watch.crops;

/** What is drawn of the crops: its title, and what it is. */
const figuresOfCrops = {
  f4: {
    title: "F4 per type on crops",
    axis: "F4 on crops",
    says: "an indicator from a few crops, at the best of a few thresholds: not the score, which whole tomograms have",
  },
  dice: {
    title: "Dice per feature on crops",
    axis: "Dice on crops",
    says: "an indicator from the known voxels of a few crops",
  },
} as const;

/** Draws F4 per type or Dice per feature on the crops; null where the log has none. */
export async function cropsChart(
  { looks }: TrainingLog,
  kind: keyof typeof figuresOfCrops,
): Promise<Html | null> {
  const values = looks.flatMap(({ step, watch }) =>
    Object.entries(watch[kind] ?? {}).map(([name, value]) => ({ step: step + 1, name, value })),
  );
  if (values.length === 0) return null;
  const { title, axis, says } = figuresOfCrops[kind];
  const svg = await chart(`${title} of the tune runs by step`, {
    data: { values },
    mark: { type: "line", strokeWidth: 1.5, point: looks.length < 4 },
    encoding: {
      x: stepAxis,
      y: { field: "value", type: "quantitative", title: axis, scale: { domain: [0, 1] } },
      color: seriesColour("name", [...new Set(values.map(({ name }) => name))]),
    },
  });
  return figure(title, svg, says);
}
