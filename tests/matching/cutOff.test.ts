import { describe, expect, test } from "vitest";
import { cutOffOf, inverseErfc } from "../../src/matching/cutOff.js";

describe("the cut-off", () => {
  test.each([
    [1e6, 1, 4.7534],
    [1e9, 1, 5.9978],
    [1e9, 10, 5.612],
  ])("of %d correlations with %d false positives is %d deviations", (searched, allowed, wanted) => {
    expect(cutOffOf(1, searched, allowed)).toBeCloseTo(wanted, 4);
    expect(cutOffOf(0.05, searched, allowed)).toBeCloseTo(0.05 * wanted, 5);
  });

  // scipy.special.erfcinv, SciPy 1.10.1
  test.each([
    [1e-300, 26.20946994],
    [1e-12, 5.04202975],
    [1e-3, 2.32675377],
    [0.1, 1.16308715],
    [0.9, 0.08885599],
    [1, 0],
    [1.5, -0.47693628],
    [1.999, -2.32675377],
  ])("erfc is inverted at %d", (y, wanted) => expect(inverseErfc(y)).toBeCloseTo(wanted, 7));
});
