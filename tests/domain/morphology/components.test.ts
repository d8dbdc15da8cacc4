import { describe, expect, it } from "vitest";
import {
  boxOf,
  connectedComponents,
  runsAbove,
  runsWithin,
} from "../../../src/domain/morphology/components.js";
import { volumeFrom } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

const volumes = fc
  .record({
    shape: fc.tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 30 }),
    ),
    chance: fc.infiniteStream(fc.nat(9)),
  })
  .map(({ shape, chance }) => volumeFrom(shape, () => chance.next().value));

describe("connectedComponents", () => {
  it("joins exactly the voxels that a walk over touching voxels joins", () => {
    fc.assert(
      fc.property(volumes, fc.integer({ min: 4, max: 9 }), (volume, threshold) => {
        const { data, shape } = volume;
        const runs = runsAbove(volume, threshold);
        const components = connectedComponents(runs);
        const owner = new Int32Array(data.length).fill(-1);
        for (let c = 0; c < components.count; c++) {
          const { start, end } = boxOf(runs, components, c);
          for (const run of components.runs.subarray(components.start[c], components.start[c + 1])) {
            const row = runs.row[run]!;
            owner.fill(c, row * shape[2] + runs.first[run]!, row * shape[2] + runs.end[run]!);
            expect(runs.first[run]!).toBeGreaterThanOrEqual(start[2]);
            expect(runs.end[run]!).toBeLessThanOrEqual(end[2]);
          }
        }
        expect([...owner]).toEqual(walkedOwners(data, shape, threshold));
        expect(runs.voxels).toBe(data.filter((value) => value > threshold).length);
      }),
      { numRuns: 200 },
    );
  });

  it("finds within a lower threshold's runs what the whole volume holds", () => {
    fc.assert(
      fc.property(volumes, fc.nat(9), fc.nat(9), (volume, a, b) => {
        const lower = runsAbove(volume, Math.min(a, b));
        expect(runsWithin(lower, volume.data, Math.max(a, b))).toEqual(runsAbove(volume, Math.max(a, b)));
      }),
      { numRuns: 100 },
    );
  });
});

/** Component of each voxel in raster order of first voxels, −1 for background. */
function walkedOwners(
  data: Float32Array,
  [depth, height, width]: readonly [number, number, number],
  threshold: number,
): number[] {
  const owner = new Array<number>(data.length).fill(-1);
  let count = 0;
  data.forEach((value, seed) => {
    if (value <= threshold || owner[seed] !== -1) return;
    const stack = [seed];
    owner[seed] = count;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [z, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
      for (let i = Math.max(0, z - 1); i <= Math.min(depth - 1, z + 1); i++)
        for (let j = Math.max(0, y - 1); j <= Math.min(height - 1, y + 1); j++)
          for (let k = Math.max(0, x - 1); k <= Math.min(width - 1, x + 1); k++) {
            const near = (i * height + j) * width + k;
            if (data[near]! <= threshold || owner[near] !== -1) continue;
            owner[near] = count;
            stack.push(near);
          }
    }
    count++;
  });
  return owner;
}
