import { describe, expect, it } from "vitest";
import { axisWeights, squaredDistances } from "../../src/domain/distanceTransform.js";
import type { Shape3, Spacing3 } from "../../src/domain/volume.js";
import { readFixture, spacingOf, unpacked } from "../support/pickingFixtures.js";
import fc from "../support/properties.js";

interface Case {
  readonly name: string;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly mask: string;
  readonly distances: string;
}

describe("squaredDistances", () => {
  it.each(readFixture<Case[]>("edt.json"))("equals SciPy's distance_transform_edt: $name", (made) => {
    const { shape, spacing } = made;
    const expected = new Float64Array(unpacked(made.distances).buffer);
    const squared = squaredDistances(unpacked(made.mask), shape, axisWeights(spacing));
    const finest = Math.min(...spacing);
    const isotropic = spacing.every((step) => step === 1);
    expected.forEach((distance, i) => {
      if (isotropic) expect(squared[i]).toBe(Math.round(distance ** 2));
      else expect(Math.sqrt(squared[i]!) * finest).toBeCloseTo(distance, 5);
    });
  });

  it("is infinite where there is no background", () => {
    const squared = squaredDistances(new Uint8Array(24).fill(1), [2, 3, 4], [1, 1, 1]);
    expect(new Set(squared)).toEqual(new Set([Number.POSITIVE_INFINITY]));
  });

  it("is the nearest background voxel's distance, by trying them all", () => {
    const sizes = fc.tuple(...([1, 2, 3].map(() => fc.integer({ min: 1, max: 6 })) as [never, never, never]));
    const weights = fc.constantFrom([1, 1, 1], [4, 1, 1], [1, 2.25, 6.25]);
    fc.assert(
      fc.property(sizes, weights, fc.infiniteStream(fc.nat(5)), (shape, weight, stream) => {
        const [depth, height, width] = shape as unknown as Shape3;
        const mask = Uint8Array.from({ length: depth * height * width }, () =>
          stream.next().value === 0 ? 0 : 1,
        );
        const place = (i: number) => [
          Math.floor(i / (height * width)),
          Math.floor(i / width) % height,
          i % width,
        ];
        const squared = squaredDistances(
          mask,
          [depth, height, width],
          weight as unknown as [number, number, number],
        );
        squared.forEach((distance, i) => {
          let nearest = Number.POSITIVE_INFINITY;
          mask.forEach((inside, j) => {
            if (inside) return;
            const steps = place(i).map((at, axis) => weight[axis]! * (at - place(j)[axis]!) ** 2);
            nearest = Math.min(
              nearest,
              steps.reduce((sum, step) => sum + step),
            );
          });
          expect(distance).toBe(nearest);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("axisWeights", () => {
  it("takes the challenge's almost equal spacings as equal", () => {
    expect(axisWeights(spacingOf(10.012444196428572, 10.012444196428572, 10.012444537618887))).toEqual([
      1, 1, 1,
    ]);
  });

  it("measures in voxels of the finest axis", () => {
    expect(axisWeights(spacingOf(20, 10, 15))).toEqual([4, 1, 2.25]);
  });
});
