import { describe, expect, it } from "vitest";
import { randomRotation, rotate } from "../../../src/data/simulate/rotation.js";
import { randomFor } from "../../../src/domain/random.js";
import type { Rotation } from "../../../src/domain/rotation.js";
import fc from "../../support/properties.js";

const determinant = (m: Rotation): number =>
  m[0] * (m[4] * m[8] - m[5] * m[7]) -
  m[1] * (m[3] * m[8] - m[5] * m[6]) +
  m[2] * (m[3] * m[7] - m[4] * m[6]);

describe("randomRotation", () => {
  it("is a rotation for every seed: keeps lengths, does not mirror", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const turn = randomRotation(randomFor(seed, "rotation test"));
        expect(Math.hypot(...rotate(turn, [1, 2, 3]))).toBeCloseTo(Math.sqrt(14), 9);
        expect(determinant(turn)).toBeCloseTo(1, 9);
      }),
    );
  });

  it("is uniform: every axis' image is even over the sphere, and the angle has the density (1 − cos)/π", () => {
    const random = randomFor(1, "rotation test");
    const turns = Array.from({ length: 20000 }, () => randomRotation(random));
    for (let entry = 0; entry < 9; entry++) {
      // Each entry of a uniform rotation is itself uniform in [−1, 1]: Kolmogorov–Smirnov at 1 in 10⁴.
      const sorted = turns.map((turn) => turn[entry]!).sort((a, b) => a - b);
      const gap = sorted.reduce(
        (most, value, i) => Math.max(most, Math.abs((value + 1) / 2 - (i + 0.5) / sorted.length)),
        0,
      );
      expect(gap).toBeLessThan(2.23 / Math.sqrt(sorted.length));
    }
    const meanCosine = turns.reduce((sum, m) => sum + (m[0] + m[4] + m[8] - 1) / 2, 0) / turns.length;
    expect(meanCosine).toBeCloseTo(-0.5, 1);
  });
});
