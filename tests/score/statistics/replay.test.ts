import { expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { fbeta } from "../../../src/score/match/fbeta.js";
import { drawnUnits, gamma, Replay } from "../../../src/score/statistics/replay.js";
import { resampledFbeta } from "../../../src/score/statistics/resampledCounts.js";
import { middle } from "../../../src/score/statistics/summaryStatistics.js";

test("a replay draws what the generator of its resample draws, beyond the tape too", () => {
  const replay = new Replay(3, "replayed", 40, 24);
  for (const resample of [0, 39, 7, 7]) {
    const random = randomFor(3, "replayed", resample);
    replay.turnTo(resample);
    // Uniform and normal numbers in an order of its own, far more than 24 of them.
    const order = randomFor(resample, "order");
    for (let i = 0; i < 100; i++) {
      const isNormal = order.uniform() < 0.6;
      expect(isNormal ? replay.normal() : replay.uniform()).toBe(
        isNormal ? random.normal() : random.uniform(),
      );
    }
  }
});

test("gamma has the mean and variance of its shape", () => {
  for (const shape of [0.5, 1, 7.5, 80]) {
    const random = randomFor(0, "gamma", shape);
    const draws = Array.from({ length: 40_000 }, () => gamma(shape, random));
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
    expect(mean / shape).toBeCloseTo(1, 1);
    expect(variance / shape).toBeGreaterThan(0.95);
    expect(variance / shape).toBeLessThan(1.05);
  }
  expect(gamma(0, randomFor(0, "gamma"))).toBe(0);
});

test.each([1, 2e5])("resampled F is that of the summed counts, of counts times %d", (factor) => {
  const random = randomFor(1, "counts");
  const counts = Array.from({ length: 7 }, () => {
    const [tp, fn] = [random.integer(40) * factor, random.integer(20) * factor];
    return { tp, fn, fp: Math.max(-tp, (random.integer(30) - 3) * factor) };
  });
  const column = (count: "tp" | "fp" | "fn") => counts.map((each) => each[count]);
  const drawn = drawnUnits(0, "units", 50, 7);
  const values = new Float64Array(50);
  resampledFbeta({ tp: column("tp"), fp: column("fp"), fn: column("fn") }, drawn, values);
  for (const [i, value] of values.entries()) {
    const chosen = [...drawn.subarray(7 * i, 7 * i + 7)].map((unit) => counts[unit]!);
    const sum = (count: "tp" | "fp" | "fn") => chosen.reduce((total, each) => total + each[count], 0);
    expect(value).toBe(fbeta({ tp: sum("tp"), fp: sum("fp"), fn: sum("fn") }));
  }
});

test("the middle of values is that of sorted values", () => {
  for (const length of [1, 2, 3, 20, 21, 1000]) {
    const random = randomFor(length, "middle");
    const values = Float64Array.from({ length }, () => random.integer(length) / 7);
    const sorted = values.toSorted();
    const at = (share: number) => {
      const place = share * (length - 1);
      const below = sorted[Math.floor(place)]!;
      return (
        below + (sorted[Math.min(Math.floor(place) + 1, length - 1)]! - below) * (place - Math.floor(place))
      );
    };
    expect(middle(values, 0.9)).toEqual({ low: at((1 - 0.9) / 2), high: at((1 + 0.9) / 2) });
  }
});
