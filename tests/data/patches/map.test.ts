import { expect, test } from "vitest";
import {
  drawRotation,
  type Matrix3,
  orientation,
  orientationMatrix,
  patchCentre,
  patchVoxel,
  rotatedMap,
  transform,
} from "../../../src/data/patches/map.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import fc from "../../support/properties.js";

const determinant = ([a, b, c]: Matrix3): number =>
  a[0] * (b[1] * c[2] - b[2] * c[1]) -
  a[1] * (b[0] * c[2] - b[2] * c[0]) +
  a[2] * (b[0] * c[1] - b[1] * c[0]);

test("turns are proper rotations, and turns with flips give the sixteen symmetries of a slab", () => {
  const seen = new Set<string>();
  for (let turns = 0; turns < 4; turns++) {
    expect(determinant(orientationMatrix(orientation(turns, [false, false, false])))).toBe(1);
    for (let flips = 0; flips < 8; flips++) {
      const flipped = orientation(turns, [flips % 2 === 1, flips % 4 > 1, flips > 3]);
      seen.add(String(orientationMatrix(flipped).map((row) => row.map((value) => value + 0))));
    }
  }
  expect(seen.size).toBe(16);
});

test("two quarter turns are a half turn", () => {
  const quarter = orientationMatrix(orientation(1, [false, false, false]));
  const half = orientationMatrix(orientation(2, [false, false, false]));
  for (const point of [
    [1, 2, 3],
    [0, -1, 5],
  ] as const) {
    expect(transform(quarter, transform(quarter, point))).toEqual(transform(half, point));
  }
});

test("a free rotation keeps every length in Å, stays under its angle and is undone by its inverse", () => {
  const coordinate = fc.double({ min: -50, max: 50, noNaN: true });
  const spacing = [angstrom(8), angstrom(10), angstrom(13)] as const;
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: 0.1, max: 180, noNaN: true }),
      fc.tuple(coordinate, coordinate, coordinate),
      fc.tuple(coordinate, coordinate, coordinate),
      (seed, degrees, centre, voxel) => {
        const rotation = drawRotation(randomFor(seed, "test"), degrees);
        const trace = rotation[0][0] + rotation[1][1] + rotation[2][2];
        expect(trace).toBeGreaterThanOrEqual(1 + 2 * Math.cos((degrees * Math.PI) / 180) - 1e-9);
        expect(determinant(rotation)).toBeCloseTo(1, 9);
        const shape = [7, 8, 9] as const;
        const map = rotatedMap(orientation(0, [false, false, false]), rotation, shape, centre, spacing);
        const from = patchCentre(shape);
        const index = transform(map.matrix, voxel).map((value, axis) => value + map.offset[axis]!);
        const inPatch = Math.hypot(...voxel.map((value, axis) => (value - from[axis]!) * spacing[axis]!));
        const inVolume = Math.hypot(...index.map((value, axis) => (value - centre[axis]!) * spacing[axis]!));
        expect(inVolume).toBeCloseTo(inPatch, 6);
        const back = patchVoxel(map, [index[0]!, index[1]!, index[2]!]);
        back.forEach((value, axis) => {
          expect(value).toBeCloseTo(voxel[axis]!, 6);
        });
      },
    ),
  );
});
