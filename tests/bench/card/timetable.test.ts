import { expect, test } from "vitest";
import { scaledShape } from "../../../src/bench/card/subjects.js";
import { Timetable } from "../../../src/bench/card/timetable.js";
import { voxelCount } from "../../../src/domain/volume.js";
import fc from "../../support/properties.js";

test("measurements that use up all they are given still end within the limit, and none of a phase is begun after it", () => {
  const takes = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: 600_000 }), takes, takes, (limit, first, second) => {
      let now = 5;
      const table = new Timetable(limit, () => now);
      for (const [until, shares] of [
        [0.6, first],
        [1, second],
      ] as const) {
        table.begin(until, shares.length);
        for (const share of shares) {
          const ms = table.next();
          expect(ms === 0 || ms >= 2000).toBe(true);
          now += share * ms;
          expect(table.elapsedMs).toBeLessThanOrEqual(until * limit + 1e-6);
        }
      }
    }),
  );
});

test("a phase gives a measurement twice its equal share, the last all that is left, and what is spared to the next phase", () => {
  let now = 0;
  const table = new Timetable(100_000, () => now);
  table.begin(0.5, 5);
  expect(table.next()).toBe(20_000);
  now = 10_000;
  expect(table.next()).toBe(20_000);
  table.begin(1, 1);
  expect(table.next()).toBe(90_000);
  now = 99_000;
  table.begin(1, 1);
  expect(table.next()).toBe(0);
});

test("a tomogram is scaled to the voxels that there is time for, in steps of 16, never above its whole size", () => {
  expect(scaledShape([184, 630, 630], 1e9)).toEqual([184, 630, 630]);
  expect(scaledShape([184, 630, 630], 1e6)).toEqual([32, 144, 144]);
  expect(scaledShape([184, 630, 630], 1)).toEqual([16, 16, 16]);
  expect(scaledShape([8, 64, 64], 100)).toEqual([8, 16, 16]);
  expect(voxelCount(scaledShape([184, 630, 630], 2e7))).toBeLessThanOrEqual(2e7);
});
