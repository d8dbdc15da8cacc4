import { expect, test } from "vitest";
import { type Basis, costOf, figureOf } from "../../../src/bench/changes/figures.js";
import { type BenchRow, measured } from "../../../src/bench/measured.js";
import { mediansOf } from "../../../src/bench/medians.js";
import boxes from "../../fixtures/bench/boxes.json" with { type: "json" };

const peak = { gflopPerS: 100, copyMbPerS: 10_000, threads: 2 };
const paired = { median: 0.5, quartiles: [0.45, 0.6] } as const;
const beside = (medians = {}): BenchRow => ({
  peer: "torch",
  ...measured("train", { ...mediansOf([40, 50, 70], [100]), ...medians }, { gflop: 1 }, peak),
});

test("a ratio's figure is the median of pairs with their quartiles and number", () => {
  const row = beside({ ratio: paired, repetitions: 7 });
  expect(figureOf(row, "train", "ratio")).toEqual({ value: 0.5, q1: 0.45, q3: 0.6, repetitions: 7 });
});

test("a share of the peak has the quartiles of the times, turned round, and a time its own", () => {
  const row = beside();
  expect(figureOf(row, "train", "peak share")).toEqual({
    value: 0.2,
    q1: expect.closeTo(0.2 * (50 / 60)),
    q3: expect.closeTo(0.2 * (50 / 45)),
    repetitions: 3,
  });
  expect(figureOf(row, "train", "ms")).toEqual({ value: 50, q1: 45, q3: 60, repetitions: 3 });
});

test("a ratio to a peer that took no turns has no spread, and is no figure", () => {
  expect(figureOf(beside(), "train", "ratio")).toBeNull();
});

test("results that do not say their repetitions have the quotients of both times' quartiles", () => {
  const { train_repetitions: _, train_ratio_q1: __, train_ratio_q3: ___, ...old } = beside();
  const row = { ...old, peer_train_ms: 100, peer_train_q1_ms: 90, peer_train_q3_ms: 120 };
  const figure = figureOf(row, "train", "ratio");
  expect(figure).toEqual({ value: 0.5, q1: 45 / 120, q3: 60 / 90, repetitions: null });
  expect(costOf(figure!, "ratio")).toEqual(costOf({ ...figure!, repetitions: 7 }, "ratio"));
});

test("the time that the challenge allows is no peer: a ratio to it is a time of one machine", () => {
  const row = { ...beside({ ratio: paired, repetitions: 7 }), peer: "challenge" };
  expect(figureOf(row, "train", "ratio")).toBeNull();
});

test.each<[string, BenchRow, Basis]>([
  ["a ratio of 0", { train_ratio: 0, train_ratio_q1: 0, train_ratio_q3: 0, train_repetitions: 7 }, "ratio"],
  ["a quartile of NaN", { ...beside(), train_q1_ms: Number.NaN }, "ms"],
  ["a negative time", { ...beside(), train_q1_ms: -1 }, "ms"],
  ["an infinite share", { ...beside(), train_peak_share: Number.POSITIVE_INFINITY }, "peak share"],
  ["quartiles the wrong way round", { ...beside(), train_q1_ms: 80 }, "ms"],
  ["a text", { ...beside(), train_ms: "50" }, "ms"],
  ["nothing", {}, "ms"],
])("%s is no figure", (_, row, basis) => {
  expect(figureOf(row, "train", basis)).toBeNull();
});

test("the bounds are the wider of quartiles and notches, as matplotlib's boxplot_stats has them", () => {
  expect(boxes.map(({ q1, cilo }) => cilo < q1)).toEqual([true, false, true, false]);
  for (const { values, med, q1, q3, cilo, cihi } of boxes) {
    const bounds = costOf({ value: med, q1, q3, repetitions: values.length }, "ratio");
    expect(bounds.value).toBe(med);
    expect(bounds.low).toBeCloseTo(Math.min(q1, cilo), 12);
    expect(bounds.high).toBeCloseTo(Math.max(q3, cihi), 12);
  }
});

test("a share of the peak is a speed: half of it costs twice as much", () => {
  const figure = { value: 0.4, q1: 0.32, q3: 0.5, repetitions: 100 };
  expect(costOf(figure, "peak share")).toEqual({ value: 2.5, low: 2, high: 3.125 });
});
