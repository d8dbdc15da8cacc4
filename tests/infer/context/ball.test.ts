import { describe, expect, it } from "vitest";
import { DistanceField } from "../../../src/domain/morphology/distance.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { type BallRule, Balls } from "../../../src/infer/context/ball.js";
import { signedDistances } from "../../../src/infer/context/featureFields.js";
import { spacingOf } from "../../support/pickingFixtures.js";

const grid = { shape: [21, 21, 21] as Shape3, spacing: spacingOf(10) };
const whole = new Float32Array(21 ** 3).fill(1);

const voxels = (radius: number, rule: BallRule, at = 105) => {
  const balls = new Balls(Float64Array.of(at, at, at), radius, rule, grid);
  balls.add(0, whole);
  return balls.counts()[0];
};

describe("balls", () => {
  it("hold as many voxels of 10 Å as Pom's where places are rounded and the radius is left out", () => {
    const counts = [10, 15, 20, 30, 50].map((radius) => voxels(radius, "rounded"));
    expect(counts).toEqual([1, 19, 27, 93, 485]);
    expect([10, 15, 20, 30, 50].map((radius) => voxels(radius, "rounded", 109.9))).toEqual(counts);
  });

  it("hold the voxels at the radius, too, where places are as they are", () => {
    expect([10, 15, 20, 30, 50].map((radius) => voxels(radius, "exact"))).toEqual([7, 19, 33, 123, 515]);
    expect(voxels(10, "exact", 100)).toBe(8);
    expect(voxels(20, "exact", 109.9)).not.toBe(33);
  });

  it("hold the voxel that holds the place where they are smaller than voxels, and voxels inside the volume alone", () => {
    expect(voxels(3, "exact", 100)).toBe(1);
    expect(voxels(10, "exact", 5)).toBe(4);
    expect(voxels(10, "exact", 210)).toBe(0);
    expect(voxels(10, "exact", -1)).toBe(0);
  });
});

describe("signed distances", () => {
  it("are those of Pom's worked example", () => {
    const line = { shape: [1, 1, 12] as Shape3, spacing: spacingOf(10) };
    const mask = Uint8Array.from({ length: 12 }, (_, x) => (x >= 4 && x <= 7 ? 1 : 0));
    const places = Float64Array.from(Array.from({ length: 14 }, (_, x) => [10 * x - 5, 5, 5]).flat());
    const found = signedDistances(mask, line, places, new DistanceField(line.shape, line.spacing));
    const nan = Number.NaN;
    expect([...found]).toEqual([nan, 40, 30, 20, 10, -10, -20, -20, -10, 10, 20, 30, 40, nan]);
  });

  it("are missing where nothing or everything is in the mask", () => {
    const small = { shape: [2, 2, 2] as Shape3, spacing: spacingOf(10) };
    for (const value of [0, 1]) {
      const mask = new Uint8Array(8).fill(value);
      const found = signedDistances(
        mask,
        small,
        Float64Array.of(5, 5, 5),
        new DistanceField(small.shape, small.spacing),
      );
      expect([...found]).toEqual([Number.NaN]);
    }
  });
});
