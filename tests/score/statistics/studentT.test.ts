import { expect, test } from "vitest";
import { studentQuantile } from "../../../src/score/statistics/studentT.js";

test.each([
  [1, 0.6, 0.3249196962],
  [1, 0.995, 63.6567411629],
  [2, 0.95, 2.9199855804],
  [5, 0.95, 2.0150483733],
  [30, 0.995, 2.7499956536],
] as const)("%i degrees of freedom, %d: SciPy's stats.t.ppf", (degrees, probability, quantile) => {
  expect(studentQuantile(probability, degrees)).toBeCloseTo(quantile, 9);
});
