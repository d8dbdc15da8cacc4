import { describe, expect, it } from "vitest";
import {
  averageDecay,
  expectedSteps,
  fractionDone,
  learningRate,
  parseBudget,
  scheduled,
  shareBudget,
  warmupStepsOf,
} from "../../../src/train/experiment/budget.js";
import fc from "../../support/properties.js";

describe("parseBudget", () => {
  it.each([
    ["20m", { minutes: 20 }],
    ["90s", { minutes: 1.5 }],
    ["1.5h", { minutes: 90 }],
    [" 5 min ", { minutes: 5 }],
    ["3000 steps", { steps: 3000 }],
    ["1step", { steps: 1 }],
  ])("%j", (text, budget) => {
    expect(parseBudget(text)).toEqual(budget);
  });

  it.each([
    "",
    "20",
    "m",
    "0m",
    "-5m",
    "0 steps",
    "1.5 steps",
    "20 days",
    "1e3 steps",
    "Infinity m",
    "20m 5s",
  ])("refuses %j with what was given", (text) => {
    expect(() => parseBudget(text)).toThrowError(expect.objectContaining({ tag: "BadExperiment" }));
    expect(() => parseBudget(text)).toThrow(JSON.stringify(text));
  });
});

it("shares a budget out, at least a step each", () => {
  expect(shareBudget({ steps: 100 }, 3)).toEqual({ steps: 33 });
  expect(shareBudget({ steps: 2 }, 5)).toEqual({ steps: 1 });
  expect(shareBudget({ minutes: 20 }, 5)).toEqual({ minutes: 4 });
});

it("counts steps, or time, up to 1", () => {
  expect(fractionDone({ steps: 10 }, 5, 1e9)).toBe(0.5);
  expect(fractionDone({ steps: 10 }, 11, 0)).toBe(1);
  expect(fractionDone({ minutes: 2 }, 999, 60_000)).toBe(0.5);
});

describe("learningRate", () => {
  const schedule = { rate: 0.1, warmupSteps: 4, floor: 0.01, beta2: 0.999 };

  it("warms up linearly, falls as a cosine and ends at the floor", () => {
    expect([0, 1, 2, 3, 4].map((step) => learningRate(schedule, step, 0, 100))).toEqual(
      [0.025, 0.05, 0.075, 0.1, 0.1].map((rate) => expect.closeTo(rate, 12)),
    );
    expect(learningRate(schedule, 100, 0.5, 100)).toBeCloseTo(0.1 * 0.505, 12);
    expect(learningRate(schedule, 100, 1, 100)).toBeCloseTo(0.001, 12);
    expect(learningRate({ ...schedule, warmupSteps: 0 }, 0, 0, 100)).toBe(0.1);
  });

  it("stays between 0 and the rate, and never rises after the warm-up", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, share, (floor, a, b) => {
        const rates = [Math.min(a, b), Math.max(a, b)].map((done) =>
          learningRate({ ...schedule, floor }, 9, done, 100),
        );
        return rates[0]! <= 0.1 + 1e-12 && rates[1]! >= 0 && rates[0]! >= rates[1]! - 1e-12;
      }),
    );
  });
});

describe("schedules by budget", () => {
  const automatic = {
    rate: 0.1,
    warmupSteps: "auto",
    floor: 1,
    beta2: 0.999,
    average: "auto",
  } as const;

  it("expect the steps of the budget, or as many as the time passed so far promises", () => {
    expect(expectedSteps({ steps: 100 }, 7, 0.07)).toBe(100);
    expect(expectedSteps({ minutes: 10 }, 30, 0.25)).toBe(120);
    expect(expectedSteps({ minutes: 10 }, 0, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("warm up over a twentieth of the budget, at most over the memory of the second moment", () => {
    expect([100, 1200, 40_000, 100_000].map((steps) => warmupStepsOf(automatic, steps))).toEqual(
      [5, 60, 2000, 2000].map((steps) => expect.closeTo(steps, 6)),
    );
    expect(warmupStepsOf({ ...automatic, beta2: 0.9 }, 100_000)).toBeCloseTo(20, 9);
    expect(warmupStepsOf({ ...automatic, warmupSteps: 50 }, 100)).toBe(50);
  });

  it("reach the full rate at the same share of a budget in steps and of one in minutes", () => {
    const rates = (budget: Parameters<typeof scheduled>[1]) =>
      [0, 2, 4, 5, 50].map((step) => {
        const course = { step, fraction: step / 100 };
        return scheduled({ optimiser: automatic } as never, budget, course).rate;
      });
    expect(rates({ steps: 100 })).toEqual([0.02, 0.06, 0.1, 0.1, 0.1].map((r) => expect.closeTo(r, 9)));
    const [first, ...rest] = rates({ minutes: 1 });
    expect(first).toBeCloseTo(0.1 / 2000, 9);
    expect(rest).toEqual(
      rates({ steps: 100 })
        .slice(1)
        .map((r) => expect.closeTo(r, 9)),
    );
  });

  it("average over a tenth of the steps so far: the width of a power function average", () => {
    for (const steps of [100, 1000, 60_000]) {
      const weights: number[] = [];
      let kept = 1;
      for (let step = steps - 1; step >= 0; step--) {
        const decay = averageDecay(automatic, step);
        weights.push(kept * (1 - decay));
        kept *= decay;
      }
      const mean = (power: number) => weights.reduce((sum, weight, age) => sum + weight * age ** power, 0);
      const deviation = Math.sqrt(mean(2) - mean(1) ** 2) / steps;
      // Karras et al. 2024: (γ + 1)^½ (γ + 2)⁻¹ (γ + 3)^-½ with γ = 8.
      expect(deviation).toBeCloseTo(3 / (10 * Math.sqrt(11)), 1.5);
    }
  });

  it("keep a number that the experiment names", () => {
    expect(averageDecay({ average: 0.9 }, 1e6)).toBe(0.9);
    expect(averageDecay({ average: 0.995 }, 500)).toBe(averageDecay(automatic, 500));
    expect(averageDecay({ average: 0 }, 5)).toBe(0);
  });
});
