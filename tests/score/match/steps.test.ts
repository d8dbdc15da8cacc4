import { describe, expect, test } from "vitest";
import { createMatcher } from "../../../src/score/match/matching.js";
import {
  type CountSteps,
  countSteps,
  countsAt,
  joinSteps,
  numberFrom,
} from "../../../src/score/match/steps.js";
import fc from "../../support/properties.js";

type Point = readonly [number, number, number];

const point = fc.tuple(
  fc.double({ min: -150, max: 150, noNaN: true }),
  fc.double({ min: -150, max: 150, noNaN: true }),
  fc.double({ min: -40, max: 40, noNaN: true }),
);
/** Few different scores, so that many are equal; NaN for none. */
const score = fc.constantFrom(0.1, 0.2, 0.25, 0.5, 0.9, -1, Number.NaN);
const crowd = fc.record({
  truth: fc.array(point, { maxLength: 60 }),
  picks: fc.array(fc.tuple(point, score), { maxLength: 90 }),
  distance: fc.double({ min: 5, max: 120, noNaN: true }),
});

const flat = (points: readonly Point[]): Float64Array => Float64Array.from(points.flat());

const stepsOf = (truth: readonly Point[], picks: readonly (readonly [Point, number])[], distance: number) =>
  countSteps(
    flat(truth),
    {
      coordinates: flat(picks.map(([place]) => place)),
      scores: Float64Array.from(picks, ([, each]) => each),
    },
    distance,
  );

const limits = [-Infinity, -1, 0, 0.1, 0.15, 0.2, 0.25, 0.5, 0.9, 1, Infinity];

/** Counts by the matcher that the score is made with, of the picks that are sure enough. */
function byMatcher(truth: readonly Point[], picks: readonly (readonly [Point, number])[], distance: number) {
  return (limit: number) => {
    const matcher = createMatcher(flat(truth), distance);
    for (const [[x, y, z], each] of picks) if (Number.isNaN(each) || each >= limit) matcher.add(x, y, z);
    const { tp, fp, fn, strictTp } = matcher.result();
    return {
      challenge: { tp, fp, fn },
      strict: { tp: strictTp, fp: tp + fp - strictTp, fn: tp + fn - strictTp },
    };
  };
}

describe("counts at every threshold", () => {
  test("are those of the matcher, by both definitions, in any crowd", () => {
    fc.assert(
      fc.property(crowd, ({ truth, picks, distance }) => {
        const steps = stepsOf(truth, picks, distance);
        const expected = byMatcher(truth, picks, distance);
        for (const limit of limits) {
          expect(countsAt(steps, limit, "challenge")).toEqual(expected(limit).challenge);
          expect(countsAt(steps, limit, "one-to-one")).toEqual(expected(limit).strict);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a later pick frees an earlier one's particle for another", () => {
    const steps = stepsOf(
      [
        [0, 0, 0],
        [20, 0, 0],
      ],
      [
        [[10, 0, 0], 0.9],
        [[-5, 0, 0], 0.5],
        [[-6, 0, 0], 0.4],
      ],
      12,
    );
    expect([...steps.found]).toEqual([0.9, 0.9]);
    expect([...steps.paired]).toEqual([0.9, 0.5]);
    expect(countsAt(steps, 0.9, "challenge")).toEqual({ tp: 2, fp: -1, fn: 0 });
    expect(countsAt(steps, 0.4, "one-to-one")).toEqual({ tp: 2, fp: 1, fn: 0 });
  });

  test("of two experiments are the sums of theirs", () => {
    fc.assert(
      fc.property(crowd, crowd, (a, b) => {
        const both: readonly CountSteps[] = [a, b].map(({ truth, picks, distance }) =>
          stepsOf(truth, picks, distance),
        );
        const joined = joinSteps(both);
        for (const limit of limits)
          for (const definition of ["challenge", "one-to-one"] as const) {
            const [one, other] = both.map((steps) => countsAt(steps, limit, definition));
            expect(countsAt(joined, limit, definition)).toEqual({
              tp: one!.tp + other!.tp,
              fp: one!.fp + other!.fp,
              fn: one!.fn + other!.fn,
            });
          }
      }),
      { numRuns: 60 },
    );
  });

  test("a number equal to the limit counts", () => {
    const falling = Float64Array.of(Infinity, 3, 2, 2, 1);
    expect([4, 3, 2, 1.5, 1, 0].map((limit) => numberFrom(falling, limit))).toEqual([1, 2, 4, 4, 5, 5]);
  });
});
