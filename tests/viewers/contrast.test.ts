import { describe, expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import { rangeOf } from "../../src/viewers/contrast.js";

describe("the contrast of a viewer", () => {
  const random = randomFor(1, "tests/viewers/contrast", 0);
  const grey = Float32Array.from({ length: 100_000 }, () => 5e-5 * random.normal());
  const reference = rangeOf(Float32Array.from(grey), false)!;

  test("holds 99 % of the voxels, however small they are", () => {
    const [black, white] = reference;
    const shown = grey.filter((value) => value >= black && value <= white).length / grey.length;
    expect(shown).toBeCloseTo(0.99, 3);
    // Quantiles of the normal distribution at 0.5 % and 99.5 %.
    expect(black / 5e-5).toBeCloseTo(-2.576, 0);
    expect(white / 5e-5).toBeCloseTo(2.576, 0);
  });

  test.each([0.2, 0.5, 0.9])("is the same where %d of the tomogram is blank", (share) => {
    for (const fill of [0, 7]) {
      const blank = Float32Array.from({ length: Math.round((100_000 * share) / (1 - share)) }, () => fill);
      expect(rangeOf(Float32Array.from([...blank, ...grey]), false)).toEqual(reference);
    }
  });

  test("of whole numbers is whole, and a value that is often there counts", () => {
    const bytes = Float32Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0 : i % 100));
    expect(rangeOf(bytes, true)).toEqual([0, 99]);
  });

  test("is not known where all voxels are equal", () => {
    expect(rangeOf(new Float32Array(100).fill(3), false)).toBeNull();
    expect(rangeOf(new Float32Array(100), true)).toBeNull();
  });
});
