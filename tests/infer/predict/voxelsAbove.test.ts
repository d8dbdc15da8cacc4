import { expect, it } from "vitest";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { SparseMapBuilder, voxelsAbove } from "../../../src/infer/predict/sparseMap.js";
import { spacingOf } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

const size = fc.integer({ min: 1, max: 6 });
const shapes: fc.Arbitrary<Shape3> = fc.tuple(size, size, size);
const maps = shapes.chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.array(fc.integer({ min: 0, max: 65_535 }), {
      minLength: voxelCount(shape),
      maxLength: voxelCount(shape),
    }),
  ),
);

it("marks what exceeds the threshold, at the map's floor or above", () => {
  fc.assert(
    fc.property(maps, fc.nat(65_535), fc.nat(65_535), ([shape, values], a, b) => {
      const [floor, threshold] = [Math.min(a, b) / 65_535, Math.max(a, b) / 65_535];
      const builder = new SparseMapBuilder(shape, spacingOf(10), floor);
      builder.add(Float32Array.from(values, (value) => value / 65_535));
      const expected = values.map((value) => Number(value > Math.max(a, b)));
      expect([...voxelsAbove(builder.finish(), threshold)]).toEqual(expected);
    }),
  );
});
