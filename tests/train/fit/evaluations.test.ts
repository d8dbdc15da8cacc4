import { describe, expect, it } from "vitest";
import { affordable, Evaluations, evaluationSteps } from "../../../src/train/fit/evaluations.js";

const predict = {
  tile: [96, 96, 96],
  overlap: 16,
  halfTurn: false,
  flips: false,
  rotations: false,
} as const;
const patch = { shape: [64, 64, 64], batch: 1, backgroundShare: 0.1 } as const;
type Plan = Parameters<typeof evaluationSteps>[0];
const plan = (changes: object = {}) => ({ predict: { ...predict, ...changes }, patch }) as unknown as Plan;

describe("what an evaluation takes", () => {
  it("is counted in voxels of all tiles, against those of a step", () => {
    expect(evaluationSteps(plan(), [[96, 96, 96]])).toBeCloseTo(0.4 * 1.5 ** 3, 9);
    expect(evaluationSteps(plan(), [[96, 176, 96]])).toBeCloseTo(0.4 * 2 * 1.5 ** 3, 9);
    expect(evaluationSteps(plan({ flips: true }), [[96, 96, 96]])).toBeCloseTo(4 * 0.4 * 1.5 ** 3, 9);
    expect(evaluationSteps(plan(), [])).toBe(0);
  });

  it("is 10 % of the budget together, or nothing", () => {
    expect([19, 20, 59, 60, 1000].map((steps) => affordable(10 * steps, 10))).toEqual([0, 2, 5, 5, 5]);
    for (const steps of [50, 333, 5000])
      for (const cost of [1, 17, 160]) expect(affordable(steps, cost) * cost).toBeLessThanOrEqual(steps / 10);
  });
});

/** The finished shares at which evaluations are made, each of which takes so long; the last that is told is whether to go on. */
function course(all: Evaluations, steps: number, ms: number) {
  const at: number[] = [];
  const goesOn: boolean[] = [];
  for (let step = 1; step <= steps; step++)
    if (all.isDue({ step, fraction: step / steps })) {
      at.push(step / steps);
      goesOn.push(all.made(ms));
    }
  return { at, goesOn };
}

describe("evaluations", () => {
  const auto = { times: "auto", from: 0.6 } as const;

  it("that the experiment counts are made evenly, whatever they take", () => {
    const three = new Evaluations(
      { evaluate: { times: 3, from: 0.6 }, budget: { minutes: 1 }, cost: 1e9 },
      0,
    );
    expect(course(three, 100, 1e9)).toEqual({ at: [0.6, 0.8, 1], goesOn: [true, true, true] });
    const one = new Evaluations({ evaluate: { times: 1, from: 0.6 }, budget: { steps: 10 }, cost: 1 }, 0);
    expect(course(one, 10, 1)).toEqual({ at: [1], goesOn: [true] });
  });

  it("follow from a budget in steps by sizes alone", () => {
    const of = (cost: number, done = 0) =>
      new Evaluations({ evaluate: auto, budget: { steps: 100 }, cost }, done);
    expect(course(of(3.4), 100, 1e9)).toEqual({ at: [0.6, 1], goesOn: [true, true] });
    expect(course(of(3.4, 1), 100, 1e9).at).toEqual([1]);
    expect(course(of(5.1), 100, 0).at).toEqual([]);
  });

  it("follow from a budget in minutes by its steps, and end where they take more than 15 %", () => {
    const of = (cost: number) => new Evaluations({ evaluate: auto, budget: { minutes: 1 }, cost }, 0);
    expect(course(of(3.4), 100, 2000).at).toEqual([0.6, 1]);
    expect(course(of(5.1), 100, 0).at).toEqual([]);
    expect(course(of(3.4), 100, 4600)).toEqual({ at: [0.6], goesOn: [false] });
    expect(course(of(0.1), 100, 2900)).toEqual({ at: [0.6, 0.7, 0.8], goesOn: [true, true, false] });
  });

  it("keep their plan and what they took where a training is resumed, at whatever speed", () => {
    const timed = { evaluate: auto, budget: { minutes: 1 }, cost: 0.1 };
    const first = new Evaluations(timed, 0);
    expect(first.planned).toBeUndefined();
    expect([first.isDue({ step: 60, fraction: 0.6 }), first.made(2900)]).toEqual([true, true]);
    expect(first.planned).toEqual({ times: 5, spentMs: 2900 });
    const slower = new Evaluations({ ...timed, cost: 10 }, 1, first.planned);
    expect(course(slower, 100, 2900)).toEqual({ at: [0.7, 0.8], goesOn: [true, false] });
    expect(course(new Evaluations(timed, 3, slower.planned), 100, 0).at).toEqual([]);
    const bySteps = new Evaluations({ ...timed, budget: { steps: 100 } }, 0);
    course(bySteps, 100, 0);
    expect(bySteps.planned).toBeUndefined();
  });
});
