import { expect, test } from "vitest";
import { type Random, randomFor } from "../../../src/domain/random.js";
import { fbeta } from "../../../src/score/match/fbeta.js";
import {
  differentDraws,
  drawnUnits,
  gammaColumn,
  gammasOf,
  tapesOf,
} from "../../../src/score/statistics/replay.js";
import { overResamples, resampledFbeta } from "../../../src/score/statistics/resampledCounts.js";
import { middle } from "../../../src/score/statistics/summaryStatistics.js";

/** Marsaglia and Tsang, ACM TOMS 26, 2000, as they write it: one draw after another. */
function gamma(shape: number, random: Random): number {
  if (shape <= 0) return 0;
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v <= 0) continue;
    const u = 1 - random.uniform();
    if (u < 1 - 0.0331 * (x * x) * (x * x)) return d * v;
    if (Math.log(u) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}

test("a tape draws the gammas that the generator of its resample draws, beyond its end too", () => {
  const shapes = Float64Array.from(
    { length: 200 },
    (_, i) => [0, 0.3, 1, 1.7, 40, -2, 0.5][i % 7]! * (1 + i / 50),
  );
  for (const length of [4, 24, 200, 1000]) {
    const tapes = tapesOf(3, "replayed", 5, length);
    for (const resample of [0, 4, 2, 2]) {
      const random = randomFor(3, "replayed", resample);
      const drawn = new Float64Array(shapes.length);
      tapes[resample]!.draw(gammasOf(shapes), drawn);
      expect(drawn).toEqual(shapes.map((shape) => gamma(shape, random)));
    }
  }
});

test("a column is drawn from one generator", () => {
  for (const shape of [0.5, 7.5]) {
    const random = randomFor(3, "column");
    const column = new Float64Array(300).map(() => gamma(shape, random));
    expect(gammaColumn(3, "column", 300, shape)).toEqual(column);
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
  const column = (count: "tp" | "fp" | "fn") => Float64Array.from(counts, (each) => each[count]);
  const drawn = drawnUnits(0, "units", 50, 7);
  const draws = differentDraws(0, "units", 50, 7);
  const values = new Float64Array(draws.length);
  resampledFbeta({ tp: column("tp"), fp: column("fp"), fn: column("fn") }, draws, values);
  for (const [i, value] of overResamples(values, draws).entries()) {
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
