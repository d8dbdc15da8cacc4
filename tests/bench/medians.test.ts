import fc from "fast-check";
import { expect, test } from "vitest";
import { alternatingMedians, median, quartiles } from "../../src/bench/medians.js";

test("a median has as many values below as above", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

test("the peer and ours take turns, and the runs a turn warms up with count for neither", async () => {
  const turns: string[] = [];
  const peerTimes = [900, 900, 1, 2, 3, 900, 4];
  const result = await alternatingMedians(
    4,
    async () => {
      turns.push("ours");
    },
    async () => {
      turns.push("peer");
      return peerTimes.shift()!;
    },
  );
  const turn = (runs: number) => ["peer", "ours"].flatMap((side) => new Array<string>(runs).fill(side));
  expect(turns).toEqual([...turn(2 + 3), ...turn(1 + 1)]);
  expect(result.peer).toBe(2.5);
  expect(result.ours).toBeLessThan(100);
});

test("a failing run is not timed but thrown", async () => {
  const failing = alternatingMedians(
    2,
    async () => {
      throw new Error("out of memory");
    },
    null,
  );
  await expect(failing).rejects.toThrow("out of memory");
});

test("quartiles fall between values as NumPy's do: numpy.percentile(values, [25, 50, 75])", () => {
  const cases: [values: number[], percentiles: number[]][] = [
    [
      [7, 1, 3.5, 10, 2, 8.25],
      [2.375, 5.25, 7.9375],
    ],
    [[5], [5, 5, 5]],
    [
      [2, 1],
      [1.25, 1.5, 1.75],
    ],
    [
      [4, 1, 3, 2, 9],
      [2, 3, 4],
    ],
  ];
  for (const [values, [first, middle, third]] of cases) {
    expect(quartiles(values)).toEqual([first, third]);
    expect(median(values)).toBe(middle);
  }
});
