/** Charts of a training: loss, evaluations, learning rate and time. */

import { chart, colours, figure } from "../../present/charts/chart.js";
import type { Html } from "../../present/html.js";
import { plural } from "../../present/text.js";
import type { TrainingLog, TrainingStep } from "../../train/watch/readLog.js";
import { cropsChart, seriesColour, stepAxis, tuneLossChart } from "./watched.js";

/** Limit of points drawn per network; a chart has no pixels for more. */
const mostPoints = 160;
/** Memory of the smoothed loss, as a share of all steps. */
const memory = 0.02;

interface Point {
  readonly network: string;
  readonly step: number;
  readonly loss: number;
  readonly smoothed: number;
  /** Means of the loss's terms by name. */
  readonly parts: Readonly<Record<string, number>>;
  /** Undefined in older logs, as is the rate of samples. */
  readonly norm: number | undefined;
  readonly perSecond: number | undefined;
  readonly rate: number;
  readonly ms: number;
  readonly waited: number;
}

/** Draws the course of a training, as far as its log has it: losses, tune runs, gradient, learning rate, time. */
export async function trainingCharts(log: TrainingLog): Promise<Html[]> {
  const networks = [...new Set(log.steps.map(({ network }) => network))];
  if (networks.length === 0) return [];
  const points = networks.flatMap((network) => thinned(log.steps.filter((step) => step.network === network)));
  const charts = [
    lossChart(points, networks),
    partsChart(points, networks),
    tuneLossChart(log, points, networks.length > 1),
    cropsChart(log, "f4"),
    cropsChart(log, "dice"),
    scoreChart(log, networks),
    normChart(points, networks),
    rateChart(points, networks),
    timeChart(points),
    speedChart(points, networks),
  ];
  return (await Promise.all(charts)).filter((each) => each !== null);
}

/** Averages stretches of steps, with a moving average of the loss over every step. */
function thinned(steps: readonly TrainingStep[]): Point[] {
  const length = Math.max(1, Math.ceil(steps.length / mostPoints));
  const keep = 1 - 1 / Math.max(1, memory * steps.length);
  const points: Point[] = [];
  let sum = 0;
  let weight = 0;
  for (let start = 0; start < steps.length; start += length) {
    const part = steps.slice(start, start + length);
    for (const { loss } of part) {
      sum = keep * sum + loss;
      weight = keep * weight + 1;
    }
    const mean = (of: (step: TrainingStep) => number): number =>
      part.reduce((total, step) => total + of(step), 0) / part.length;
    const known = (of: (step: TrainingStep) => number | undefined): number | undefined =>
      part.every((step) => of(step) !== undefined) ? mean((step) => of(step)!) : undefined;
    const names = Object.keys(part[0]!.parts ?? {});
    const { network, step } = part.at(-1)!;
    points.push({
      network,
      step: step + 1,
      loss: mean(({ loss }) => loss),
      smoothed: sum / weight,
      parts: Object.fromEntries(names.map((name) => [name, mean(({ parts }) => parts?.[name] ?? 0)])),
      norm: known(({ norm }) => norm),
      perSecond: known(({ samplesPerSecond }) => samplesPerSecond),
      rate: mean(({ rate }) => rate),
      ms: mean(({ ms }) => ms),
      waited: mean(({ waitedMs }) => waitedMs),
    });
  }
  return points;
}

const networkColour = (networks: readonly string[]) => ({
  ...seriesColour("network", networks),
  legend: networks.length > 1 ? { columns: 2 } : null,
});

/** What the lines of a chart are of, and its axis. */
interface LinesAxis {
  readonly field: keyof Point;
  readonly title: string;
  readonly scale?: { readonly type: "log" };
  readonly axis?: { readonly format: string };
}

/** Draws one figure of the steps, a line a network. */
const linesChart = (
  label: string,
  points: readonly Point[],
  y: LinesAxis,
  networks: readonly string[],
  strokeWidth: number,
): Promise<Html> =>
  chart(label, {
    data: { values: [...points] },
    mark: { type: "line", strokeWidth },
    encoding: { x: stepAxis, y: { type: "quantitative", ...y }, color: networkColour(networks) },
  });

async function lossChart(points: readonly Point[], networks: readonly string[]): Promise<Html> {
  const color = networkColour(networks);
  const loss = { type: "quantitative", title: "loss", scale: { zero: false } } as const;
  const svg = await chart("training loss by step", {
    data: { values: [...points] },
    layer: [
      {
        mark: { type: "line", strokeWidth: 1, opacity: 0.35 },
        encoding: { x: stepAxis, y: { ...loss, field: "loss" }, color },
      },
      { mark: { type: "line" }, encoding: { x: stepAxis, y: { ...loss, field: "smoothed" }, color } },
    ],
  });
  return figure("Loss", svg, "thick: moving average over 2 % of the steps");
}

/** Draws the terms of the loss; null where there is but one. */
async function partsChart(points: readonly Point[], networks: readonly string[]): Promise<Html | null> {
  const names = [...new Set(points.flatMap(({ parts }) => Object.keys(parts)))];
  if (names.length < 2) return null;
  const values = points.flatMap(({ network, step, parts }) =>
    Object.entries(parts).map(([term, loss]) => ({ network, step, term, loss })),
  );
  const svg = await chart("terms of the training loss by step", {
    data: { values },
    mark: { type: "line", strokeWidth: 1 },
    encoding: {
      x: stepAxis,
      y: { field: "loss", type: "quantitative", title: "loss", scale: { zero: false } },
      color: seriesColour("term", names),
      ...(networks.length > 1 ? { detail: { field: "network" } } : {}),
    },
  });
  return figure(
    "Terms of the loss",
    svg,
    `each with its weight${names.includes("critic") ? "; the critic's own loss is no part of the sum" : ""}`,
  );
}

async function scoreChart({ evaluations }: TrainingLog, networks: readonly string[]): Promise<Html | null> {
  if (evaluations.length === 0) return null;
  const values = evaluations.map(({ network, step, tuneScore, best }) => ({
    network,
    step: step + 1,
    tuneScore,
    best,
  }));
  const y = {
    field: "tuneScore",
    type: "quantitative",
    title: "score on the tune runs",
    scale: { zero: false, padding: 12 },
  } as const;
  const steps = [...new Set(values.map(({ step }) => step))];
  const x = {
    ...stepAxis,
    scale: { padding: 12 },
    ...(steps.length < 4 ? { axis: { grid: false, values: steps, format: "d" } } : {}),
  } as const;
  const color = networkColour(networks);
  const svg = await chart("score on the tune runs by step", {
    data: { values },
    layer: [
      { mark: { type: "line", strokeWidth: 1 }, encoding: { x, y, color } },
      {
        mark: { type: "point", filled: true },
        encoding: {
          x,
          y,
          color,
          shape: { condition: { test: "datum.best", value: "diamond" }, value: "circle" },
          size: { condition: { test: "datum.best", value: 90 }, value: 30 },
        },
      },
    ],
  });
  return figure(
    "Evaluations",
    svg,
    `on the tune runs, where thresholds are fitted; diamond: the best so far${evaluations.length < 4 ? `. Only ${plural(evaluations.length, "evaluation")}: too few to tell how learning went` : ""}`,
  );
}

/** Draws the gradient's norm; null where the log has none. */
async function normChart(points: readonly Point[], networks: readonly string[]): Promise<Html | null> {
  const values = points.filter(({ norm }) => norm !== undefined && norm > 0);
  if (values.length === 0) return null;
  const y = { field: "norm", title: "gradient norm", scale: { type: "log" } } as const;
  const svg = await linesChart("norm of the gradient by step", values, y, networks, 1);
  return figure("Gradient", svg, "its norm before clipping, averaged over stretches of steps");
}

/** Draws how many patches a second are learned from; null where the log does not say. */
async function speedChart(points: readonly Point[], networks: readonly string[]): Promise<Html | null> {
  const values = points.filter(({ perSecond }) => perSecond !== undefined);
  if (values.length === 0) return null;
  const y = { field: "perSecond", title: "patches a second" } as const;
  return figure("Speed", await linesChart("patches a second by step", values, y, networks, 1.5));
}

async function rateChart(points: readonly Point[], networks: readonly string[]): Promise<Html> {
  const y = { field: "rate", title: "learning rate", axis: { format: "~g" } } as const;
  return figure("Learning rate", await linesChart("learning rate by step", points, y, networks, 2));
}

async function timeChart(points: readonly Point[]): Promise<Html> {
  const [all, waited] = ["whole step", "waiting for data"];
  const values = points.flatMap(({ network, step, ms, waited: waitedMs }) => [
    { network, step, kind: all, ms },
    { network, step, kind: waited, ms: waitedMs },
  ]);
  const svg = await chart("time of a step and how much of it waits for data", {
    data: { values },
    mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: stepAxis,
      y: { field: "ms", type: "quantitative", title: "ms a step" },
      color: {
        field: "kind",
        type: "nominal",
        scale: { domain: [all, waited], range: [colours.accent, colours.used] },
      },
      detail: { field: "network" },
    },
  });
  const total = points.reduce((sum, { ms }) => sum + ms, 0);
  const share = points.reduce((sum, point) => sum + point.waited, 0) / Math.max(1, total);
  return figure("Time", svg, `${(100 * share).toFixed(1)} % of the time is spent waiting for data`);
}
