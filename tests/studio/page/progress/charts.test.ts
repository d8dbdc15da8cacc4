import { describe, expect, test } from "vitest";
import {
  askedOf,
  figuresIn,
  grownBy,
  linesOf,
  pointNear,
} from "../../../../src/web/studio/progress/curveData.js";
import { pathOf, scaleOver, ticksOf, tickText } from "../../../../src/web/studio/progress/scale.js";

const curve = (steps: number[], figure = "train/loss", network = "all") => ({
  ...{ network, figure, mean: 1, steps },
  values: steps.map((step) => step / 10),
});
const grown = (lines: number, isWhole: boolean, ...curves: ReturnType<typeof curve>[]) => ({
  ...{ version: 1, lines, isWhole, curves, notes: [] },
});

describe("curves that grow", () => {
  test("are put behind what is there, or begin anew", () => {
    const first = grownBy(undefined, grown(2, true, curve([0, 1])));
    const second = grownBy(first, grown(3, false, curve([2]), curve([2], "tune/score")));
    expect(linesOf(second, "train/loss", "run")).toEqual([
      {
        label: "run",
        points: [
          [1, 0],
          [2, 0.1],
          [3, 0.2],
        ],
      },
    ]);
    expect(askedOf(second)).toBe("?since=3&version=1");
    const anew = grownBy(second, grown(1, true, curve([7])));
    expect(linesOf(anew, "train/loss", "run")[0]!.points).toEqual([[8, 0.7]]);
    expect(askedOf(undefined)).toBe("");
  });

  test("are asked for as a whole once they are long", () => {
    const long = grownBy(undefined, grown(9000, true, curve(Array.from({ length: 9000 }, (_, at) => at))));
    expect(askedOf(long)).toBe("");
  });

  test("are named by network where there are several; losses come first", () => {
    const log = grownBy(
      undefined,
      grown(2, true, curve([0], "zeta"), curve([0], "train/loss", "a"), curve([0], "train/loss", "b")),
    );
    expect(linesOf(log, "train/loss", "run").map(({ label }) => label)).toEqual(["run, a", "run, b"]);
    expect(figuresIn([log])).toEqual(["train/loss", "zeta"]);
  });
});

describe("the point nearest to a step", () => {
  test("is found whatever the distances", () => {
    const line = { label: "", points: [1, 5, 6, 100].map((step) => [step, 2 * step] as const) };
    const near = (step?: number) => pointNear(line, step)?.[0];
    expect([-3, 1, 2.9, 3.1, 5.4, 52, 54, 1e9].map(near)).toEqual([1, 1, 1, 5, 5, 6, 100, 100]);
    expect(near()).toBe(100);
    expect(pointNear({ label: "", points: [] }, 3)).toBeUndefined();
  });
});

describe("axes", () => {
  test("put values in their place", () => {
    const scale = scaleOver([0, 10], [100, 0], { room: 0 });
    expect([0, 5, 10].map(scale.at)).toEqual([100, 50, 0]);
    expect([100, 50, 0].map(scale.valueAt)).toEqual([0, 5, 10]);
    const log = scaleOver([1, 100, 0, Number.NaN], [0, 200], { isLog: true, room: 0 });
    expect([1, 10, 100].map(log.at)).toEqual([0, 100, 200]);
  });

  test("have round ticks, whatever there is to show", () => {
    expect(ticksOf(scaleOver([0, 10], [0, 1], { room: 0 }), 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticksOf(scaleOver([0.1, 0.3], [0, 1], { room: 0 }), 4)).toEqual([0.1, 0.15, 0.2, 0.25, 0.3]);
    expect(ticksOf(scaleOver([1, 3], [0, 1], { room: 0 }), 6, true)).toEqual([1, 2, 3]);
    expect(ticksOf(scaleOver([1, 100], [0, 1], { isLog: true, room: 0 }), 5)).toEqual([
      1, 2, 5, 10, 20, 50, 100,
    ]);
    expect(ticksOf(scaleOver([1e-4, 10], [0, 1], { isLog: true, room: 0 }), 5)).toEqual([
      1e-4, 1e-3, 0.01, 0.1, 1, 10,
    ]);
    for (const values of [
      [],
      [3],
      [0],
      [Number.NaN],
      [1e-300, 1e300],
      [1e20, 1e20 + 20_000],
      [-1e308, 1e308],
    ])
      for (const isLog of [true, false]) {
        const ticks = ticksOf(scaleOver(values, [0, 100], { isLog }), 5);
        expect(ticks.every(Number.isFinite)).toBe(true);
        expect(ticks.length).toBeLessThan(700);
      }
    expect([0, 1e-5, 0.25, 2_500_000].map(tickText)).toEqual(["0", "1e-5", "0.25", "2.5e6"]);
  });

  test("draw long lines by the least and largest of each pixel", () => {
    const points = Array.from({ length: 100_000 }, (_, at) => [at, at % 2] as const);
    const x = scaleOver([0, 100_000], [0, 100], { room: 0 });
    const y = scaleOver([0, 1], [50, 0], { room: 0 });
    const path = pathOf(points, x, y);
    expect(path.length).toBeLessThan(5000);
    expect(path.startsWith("M0 0.0L0 50.0")).toBe(true);
    expect(pathOf([[0, Number.NaN]], x, y)).toBe("");
  });
});
