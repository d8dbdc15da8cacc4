import { describe, expect, test } from "vitest";
import { drawBeta, mixInto, varyIntensity } from "../../../src/data/patches/augment.js";
import type { Batch } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import { patchFixture } from "../../support/patchScenes.js";
import fc from "../../support/properties.js";

describe("intensity", () => {
  test("scales and shifts every voxel alike, within the limits", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const input = Float32Array.of(0, 1, 2, -3);
        varyIntensity(input, { scale: 0.2, shift: 0.5, noise: 0 }, randomFor(seed, "test"));
        const [shift, one] = [input[0]!, input[1]!];
        expect(Math.abs(shift)).toBeLessThanOrEqual(0.5);
        expect(Math.abs(one - shift - 1)).toBeLessThanOrEqual(0.2 + 1e-6);
        expect(input[2]! - shift).toBeCloseTo(2 * (one - shift), 5);
        expect(input[3]! - shift).toBeCloseTo(-3 * (one - shift), 5);
      }),
    );
  });

  test("noise is normal: its mean, deviation and tails", () => {
    const counts = { values: 0, sum: 0, squares: 0, tail: 0 };
    const input = new Float32Array(100_001);
    varyIntensity(input, { scale: 0, shift: 0, noise: 2 }, randomFor(3, "test"));
    const deviation = Math.sqrt(input.reduce((sum, value) => sum + value * value, 0) / input.length);
    for (const value of input) {
      counts.sum += value / deviation;
      if (Math.abs(value) > 2 * deviation) counts.tail++;
    }
    expect(deviation).toBeGreaterThan(0);
    expect(deviation).toBeLessThanOrEqual(2);
    expect(Math.abs(counts.sum / input.length)).toBeLessThan(4 / Math.sqrt(input.length));
    expect(counts.tail / input.length).toBeCloseTo(0.0455, 2);
    expect(input.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });

  test("all zero changes nothing", () => {
    const input = Float32Array.of(0.1, -7, 3e-8);
    varyIntensity(input, { scale: 0, shift: 0, noise: 0 }, randomFor(1, "test"));
    expect(input).toEqual(Float32Array.of(0.1, -7, 3e-8));
  });
});

describe("mixup", () => {
  const example = (input: number[], target: number[], weight: number[]): Batch => ({
    input: Float32Array.from(input),
    target: Float32Array.from(target),
    weight: Float32Array.from(weight),
  });

  test("mixes inputs, labels and weights by the share", () => {
    // Two voxels, background and one type; the first example's second voxel is ignored.
    const mixed = example([4, 8], [1, 1, 0, 0], [1, 0]);
    mixInto(mixed, example([0, 0], [0, 0, 1, 1], [1, 1]), 0.75);
    expect([...mixed.input]).toEqual([3, 6]);
    expect([...mixed.target]).toEqual([0.75, 0, 0.25, 1]);
    expect([...mixed.weight]).toEqual([1, 0.25]);
  });

  test("weighted cross entropy of a mixture is the mixture of the two", () => {
    const unit = fc.constantFrom(0, 0.25, 1);
    fc.assert(
      fc.property(unit, unit, unit, unit, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, p, q, share) => {
        const logs = [-0.3, -1.35];
        const loss = ({ target, weight }: Batch): number =>
          -weight[0]! * (target[0]! * logs[0]! + target[1]! * logs[1]!);
        const one = example([0], [p, 1 - p], [a]);
        const other = example([0], [q, 1 - q], [b]);
        const expected = share * loss(one) + (1 - share) * loss(other);
        mixInto(one, other, share);
        expect(loss(one)).toBeCloseTo(expected, 5);
        expect(one.target[0]! + one.target[1]!).toBeCloseTo(1, 6);
      }),
    );
  });

  test.each(patchFixture().beta)("shares follow SciPy's Beta($a, $a)", ({ a, levels, quantiles }) => {
    const random = randomFor(11, "test");
    const draws = Array.from({ length: 20_000 }, () => drawBeta(a, random));
    levels.forEach((level, k) => {
      const below = draws.filter((draw) => draw <= quantiles[k]!).length / draws.length;
      expect(Math.abs(below - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / draws.length));
    });
  });
});
