import { describe, expect, test } from "vitest";
import { randomRotation } from "../../src/data/simulate/rotation.js";
import { randomFor } from "../../src/domain/random.js";
import { multiply } from "../../src/domain/rotation.js";
import { symmetryOf } from "../../src/domain/symmetry.js";
import { healpixDirections, leastSide, rotationSet } from "../../src/matching/rotations.js";

/** Directions as z and φ in degrees. */
const seen = (side: number) =>
  healpixDirections(side).map(({ polar, azimuth }) => [Math.cos(polar), (azimuth * 180) / Math.PI]);

describe("HEALPix directions", () => {
  test("of nside 1 are the twelve known centres", () => {
    const cap = [45, 135, 225, 315];
    const belt = [0, 90, 180, 270];
    const wanted = [
      ...cap.map((a) => [2 / 3, a]),
      ...belt.map((a) => [0, a]),
      ...cap.map((a) => [-2 / 3, a]),
    ];
    for (const [at, [z, azimuth]] of seen(1).entries()) {
      expect(z).toBeCloseTo(wanted[at]![0]!, 12);
      expect(azimuth).toBeCloseTo(wanted[at]![1]!, 9);
    }
  });

  test("of nside 2 have the rings of Górski et al., figure 4", () => {
    const found = seen(2);
    const heights = [11 / 12, 2 / 3, 1 / 3, 0, -1 / 3, -2 / 3, -11 / 12];
    const counts = [4, 8, 8, 8, 8, 8, 4];
    const firsts = [45, 22.5, 0, 22.5, 0, 22.5, 45];
    let at = 0;
    for (const [ring, count] of counts.entries()) {
      for (let pixel = 0; pixel < count; pixel++, at++) {
        expect(found[at]![0]).toBeCloseTo(heights[ring]!, 12);
        expect(found[at]![1]).toBeCloseTo(firsts[ring]! + (360 * pixel) / count, 9);
      }
    }
    expect(at).toBe(found.length);
  });

  test.each([1, 2, 3, 5, 9])(
    "of nside %d are evenly spread: moments of the sphere, and as many in every octant",
    (side) => {
      const directions = healpixDirections(side);
      expect(directions.length).toBe(12 * side ** 2);
      const vectors = directions.map(({ polar, azimuth }) => [
        Math.sin(polar) * Math.cos(azimuth),
        Math.sin(polar) * Math.sin(azimuth),
        Math.cos(polar),
      ]);
      for (const axis of [0, 1, 2]) {
        const squares = vectors.reduce((sum, vector) => sum + vector[axis]! ** 2, 0) / vectors.length;
        expect(vectors.reduce((sum, vector) => sum + vector[axis]!, 0)).toBeCloseTo(0, 9);
        expect(squares).toBeGreaterThan(1 / 3 - 0.05 / side ** 2);
        expect(squares).toBeLessThan(1 / 3 + 0.05 / side ** 2);
      }
    },
  );

  test("have equal areas: of random points, every pixel is nearest to as many", () => {
    const random = randomFor(1, "healpix");
    const directions = seen(4).map(([z, degrees]) => {
      const flat = Math.sqrt(1 - z! * z!);
      const azimuth = (degrees! * Math.PI) / 180;
      return [flat * Math.cos(azimuth), flat * Math.sin(azimuth), z!];
    });
    const counts = new Float64Array(directions.length);
    for (let i = 0; i < 192 * 100; i++) {
      const z = random.between(-1, 1);
      const azimuth = random.between(0, 2 * Math.PI);
      const flat = Math.sqrt(1 - z * z);
      const [x, y] = [flat * Math.cos(azimuth), flat * Math.sin(azimuth)];
      let [best, at] = [-2, 0];
      for (const [d, [dx, dy, dz]] of directions.entries()) {
        const cosine = dx! * x + dy! * y + dz! * z;
        if (cosine > best) [best, at] = [cosine, d];
      }
      counts[at]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(55);
    expect(Math.max(...counts)).toBeLessThan(145);
  });
});

describe("rotations", () => {
  test.each([
    [7, 9, 50544],
    [12, 5, 9000],
    [30, 2, 576],
    [90, 1, 48],
  ])("in steps of %d° have nside %d and are %d", (step, side, count) => {
    expect(leastSide(step)).toBe(side);
    const rotations = rotationSet(step, symmetryOf("C1"));
    expect(rotations.length).toBe(count);
    expect(new Set(rotations.map((r) => r.map((v) => v.toFixed(6)).join())).size).toBe(count);
  });

  test.each([
    ["C2", 288],
    ["C3", 192],
    ["C6", 96],
  ])("of %s in steps of 30° are %d", (name, count) => {
    expect(rotationSet(30, symmetryOf(name)).length).toBe(count);
  });

  test.each(["D2", "D3", "D7", "T", "O", "I"])("of %s are one of each class, but for borders", (name) => {
    const symmetry = symmetryOf(name);
    const all = rotationSet(12, symmetryOf("C1")).length;
    const kept = rotationSet(12, symmetry).length;
    expect(kept / (all / symmetry.group.length)).toBeGreaterThanOrEqual(1);
    expect(kept / (all / symmetry.group.length)).toBeLessThan(1.25);
  });

  test.each(["C1", "C4", "D2", "D7", "T", "O", "I"])("of %s come near every orientation", (name) => {
    const { group, ...symmetry } = symmetryOf(name);
    const rotations = rotationSet(15, { ...symmetry, group });
    const random = randomFor(2, name);
    let farthest = 0;
    for (let i = 0; i < 60; i++) {
      const wanted = randomRotation(random);
      const equivalent = group.map((element) => multiply(wanted, element));
      let most = -1;
      for (const r of rotations)
        for (const e of equivalent)
          most = Math.max(
            most,
            r.reduce((sum, value, at) => sum + value * e[at]!, 0),
          );
      farthest = Math.max(farthest, (Math.acos(Math.min(1, (most - 1) / 2)) * 180) / Math.PI);
    }
    expect(farthest).toBeLessThan(16);
  });

  test.each(["D2", "D7", "T", "O", "I"])("of %s are left even in the coarsest steps", (name) => {
    const symmetry = symmetryOf(name);
    for (const step of [180, 90, 60])
      expect(rotationSet(step, symmetry).length).toBeGreaterThanOrEqual(
        rotationSet(step, symmetryOf("C1")).length / symmetry.group.length,
      );
  });
});
