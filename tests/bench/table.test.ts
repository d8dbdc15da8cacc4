import { expect, test } from "vitest";
import { type BenchRow, measured } from "../../src/bench/measured.js";
import { mediansOf } from "../../src/bench/medians.js";
import { changeText, headOf, partTable } from "../../src/bench/table.js";

const peak = { gflopPerS: 200, copyMbPerS: 10_000, threads: 2 };
const never = () => null;

test("a row's fields say medians, quartiles, throughput and the share of the peak", () => {
  const medians = mediansOf([100, 120, 90], [200, 220]);
  const fields = measured("infer", medians, { voxels: 2e6, gflop: 10 }, peak);
  expect(fields).toEqual({
    infer_ms: 100,
    infer_q1_ms: 95,
    infer_q3_ms: 110,
    infer_mvoxel_per_s: 20,
    infer_gflop_per_s: 100,
    infer_peak_share: 0.5,
    peer_infer_ms: 210,
    peer_infer_q1_ms: 205,
    peer_infer_q3_ms: 215,
    infer_repetitions: 3,
    infer_ratio: 0.4762,
    infer_ratio_q1: null,
    infer_ratio_q3: null,
  });
});

test("a ratio of pairs has its own median and quartiles, in significant digits", () => {
  const ratio = { median: 0.00123456, quartiles: [0.001, 123.456] } as const;
  const fields = measured("pick", { ...mediansOf([1], [2]), ratio, repetitions: 5 }, {}, peak);
  expect(fields).toMatchObject({
    pick_repetitions: 5,
    pick_ratio: 0.001235,
    pick_ratio_q1: 0.001,
    pick_ratio_q3: 123.5,
  });
});

test("bytes are seen against the copy, and without a peer its fields are null", () => {
  const fields = measured("read", mediansOf([50], null), { bytes: 1e8 }, peak);
  expect(fields).toMatchObject({
    read_mb_per_s: 2000,
    read_peak_share: 0.2,
    peer_read_ms: null,
    read_ratio: null,
  });
});

test("a line a timed thing, shared facts in the caption, the ratio last", () => {
  const row = (size: number, ms: number): BenchRow => ({
    net: "plain",
    size,
    threads: 2,
    peer: "torch",
    ...measured(
      "train",
      mediansOf([ms, ms * 1.1, ms * 1.3], [2 * ms]),
      { voxels: size ** 3, gflop: ms / 10 },
      peak,
    ),
    ...measured("infer", mediansOf([ms / 8], [ms / 5]), { voxels: size ** 3, gflop: ms / 80 }, peak),
  });
  const before = (current: BenchRow) => (current.size === 64 ? { train_ms: 100, infer_ms: 12.5 } : null);
  expect(`\n${partTable("networks", [row(64, 100), row(96, 9000)], before)}\n`).toBe(`
networks: net plain, threads 2
size  timed  median ms  quartiles %  Mvoxel/s  GFLOP/s  % of peak  torch ms  change  ratio
64    train      110.0        −5 +9      2.38    90.90         45     200.0   +10 %  0.550
64    infer      12.50            –     20.97    100.0         50     20.00    ±0 %  0.625
96    train      9,900        −5 +9      0.09    90.90         45    18,000       –  0.550
96    infer      1,125            –      0.79    100.0         50     1,800       –  0.625
`);
});

test("one timed thing gives its name to its column, and what is empty throughout is left out", () => {
  const row = {
    voxels: 64,
    peer: null,
    mb_per_s: 3,
    ...measured("read", mediansOf([2], null), { bytes: 64 }, peak),
  };
  expect(partTable("read", [row], never).split("\n")).toEqual([
    "read: voxels 64",
    "read ms  MB/s  % of peak",
    "2.00     0.00          0",
  ]);
});

test("a caption is broken at 120 columns, and every row is as wide as the widest", () => {
  const facts = Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`a_long_name_${k}`, k]));
  const text = partTable("score", [{ ...facts, score_ms: 1 }], never).split("\n");
  expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(
    text
      .slice(0, -2)
      .join(" ")
      .match(/a long name \d+ \d+/g),
  ).toHaveLength(20);
});

test("large rows stay within 120 columns", () => {
  const long = (ms: number) => measured("submit", mediansOf([ms, 1.1 * ms], [ms, ms]), { voxels: 7e9 }, peak);
  const growth = ["voxels", "tomograms"].map((grows, at) => ({
    grows,
    threads: 16 + at,
    tomograms: 100 + at,
    voxels: 7_302_960_000 + at,
    ms_per_mvoxel: 12_345.6 + at,
    added_ms_per_mvoxel: 12_345.6 + at,
    peak_mb: 2500 + at,
    ...measured("submit", mediansOf([6e6, 7e6, 8e6], null), {}, peak),
  }));
  const networks = ["baseline-residual", "resnet34-unet"].map((net, at) => ({
    net,
    size: 96 + at,
    threads: 16,
    params: 29_249_409 + at,
    peer: "torch",
    ...measured("train", mediansOf([9999, 10_900], [99_999]), { voxels: 9e5, gflop: 1e4 }, peak),
    ...long(999),
  }));
  for (const rows of [growth, networks])
    for (const line of partTable("part", rows, (row) => row).split("\n"))
      expect(line.length).toBeLessThanOrEqual(120);
});

test.each([
  ["peak_mb", "peak MB"],
  ["added_ms_per_mvoxel", "added ms/Mvoxel"],
  ["needed_patches_per_s", "needed patches/s"],
  ["mb_per_s", "MB/s"],
  ["waited_share", "waited %"],
  ["peer_picks", "peer picks"],
  ["threads", "threads"],
])("the field %s has the head %s", (field, head) => {
  expect(headOf(field)).toBe(head);
});

test.each([
  [88, 100, "−12 %"],
  [150, 100, "+50 %"],
  [100.2, 100, "±0 %"],
  [100, null, "–"],
  [null, 100, "–"],
  [100, 0, "–"],
])("%s ms after %s ms is a change of %s", (now, before, text) => {
  expect(changeText(now, before)).toBe(text);
});
