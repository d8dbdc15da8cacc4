import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { measurePeak } from "../../src/bench/peak.js";

test("a peak is measured with all threads", async () => {
  const { gflopPerS, copyMbPerS, threads } = await measurePeak({ matrix: 256, copied: 2 ** 20, runs: 3 });
  expect(threads).toBe(availableParallelism());
  expect(gflopPerS).toBeGreaterThan(1);
  expect(copyMbPerS).toBeGreaterThan(100);
});
