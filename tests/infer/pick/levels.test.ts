import { expect, it } from "vitest";
import { type AxisWeights, squaredDistances } from "../../../src/domain/distanceTransform.js";
import {
  boxOf,
  connectedComponents,
  frameAround,
  runsAbove,
} from "../../../src/domain/morphology/components.js";
import { foregroundLevels } from "../../../src/infer/pick/levels.js";
import { volumeFrom } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

/** Those of 1.000001 and 1.000003 lie seventeen of float32's steps apart: near enough for one word of a bitmap. */
const weights = fc.constantFrom<AxisWeights>([1, 1, 1], [4, 1, 1], [1, 2.25, 6.25], [1, 1.000001, 1.000003]);
const volumes = fc
  .record({
    shape: fc.tuple(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 40 }),
    ),
    holes: fc.constantFrom(1, 3, 8),
    chance: fc.infiniteStream(fc.nat(9)),
  })
  .map(({ shape, holes, chance }) => volumeFrom(shape, () => (chance.next().value < holes ? 0 : 1)));

it("numbers the foreground's voxels in the order of the whole volume's distances, equal ones alike", () => {
  fc.assert(
    fc.property(volumes, weights, (volume, weights) => {
      const { data, shape } = volume;
      fc.pre(data.includes(0));
      const squared = squaredDistances(Uint8Array.from(data), shape, weights);
      const runs = runsAbove(volume, 0.5);
      const parts = connectedComponents(runs);
      const largest = Math.max(
        0,
        ...Array.from({ length: parts.count }, (_, part) => frameAround(boxOf(runs, parts, part)).size),
      );
      const { values, start, highest } = foregroundLevels(runs, parts, weights, new Float32Array(largest));
      const expected = [...squared].filter((_, i) => data[i]! > 0);
      const isWhole = weights.every((weight) => weight === 1);
      const distinct = [...new Set(expected)].sort((a, b) => a - b);
      const levels = isWhole ? expected : expected.map((distance) => distinct.indexOf(distance) + 1);
      expect([...values]).toEqual(levels);
      expect(highest).toBe(Math.max(0, ...levels));
      for (let run = 1; run < runs.count; run++)
        expect(start[run]! - start[run - 1]!).toBe(runs.end[run - 1]! - runs.first[run - 1]!);
    }),
    { numRuns: 200 },
  );
});
