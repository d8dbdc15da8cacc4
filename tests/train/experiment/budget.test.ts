import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fractionDone,
  learningRate,
  parseBudget,
  shareBudget,
} from "../../../src/train/experiment/budget.js";

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
  const schedule = { rate: 0.1, warmupSteps: 4, floor: 0.01 };

  it("warms up linearly, falls as a cosine and ends at the floor", () => {
    expect([0, 1, 2, 3, 4].map((step) => learningRate(schedule, step, 0))).toEqual(
      [0.025, 0.05, 0.075, 0.1, 0.1].map((rate) => expect.closeTo(rate, 12)),
    );
    expect(learningRate(schedule, 100, 0.5)).toBeCloseTo(0.1 * 0.505, 12);
    expect(learningRate(schedule, 100, 1)).toBeCloseTo(0.001, 12);
    expect(learningRate({ ...schedule, warmupSteps: 0 }, 0, 0)).toBe(0.1);
  });

  it("stays between 0 and the rate, and never rises after the warm-up", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, share, (floor, a, b) => {
        const rates = [Math.min(a, b), Math.max(a, b)].map((done) =>
          learningRate({ ...schedule, floor }, 9, done),
        );
        return rates[0]! <= 0.1 + 1e-12 && rates[1]! >= 0 && rates[0]! >= rates[1]! - 1e-12;
      }),
    );
  });
});
