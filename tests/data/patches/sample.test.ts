import { expect, test } from "vitest";
import { alignedMap, orientation, orientedShape, transform } from "../../../src/data/patches/map.js";
import { samplePatch } from "../../../src/data/patches/sample.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { patchFixture, volumeOf } from "../../support/patchScenes.js";
import fc from "../../support/properties.js";

const pattern = (z: number, y: number, x: number): number => (7 * z * z + 3 * y * x + 5 * x) % 23;

test.each(patchFixture().interpolation)(
  "interpolation is SciPy's, outside the volume too ($patch)",
  (made) => {
    const volume = volumeOf(made.shape, [10, 10, 10], pattern);
    const input = new Float32Array(voxelCount(made.patch));
    const weight = new Float32Array(input.length);
    const map = { matrix: made.matrix, inverse: made.matrix, offset: made.offset, aligned: false };
    samplePatch(volume, map, made.patch, { input, weight });
    made.values.forEach((value, voxel) => {
      expect(input[voxel]).toBeCloseTo(value, 4);
    });
    expect([...weight]).toEqual(made.inside);
  },
);

test("a volume one voxel thick is interpolated within its only slice", () => {
  const volume = volumeOf([1, 5, 5], [10, 10, 10], (_, y, x) => 10 * y + x);
  const input = new Float32Array(4);
  const weight = new Float32Array(4);
  const { matrix, inverse } = alignedMap(orientation(0, [false, false, false]), [1, 2, 2], [0, 0, 0]);
  const map = { matrix, inverse, offset: [0.25, 1.5, 2.5], aligned: false } as const;
  samplePatch(volume, map, [1, 2, 2], { input, weight });
  expect([...input]).toEqual([17.5, 18.5, 27.5, 28.5]);
  expect([...weight]).toEqual([1, 1, 1, 1]);
});

test("an aligned patch is a copy of the voxels under it, for every orientation", () => {
  const size = fc.integer({ min: 1, max: 5 });
  const arbitrary = fc.record({
    shape: fc.tuple(size, size, size),
    turns: fc.integer({ min: 0, max: 3 }),
    flips: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    start: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: 3 }))),
  });
  const volume = volumeOf([8, 8, 8], [10, 10, 10], (z, y, x) => (z * 8 + y) * 8 + x);
  fc.assert(
    fc.property(arbitrary, ({ shape, turns, flips, start }) => {
      const map = alignedMap(orientation(turns, flips), shape, start as unknown as Shape3);
      const input = new Float32Array(voxelCount(shape));
      samplePatch(volume, map, shape, { input, weight: new Float32Array(input.length) });
      let voxel = 0;
      for (let z = 0; z < shape[0]; z++) {
        for (let y = 0; y < shape[1]; y++) {
          for (let x = 0; x < shape[2]; x++) {
            const at = transform(map.matrix, [z, y, x]).map((value, axis) => value + map.offset[axis]!);
            expect(input[voxel++]).toBe((at[0]! * 8 + at[1]!) * 8 + at[2]!);
          }
        }
      }
      const covered = orientedShape(shape, orientation(turns, flips));
      const [low, high] = [Math.min(...input), Math.max(...input)];
      const corner = (end: 0 | 1): number =>
        start.reduce((index, from, axis) => index * 8 + from + end * (covered[axis]! - 1), 0);
      expect([low, high]).toEqual([corner(0), corner(1)]);
    }),
  );
});
