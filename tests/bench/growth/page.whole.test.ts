import { expect, test } from "vitest";
import { growthPage } from "../../../src/bench/growth/page.js";
import type { BenchRow } from "../../../src/bench/measured.js";

const row = (rows: number, changes: BenchRow = {}): BenchRow => ({
  part: "growth",
  grows: "picks",
  command: "score",
  point: rows,
  threads: 1,
  rows,
  runs: 1,
  cpu_s: 1e-5 * rows,
  peak_mb: 60 + rows / 1000,
  others_share: 0,
  disk_wait_share: null,
  score_ms: 0.01 * rows,
  score_mb_per_s: 5,
  score_peak_share: 0.001,
  ...changes,
});
const entry = (rows: BenchRow[]) => ({
  date: "2026-01-02T03:04:05.678Z",
  code: { commit: "0123456789abcdef", dirty: false },
  versions: { pickbench: "0.1.0", node: "20.20.0", onnxruntime: "1" },
  machine: { cpu: "A 1", cores: 2, memoryBytes: 1e9, os: "linux 6" },
  peak: { gflopPerS: 200, copyMbPerS: 10_000, threads: 2 },
  rows: [...rows, { part: "read", read_ms: 1 }],
});
const leftOut = {
  part: "growth",
  grows: "picks",
  command: "score",
  point: 1e6,
  left_out: "no time was left",
};

test("a section an axis: sentence, plot, table, and what was left out", async () => {
  const { markdown, plots } = await growthPage(entry([row(1e5), row(1e3), row(1e4), leftOut]), "results");
  expect([...plots.keys()]).toEqual(["picks"]);
  expect(markdown).toBe(
    [
      "Measured on 2026-01-02 03:04:05 UTC on 2 cores (A 1), Node 20.20.0, commit 01234567. At most, with 2 threads: 200 GFLOP/s (a matrix product), 10.0 GB/s (a memory copy).",
      "## Picks",
      "- `score`: Linear in picks, 10 s of processor a million picks at the end; bound by the processor, not by memory bandwidth (its thread computed 100 % of the time; it reads at 0.2 % of the speed of a memory copy); memory grows by 1000 MB a million picks, to 160 MB.",
      "![Time and memory against picks](results/growth-picks.svg)",
      [
        "| command | picks | seconds | of the processor | peak memory, MB | other programs |",
        "| --- | --: | --: | --: | --: | --: |",
        "| `score` | 1,000 | 0.01 | 0.01 | 61 | 0 % |",
        "| `score` | 10,000 | 0.10 | 0.10 | 70 | 0 % |",
        "| `score` | 100,000 | 1.00 | 1.00 | 160 | 0 % |",
      ].join("\n"),
      "Left out of `score`: 1,000,000; no time was left.",
    ].join("\n\n"),
  );
});

test("the plot has a mark a point in each panel: clock and processor, memory", async () => {
  const { plots } = await growthPage(entry([row(1e3), row(1e4), row(1e5)]), "results");
  const svg = plots.get("picks")!;
  expect(svg).toMatch(/^<svg /);
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(2 * 3 + 3);
  expect(svg).toContain("peak memory, MB");
});

test("a busy machine is told, and what was left out altogether has neither plot nor rows", async () => {
  const { markdown, plots } = await growthPage(
    entry([row(1e3, { others_share: 0.93 }), { ...leftOut, grows: "voxels", command: "submit" }]),
    "results",
  );
  expect(markdown).toContain("**The machine was busy**: other programs took up to 93 %");
  expect(markdown).toContain("Nothing was measured.");
  expect([...plots.keys()]).toEqual(["picks"]);
});
