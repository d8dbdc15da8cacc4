import { expect, test } from "vitest";
import type { AxisName } from "../../../src/bench/growth/axes.js";
import { boundText } from "../../../src/bench/growth/bounds.js";
import type { GrowthPoint } from "../../../src/bench/growth/points.js";

const point = (amount: number, seconds: number, changes: Partial<GrowthPoint> = {}): GrowthPoint => ({
  amount,
  seconds,
  processorSeconds: 2 * seconds,
  peakMb: 400,
  threads: 2,
  others: 0,
  diskWait: 0,
  peakShare: 0.6,
  counts: "arithmetic",
  ...changes,
});
const said = (axis: AxisName, points: readonly GrowthPoint[]) =>
  boundText({ axis, command: "submit", points, leftOut: [] }, 2);

test("a start of 1 s and 0.5 s a million voxels are linear, whatever the start", () => {
  const points = [1e5, 1e6, 1e7, 1e8].map((voxels) => point(voxels, 1 + 0.5e-6 * voxels));
  expect(said("voxels", points)).toBe(
    "Linear in voxels, 1 s of processor a million voxels at the end; bound by the processor's arithmetic (its 2 threads computed 100 % of the time, at 60 % of the peak of a matrix product); memory stays at 400 MB.",
  );
});

test("the square is told from a line", () => {
  const points = [1e4, 1e5, 1e6, 1e7].map((rows) => point(rows, 1e-9 * rows ** 2, { threads: 1 }));
  expect(said("picks", points)).toMatch(/^Picks to the power 2\.0, /);
});

test("two points do not tell a line, and one says nothing", () => {
  const [one, two] = [point(1, 1), point(10, 10, { peakMb: 4000 })];
  expect(said("tomograms", [one, two])).toMatch(/by two points, which do not show whether that is linear/);
  expect(said("tomograms", [one, two])).toMatch(/memory grows by 400 MB a tomogram, to 4,000 MB\.$/);
  expect(said("tomograms", [one])).toMatch(/^1 alone was measured/);
  expect(said("tomograms", [])).toBe("Nothing was measured.");
  expect(said("tomograms", [one, point(10, 1.1)])).toMatch(
    /hardly grows up to 10: most of it is the start's/,
  );
});

const bound = (changes: Partial<GrowthPoint>) =>
  said("picks", [point(1, 1), point(10, 10, { threads: 1, processorSeconds: 9.5, ...changes })]).split(
    "; ",
  )[1];

test.each<[string, Partial<GrowthPoint>, RegExp]>([
  [
    "little of the arithmetic",
    { peakShare: 0.1 },
    /^bound by the processor, of whose arithmetic it uses 20 %/,
  ],
  [
    "no count of the work",
    { peakShare: null, counts: null },
    /^bound by the processor \(its thread computed 95 %/,
  ],
  ["slow reading", { peakShare: 0.01, counts: "bytes" }, /^bound by the processor, not by memory bandwidth/],
  ["reading as fast as a copy", { peakShare: 0.4, counts: "bytes" }, /^bound by memory bandwidth/],
  ["waits for the disk", { processorSeconds: 5, diskWait: 0.4 }, /^bound by the disk, .* 40 % of the time/],
  [
    "waits for something else",
    { processorSeconds: 5, diskWait: 0.01 },
    /^bound by neither processor nor disk/,
  ],
  ["other programs", { others: 0.5 }, /^what bounds it cannot be told, since other programs took 50 %/],
])("what bounds: %s", (_, changes, sentence) => {
  expect(bound(changes)).toMatch(sentence);
});

test("threads: speed-up, Amdahl's share and the processor time that they add; no speed on a busy machine", () => {
  const of = (threads: number, seconds: number, processorSeconds: number, others = 0) =>
    point(threads, seconds, { threads, processorSeconds, others });
  expect(said("threads", [of(1, 10, 10), of(2, 6, 11)])).toBe(
    "2 threads are 1.67 times as fast as 1 thread, as if 20 % of the work were one thread's alone (Amdahl); 2 threads take 10 % more processor time than 1 thread; 400 MB at most.",
  );
  const busy = said("threads", [of(1, 10, 10, 0.9), of(2, 6, 11)]);
  expect(busy).not.toMatch(/as fast/);
  expect(busy).toMatch(/other programs took 90 %/);
});
