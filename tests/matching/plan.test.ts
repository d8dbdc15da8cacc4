import { describe, expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import type { Shape3 } from "../../src/domain/volume.js";
import { type Area, AreaBuilder, coverArea, wholeArea } from "../../src/matching/search/area.js";
import { planSearch } from "../../src/matching/search/plan.js";

const shape: Shape3 = [20, 30, 40];

/** Draws an area of balls. */
function balls(count: number, radius: number): { area: Area; inside: Float32Array } {
  const random = randomFor(count, "balls");
  const inside = new Float32Array(20 * 30 * 40);
  for (let ball = 0; ball < count; ball++) {
    const [cz, cy, cx] = shape.map((size) => random.between(0, size)) as [number, number, number];
    for (let at = 0; at < inside.length; at++) {
      const [z, y, x] = [Math.floor(at / 1200), Math.floor(at / 40) % 30, at % 40];
      if (Math.hypot(z - cz, y - cy, x - cx) <= radius) inside[at] = 0.5;
    }
  }
  const builder = new AreaBuilder(shape);
  for (let z = 0; z < 20; z += 7) builder.add(z, inside.subarray(z * 1200, Math.min(20, z + 7) * 1200));
  return { area: builder.area(), inside };
}

describe("areas", () => {
  test.each([
    [1, 6],
    [5, 3],
    [30, 2],
  ])("of %d balls are covered by blocks, every voxel once and no other", (count, radius) => {
    const { area, inside } = balls(count, radius);
    const seen = new Uint8Array(inside.length);
    const size: Shape3 = [6, 7, 9];
    for (const { start, runs, voxels } of coverArea(area, size)) {
      let own = 0;
      for (let at = 0; at < runs.length; at += 4) {
        const [z, y, first, end] = runs.subarray(at, at + 4) as unknown as [number, number, number, number];
        expect([z - start[0], y - start[1], first - start[2]].every((d) => d >= 0)).toBe(true);
        expect([z - start[0] < 6, y - start[1] < 7, end - start[2] <= 9]).toEqual([true, true, true]);
        for (let x = first; x < end; x++) seen[(z * 30 + y) * 40 + x]!++;
        own += end - first;
      }
      expect(own).toBe(voxels);
    }
    expect([...seen]).toEqual([...inside].map((value) => (value > 0 ? 1 : 0)));
    expect(area.voxels).toBe(inside.filter((value) => value > 0).length);
  });

  test("that are whole volumes are covered by a regular grid", () => {
    expect(coverArea(wholeArea(shape), [10, 10, 20])).toHaveLength(2 * 3 * 2);
  });
});

describe("plans", () => {
  const compared = { reach: 17, places: 20_000, isTurning: false, cube: 48 ** 3, rotations: 9000 };

  test("take blocks for a whole tomogram, within memory and at half its voxels' cost at least", () => {
    const { batches, bytes } = planSearch(wholeArea([184, 630, 630]), compared);
    expect(batches.every(({ kind }) => kind === "blocks")).toBe(true);
    expect(bytes).toBeLessThan(450 * 2 ** 20);
    const voxels = batches.reduce(
      (sum, batch) =>
        sum + (batch.kind === "blocks" ? batch.blocks.length * batch.shape.reduce((a, b) => a * b) : 0),
      0,
    );
    expect(voxels / (184 * 630 * 630)).toBeLessThan(2.2);
  });

  test("take single voxels where few are asked for, and blocks always where the mask turns", () => {
    const { area } = balls(3, 1.5);
    expect(planSearch(area, compared).batches.map(({ kind }) => kind)).toEqual(["voxels"]);
    const turning = planSearch(area, { ...compared, isTurning: true });
    expect(turning.batches.every(({ kind }) => kind === "blocks")).toBe(true);
  });

  test("cost less, the less is searched", () => {
    const costs = [balls(1, 2), balls(5, 3), balls(30, 4)].map(({ area }) => planSearch(area, compared).cost);
    expect(costs[0]).toBeLessThan(costs[1]!);
    expect(costs[1]).toBeLessThan(costs[2]!);
    expect(costs[2]).toBeLessThan(1.01 * planSearch(wholeArea(shape), compared).cost);
  });
});
