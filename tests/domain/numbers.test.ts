import { describe, expect, test } from "vitest";
import { meanOf, product, quantile, rounded } from "../../src/domain/numbers.js";

describe("quantile", () => {
  // numpy.quantile of the same values
  test.each<[readonly number[], number, number]>([
    [[1, 2, 4, 8], 0, 1],
    [[1, 2, 4, 8], 0.25, 1.75],
    [[1, 2, 4, 8], 0.5, 3],
    [[1, 2, 4, 8], 0.9, 6.8],
    [[1, 2, 4, 8], 1, 8],
    [[5], 0.3, 5],
  ])("of %j at %d is %d", (sorted, share, value) => {
    expect(quantile(sorted, share)).toBeCloseTo(value, 12);
    expect(quantile(Float32Array.from(sorted), share)).toBeCloseTo(value, 12);
  });

  test("of nothing is not a number", () => expect(quantile([], 0.5)).toBeNaN());
});

test("the mean of lists and of arrays; of nothing it is not a number", () => {
  expect([meanOf([1, 2, 6]), meanOf(new Float64Array([0.5, 1.5]))]).toEqual([3, 1]);
  expect(meanOf([])).toBeNaN();
});

test("the product of nothing is 1", () => expect([product([2, 3, 4]), product([])]).toEqual([24, 1]));

test("rounds without trailing zeros, to six decimals unless told", () =>
  expect([rounded(1.23456789), rounded(1.26, 1), String(rounded(2.000001, 3))]).toEqual([
    1.234568,
    1.3,
    "2",
  ]));
