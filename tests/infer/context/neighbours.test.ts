import { expect, it } from "vitest";
import { nearestOthers } from "../../../src/infer/context/neighbours.js";
import fc from "../../support/properties.js";

it("finds the nearest other place, by trying them all", () => {
  const place = fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: -50, max: 3000 }))) as fc.Arbitrary<
    number[]
  >;
  fc.assert(
    fc.property(fc.array(place, { maxLength: 300 }), fc.nat(3), (points, every) => {
      const places = Float64Array.from(points.flat());
      const among = points.flatMap((_, i) => (i % (every + 1) === 0 ? [i] : []));
      const { indices, distances } = nearestOthers(places, among);
      for (const [i, [x, y, z]] of points.entries()) {
        const others = among.filter((other) => other !== i);
        const apart = others.map((other) => {
          const [a, b, c] = points[other]!;
          return Math.hypot(a! - x!, b! - y!, c! - z!);
        });
        if (others.length === 0) {
          expect([indices[i], distances[i]]).toEqual([-1, Number.NaN]);
          continue;
        }
        const least = Math.min(...apart);
        expect([indices[i], distances[i]]).toEqual([others[apart.indexOf(least)], least]);
      }
    }),
    { numRuns: 200 },
  );
});
