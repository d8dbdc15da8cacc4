import { expect, test } from "vitest";
import { besideOf } from "../../../src/bench/growth/beside.js";
import { Growth } from "../../../src/bench/growth/grow.js";
import type { Cost, Series } from "../../../src/bench/growth/series.js";
import { type Reporter, silentReporter } from "../../../src/system/reporter.js";

const peak = { gflopPerS: 1, copyMbPerS: 1, threads: 1 };

/** A bench in which a point of a series takes a second a unit by its own clock. */
function bench(limitMs: number, reporter: Reporter = silentReporter) {
  let clock = 0;
  const made: string[] = [];
  const released: string[] = [];
  const series = (
    axis: Series["axis"],
    points: readonly number[],
    run: (point: number, signal: AbortSignal) => Promise<Cost> = async (point) => {
      clock += 1000 * point;
      return { ms: 1000 * point, cpuMs: 500 * point, peakMb: 10 };
    },
    bytes = 0,
  ): Series => ({
    axis,
    command: axis,
    points,
    bytes: () => bytes,
    prepare: async (point) => {
      made.push(`${axis} ${point}`);
      return {
        facts: { [axis]: point },
        work: {},
        run: (signal) => run(point, signal),
        release: async () => void released.push(`${axis} ${point}`),
      };
    },
  });
  const measure = async (...all: Series[]) => {
    const options = { limitMs, steps: 1, peak, reporter, freeBytes: async () => 1e9, now: () => clock };
    const growth = new Growth(all, options);
    await growth.measure();
    return growth.rows;
  };
  return { series, measure, made, released };
}

const facts = (rows: readonly { readonly [field: string]: unknown }[]) =>
  rows.map(({ grows, point, left_out }) => [grows, point, left_out ?? null]);

test("the cheapest point is next, whatever its series, and all files are removed", async () => {
  const { series, measure, made, released } = bench(1e6);
  await measure(series("voxels", [1, 10, 100]), series("picks", [2, 20]));
  expect(made).toEqual(["voxels 1", "picks 2", "voxels 10", "picks 20", "voxels 100"]);
  expect(released).toEqual(made);
});

test("what does not fit into the limit is left out, and so is all beyond; what fits is still measured", async () => {
  const { series, measure } = bench(60_000);
  const rows = await measure(series("voxels", [1, 10, 100, 1000]), series("picks", [2, 20]));
  const reason = expect.stringMatching(/^it would have taken about 1 min 40 s, and 27 s were left$/);
  expect(facts(rows)).toEqual([
    ["voxels", 1, null],
    ["picks", 2, null],
    ["voxels", 10, null],
    ["picks", 20, null],
    ["voxels", 100, reason],
    ["voxels", 1000, reason],
  ]);
  expect(rows[0]).toMatchObject({ voxels_ms: 1000, cpu_s: 0.5, peak_mb: 10, runs: 1 });
});

test("a point that fails or finds no room on the disk is left out with the reason, and others go on", async () => {
  const { series, measure, released } = bench(1e6);
  const failing = series("features", [1, 2], async () => {
    throw new Error("out of memory\nmore");
  });
  const rows = await measure(failing, series("picks", [1], undefined, 2e9), series("voxels", [1]));
  expect(facts(rows)).toEqual([
    ["features", 1, "out of memory"],
    ["features", 2, "out of memory"],
    ["picks", 1, "its files would have taken up to 2,000 MB, and 1,000 MB were free"],
    ["voxels", 1, null],
  ]);
  expect(released).toEqual(["features 1", "voxels 1"]);
});

test("a point that outlasts the limit is ended and left out", async () => {
  const { series, measure } = bench(50);
  const endless = series("voxels", [1, 2], (_, signal) => {
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const rows = await measure(endless);
  expect(facts(rows).map(([, , reason]) => reason)).toEqual([
    expect.stringMatching(/^it did not end in the /),
    expect.stringMatching(/^it did not end in the /),
  ]);
});

test("a wish to stop ends what is under way and keeps what was measured", async () => {
  const stop = new AbortController();
  const { series, measure, released } = bench(1e6, { ...silentReporter, signal: stop.signal });
  const rows = await measure(
    series("picks", [1]),
    series("voxels", [1, 2], async (point, signal) => {
      stop.abort();
      signal.throwIfAborted();
      return { ms: point, cpuMs: 1, peakMb: 1 };
    }),
  );
  expect(facts(rows)).toEqual([["picks", 1, null]]);
  expect(released).toEqual(["picks 1", "voxels 1"]);
});

test("others' share is what processors computed beside the measured processes; waits for the disk are of the time", () => {
  const before = { at: 0, busyMs: 1000, waitedMs: 10 };
  const after = { at: 1000, busyMs: 2800, waitedMs: 260 };
  const cost = { ms: 900, cpuMs: 800, peakMb: 1 };
  expect(besideOf(before, after, [cost], 2)).toEqual({ others_share: 0.5, disk_wait_share: 0.25 });
  expect(besideOf({ ...before, waitedMs: null }, after, [cost, cost, cost], 2)).toEqual({
    others_share: 0,
    disk_wait_share: null,
  });
});
