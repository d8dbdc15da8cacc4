import { expect, test } from "vitest";
import { alternatingMedians, median, mediansOfTurns, quartiles } from "../../src/bench/medians.js";
import fc from "../support/properties.js";

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

/** Times that a side gives, and the order in which both sides were asked. */
function sides(peerTimes: number[]) {
  const turns: string[] = [];
  const ours = async () => void turns.push("ours");
  const peer = async () => {
    turns.push("peer");
    return peerTimes.shift()!;
  };
  return { turns, ours, peer };
}

const several = (side: string, runs: number) => new Array<string>(runs).fill(side);

test("the peer and ours take turns, and the runs a turn warms up with count for neither", async () => {
  const { turns, ours, peer } = sides([900, 900, 1, 2, 3, 900, 4, 5, 6]);
  const result = await alternatingMedians(2, ours, peer);
  const turn = (runs: number) => [...several("peer", runs), ...several("ours", runs)];
  expect(turns).toEqual([...turn(2 + 3), ...turn(1 + 3)]);
  expect(result.peer).toBe(3.5);
  expect(result.ours).toBeLessThan(100);
  expect(result.repetitions).toBe(2);
});

test("a side that starts anew has turns of one run, and one to warm up the machine's caches", async () => {
  const { turns, ours, peer } = sides([900, 1, 2]);
  const result = await alternatingMedians(2, ours, peer, { peer: true });
  expect(turns).toEqual([
    ...several("peer", 2),
    ...several("ours", 2 + 3),
    ...several("peer", 1),
    ...several("ours", 1 + 3),
  ]);
  expect(result.peer).toBe(1.5);
});

test("without a peer the repetitions are one turn, and there is no ratio", async () => {
  const { turns, ours } = sides([]);
  const result = await alternatingMedians(5, ours, null);
  expect(turns).toEqual(several("ours", 2 + 5));
  expect(result).toMatchObject({ peer: null, ratio: null, repetitions: 5 });
});

test("a ratio is of pairs of turns: what slows down both sides leaves it alone", () => {
  const slowness = [1, 3, 1, 6, 2];
  const result = mediansOfTurns(
    slowness.map((factor) => ({ ours: [19 * factor, 20 * factor, 30 * factor], peer: [40 * factor] })),
  );
  expect(result).toMatchObject({ ours: 40, peer: 80, peerQuartiles: [40, 120], repetitions: 5 });
  expect(result.ratio).toEqual({ median: 0.5, quartiles: [0.5, 0.5] });
});

/** numpy.percentile([8 / 10, 9 / 20, 7 / 10, 5 / 10], [25, 50, 75]) */
test("the quartiles of a ratio are those of the pairs' ratios, not of the times", () => {
  const pairs = [
    { ours: [8], peer: [10] },
    { ours: [9], peer: [20] },
    { ours: [7], peer: [10] },
    { ours: [5], peer: [10] },
  ];
  const { ratio } = mediansOfTurns(pairs);
  expect(ratio!.median).toBeCloseTo(0.6, 12);
  expect(ratio!.quartiles[0]).toBeCloseTo(0.4875, 12);
  expect(ratio!.quartiles[1]).toBeCloseTo(0.725, 12);
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
