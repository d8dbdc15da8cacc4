import { expect, it } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { keepSpaced } from "../../../src/infer/pick/spacing.js";
import fc from "../../support/properties.js";

const coordinate = fc.integer({ min: -8, max: 8 }).map(angstrom);
const positions = fc.array(fc.record({ x: coordinate, y: coordinate, z: coordinate }), { maxLength: 60 });

it("keepSpaced keeps what comparing all pairs keeps, in order", () => {
  fc.assert(
    fc.property(positions, fc.constantFrom(0, 0.5, 5, 13, 200), (all, spacing) => {
      const kept: typeof all = [];
      for (const p of all)
        if (kept.every((q) => Math.sqrt((p.x - q.x) ** 2 + (p.y - q.y) ** 2 + (p.z - q.z) ** 2) >= spacing))
          kept.push(p);
      expect(keepSpaced(all, spacing)).toEqual(kept);
    }),
  );
});
