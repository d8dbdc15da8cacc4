import { expect, it } from "vitest";
import { goesOn, rungShares } from "../../src/search/runTrial.js";

it("rungs lie at the powers of 1/eta below a whole training", () => {
  expect(rungShares(3)).toEqual([1 / 9, 1 / 3]);
  expect(rungShares(2)).toEqual([0.25, 0.5]);
  expect(rungShares(1)).toEqual([]);
});

it("decides a table worked out by hand", () => {
  const table: readonly [score: number, eta3: boolean, eta2: boolean][] = [
    [0.2, true, true],
    [0.1, true, false],
    [0.3, true, true],
    [0.25, false, true],
    [0.24, false, false],
    [0.26, true, true],
    [0.29, true, true],
    [0.29, true, true],
    [0.28, false, true],
    [0.05, false, false],
  ];
  for (const [at, [score, ...decided]] of table.entries()) {
    const before = table.slice(0, at).map(([each]) => each);
    expect(
      [3, 2].map((eta) => goesOn(score, before, eta)),
      `trial ${at}`,
    ).toEqual(decided);
  }
});

it("ends nothing where nothing is told apart", () => {
  expect(goesOn(0, [0, 0, 0, 0, 0, 0, 0], 3)).toBe(true);
});
