import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Body, drawSlab, placeBodies, slabMiddle } from "../../../src/data/simulate/placement.js";
import { randomFor } from "../../../src/domain/random.js";

const bodies = fc.array(
  fc.record({ kind: fc.constantFrom("a", "b"), radius: fc.double({ min: 20, max: 160, noNaN: true }) }),
  { maxLength: 60 },
);
const ice = { thickness: [700, 2000], slope: [-8, 8] } as const;
const size = fc.record({
  x: fc.integer({ min: 400, max: 4000 }),
  y: fc.integer({ min: 400, max: 4000 }),
  z: fc.integer({ min: 400, max: 1900 }),
});

describe("placeBodies", () => {
  it("lets no two spheres touch and none leave the ice, whatever is asked for", () => {
    fc.assert(
      fc.property(bodies, size, fc.nat(), (wanted: Body[], extent, seed) => {
        const slab = drawSlab(extent, ice, randomFor(seed, "slab"));
        const placed = placeBodies(wanted, slab, randomFor(seed, "bodies"));
        expect(placed.length).toBeLessThanOrEqual(wanted.length);
        for (const [i, one] of placed.entries()) {
          const { x, y, z } = one.at;
          expect(x >= 0 && x < extent.x && y >= 0 && y < extent.y).toBe(true);
          const lean = Math.hypot(1, slab.slopeX, slab.slopeY);
          const toFace = (slab.thickness / 2 - Math.abs(z - slabMiddle(slab, x, y))) / lean;
          expect(toFace).toBeGreaterThanOrEqual(one.radius - 1e-6);
          for (const other of placed.slice(0, i)) {
            const apart = Math.hypot(x - other.at.x, y - other.at.y, z - other.at.z);
            expect(apart).toBeGreaterThanOrEqual(one.radius + other.radius);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("places everything where there is room", () => {
    const slab = drawSlab({ x: 4000, y: 4000, z: 1800 }, { thickness: 1200, slope: 3 }, randomFor(1, "slab"));
    const wanted = Array.from({ length: 100 }, () => ({ kind: "a", radius: 120 }));
    expect(placeBodies(wanted, slab, randomFor(1, "bodies"))).toHaveLength(100);
  });
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
