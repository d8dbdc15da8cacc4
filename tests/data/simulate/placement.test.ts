import { describe, expect, it } from "vitest";
import { drawSlab, slabMiddle } from "../../../src/data/simulate/placement.js";
import { randomFor } from "../../../src/domain/random.js";
import fc from "../../support/properties.js";

const ice = { thickness: [700, 2000], slope: [-8, 8] } as const;
const size = fc.record({
  x: fc.integer({ min: 400, max: 4000 }),
  y: fc.integer({ min: 400, max: 4000 }),
  z: fc.integer({ min: 400, max: 1900 }),
});

describe("drawSlab", () => {
  it("keeps the ice inside the tomogram, corners too", () => {
    fc.assert(
      fc.property(size, fc.nat(), (extent, seed) => {
        const slab = drawSlab(extent, ice, randomFor(seed, "slab"));
        for (const x of [0, extent.x]) {
          for (const y of [0, extent.y]) {
            const middle = slabMiddle(slab, x, y);
            expect(middle - slab.thickness / 2).toBeGreaterThanOrEqual(-1e-6);
            expect(middle + slab.thickness / 2).toBeLessThanOrEqual(extent.z + 1e-6);
          }
        }
      }),
    );
  });
});
