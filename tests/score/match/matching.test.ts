import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMatcher } from "../../../src/score/match/matching.js";
import fc from "../../support/properties.js";

type Point = [number, number, number];

const run = (truth: readonly Point[], predictions: readonly Point[], distance: number) => {
  const matcher = createMatcher(Float64Array.from(truth.flat()), distance);
  for (const [x, y, z] of predictions) matcher.add(x, y, z);
  return matcher;
};

const distanceOf = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

const point = (size: number) =>
  fc.tuple(
    fc.double({ min: -size, max: size, noNaN: true }),
    fc.double({ min: -size, max: size, noNaN: true }),
    fc.double({ min: -size / 4, max: size / 4, noNaN: true }),
  );
const crowd = fc.record({
  truth: fc.array(point(200), { maxLength: 120 }),
  predictions: fc.array(point(260), { maxLength: 120 }),
  distance: fc.double({ min: 5, max: 120, noNaN: true }),
});

describe("official counts", () => {
  test("three predictions on one particle: 1, 2, 0", () => {
    const at: Point = [10, 10, 10];
    expect(run([at], [at, at, at], 30).counts()).toEqual({ tp: 1, fp: 2, fn: 0 });
  });

  test("one prediction near two particles: 2, −1, 0", () => {
    expect(
      run(
        [
          [0, 0, 0],
          [20, 0, 0],
        ],
        [[10, 0, 0]],
        30,
      ).counts(),
    ).toEqual({ tp: 2, fp: -1, fn: 0 });
  });

  test("exactly at the distance counts, on every axis and across cells", () => {
    const truth: Point[] = Array.from({ length: 64 }, (_, i) => [i * 1000, 0, 0]);
    for (const [dx, dy, dz] of [
      [30, 0, 0],
      [-30, 0, 0],
      [0, 30, 0],
      [0, -30, 0],
      [0, 0, 30],
      [18, 24, 0],
    ] as Point[])
      expect(
        run(
          truth,
          truth.map(([x]) => [x + dx, dy, dz]),
          30,
        ).counts(),
      ).toEqual({ tp: 64, fp: 0, fn: 0 });
    expect(
      run(
        truth,
        truth.map(([x]) => [x + 30.001, 0, 0]),
        30,
      ).counts(),
    ).toEqual({ tp: 0, fp: 64, fn: 64 });
  });

  test("the grid finds what comparing everything with everything finds", () => {
    fc.assert(
      fc.property(crowd, ({ truth, predictions, distance }) => {
        const limit = distance * distance;
        const tp = truth.filter(([x, y, z]) =>
          predictions.some((p) => (x - p[0]) ** 2 + (y - p[1]) ** 2 + (z - p[2]) ** 2 <= limit),
        ).length;
        const counts = { tp, fp: predictions.length - tp, fn: truth.length - tp };
        expect(run(truth, predictions, distance).counts()).toEqual(counts);
      }),
      { numRuns: 200 },
    );
  });

  test("add says how many truths are reached for the first time", () => {
    const matcher = createMatcher(Float64Array.of(0, 0, 0, 20, 0, 0), 15);
    expect([
      matcher.add(-10, 0, 0),
      matcher.add(10, 0, 0),
      matcher.add(20, 0, 0),
      matcher.add(99, 0, 0),
    ]).toEqual([1, 1, 0, 0]);
  });
});

interface Case {
  distance: number;
  truth: Point[];
  prediction: Point[];
  pairs: number;
  total: number;
  tp: number;
}
const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/score/assignment.json", import.meta.url), "utf8"),
) as Case[];

describe("strict one-to-one matching", () => {
  test.each(cases.map((each, i) => [i, each] as const))("SciPy's case %i", (_, each) => {
    const matcher = run(each.truth, each.prediction, each.distance);
    const pairs = matcher.pairs();
    expect(matcher.counts().tp).toBe(each.tp);
    expect(pairs).toHaveLength(each.pairs);
    expect(matcher.result().strictTp).toBe(each.pairs);
    expect(pairs.reduce((sum, { distance }) => sum + distance, 0)).toBeCloseTo(each.total, 6);
  });

  test("nearest first would find one pair here; there are two", () => {
    const pairs = run(
      [
        [0, 0, 0],
        [30, 0, 0],
      ],
      [
        [14, 0, 0],
        [-25, 0, 0],
      ],
      27,
    ).pairs();
    expect(pairs.map(({ truth, prediction }) => [truth, prediction])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("a rival with no other choice takes the prediction even from the truth that asked first", () => {
    const pairs = run(
      [
        [20, 0, 0],
        [2, 0, 0],
      ],
      [[0, 0, 0]],
      25,
    ).pairs();
    expect(pairs).toEqual([{ truth: 1, prediction: 0, distance: 2 }]);
  });

  test("each truth and each prediction at most once, all within reach", () => {
    fc.assert(
      fc.property(crowd, ({ truth, predictions, distance }) => {
        const pairs = run(truth, predictions, distance).pairs();
        expect(new Set(pairs.map((pair) => pair.truth)).size).toBe(pairs.length);
        expect(new Set(pairs.map((pair) => pair.prediction)).size).toBe(pairs.length);
        expect(pairs.length).toBeLessThanOrEqual(Math.min(truth.length, predictions.length));
        for (const pair of pairs) {
          const apart = distanceOf(truth[pair.truth]!, predictions[pair.prediction]!);
          expect(apart).toBeLessThanOrEqual(distance * (1 + 1e-12));
        }
      }),
      { numRuns: 100 },
    );
  });
});
