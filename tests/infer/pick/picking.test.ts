import { describe, expect, it } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Volume } from "../../../src/domain/volume.js";
import { pickingSchema, pickParticles, sweepThresholds } from "../../../src/infer/pick/picking.js";
import { flipped, readFixture, spacingOf, unpacked, volumeFrom } from "../../support/pickingFixtures.js";

interface MadeVolume {
  readonly shape: Shape3;
  readonly values: string;
  readonly cases: readonly {
    readonly name: string;
    readonly spacing: number;
    readonly threshold: number;
    readonly minSpacing: number;
    readonly minVolume: number;
    readonly picks: readonly { x: number; y: number; z: number; score: number; voxels: number }[];
  }[];
}

const made = readFixture<MadeVolume[]>("picks.json");
const madeVolume = ({ shape, values }: MadeVolume, spacing: number): Volume => ({
  data: Float32Array.from(unpacked(values), (value) => value / 64),
  shape,
  spacing: spacingOf(spacing),
});
const watershed = (threshold: number, minVolume: number, minSpacing: number) =>
  ({ method: "watershed", threshold, minVolume, minSpacing: angstrom(minSpacing) }) as const;
const ballAt =
  (centre: Shape3, radius: number) =>
  (z: number, y: number, x: number): number =>
    1 / (1 + Math.exp(Math.hypot(z - centre[0], y - centre[1], x - centre[2]) - radius));

describe("pickParticles, watershed", () => {
  const cases = made.flatMap((volume) => volume.cases.map((settings) => ({ volume, ...settings })));
  it.each(cases)("finds scikit-image's particles: $name", ({ volume, spacing, picks, ...settings }) => {
    const { threshold, minVolume, minSpacing } = settings;
    const result = pickParticles(madeVolume(volume, spacing), watershed(threshold, minVolume, minSpacing));
    expect(result.picks.length).toBe(picks.length);
    picks.forEach((expected, i) => {
      const { x, y, z, weight, voxels } = result.picks[i]!;
      expect(Math.hypot(x - expected.x, y - expected.y, z - expected.z)).toBeLessThan(0.01);
      expect(weight).toBeCloseTo(expected.score, 3);
      expect(voxels).toBe(expected.voxels);
    });
  });

  it("puts a particle at its centroid in Å, half a voxel being the first one's centre", () => {
    const volume = volumeFrom([12, 14, 16], ballAt([5, 6, 7], 3.5), spacingOf(8, 10, 12));
    const { picks, steps } = pickParticles(volume, watershed(0.5, 0, 50));
    expect(picks.length).toBe(1);
    expect(picks[0]!.z).toBeCloseTo(5.5 * 8, 9);
    expect(picks[0]!.y).toBeCloseTo(6.5 * 10, 9);
    expect(picks[0]!.x).toBeCloseTo(7.5 * 12, 9);
    expect(steps).toEqual({
      aboveThreshold: picks[0]!.voxels,
      groups: 1,
      afterVolume: 1,
      afterSpacing: 1,
    });
    expect(picks[0]!.score).toBeCloseTo(picks[0]!.weight / picks[0]!.voxels, 12);
    expect(picks[0]!.score).toBeGreaterThan(0.5);
  });

  it("separates two touching balls of anisotropic voxels at their middles", () => {
    const near = (centre: number) => (z: number, y: number, x: number) =>
      Math.hypot(2 * (z - 6), y - 12, x - centre) <= 7 ? 0.9 : 0;
    const volume = volumeFrom(
      [13, 25, 34],
      (z, y, x) => Math.max(near(9.5)(z, y, x), near(22.5)(z, y, x)),
      spacingOf(20, 10, 10),
    );
    const { picks } = pickParticles(volume, watershed(0.5, 0, 80));
    const [left, right] = picks.map(({ x }) => x).sort((a, b) => a - b);
    expect(picks.length).toBe(2);
    expect(Math.abs(left! - 100)).toBeLessThan(2);
    expect(Math.abs(right! - 230)).toBeLessThan(2);
    for (const pick of picks) expect(Math.abs(pick.z - 130)).toBeLessThan(1e-6);
  });

  it("drops the lighter of two nearer than the minimum spacing, by Euclid and not by the longest axis", () => {
    const cube = (low: Shape3, value: number) => (z: number, y: number, x: number) =>
      [z, y, x].every((at, axis) => at >= low[axis]! && at < low[axis]! + 3) ? value : 0;
    const volume = volumeFrom([12, 12, 12], (z, y, x) =>
      Math.max(cube([0, 0, 0], 0.7)(z, y, x), cube([5, 5, 5], 0.8)(z, y, x)),
    );
    const apart = Math.sqrt(3) * 50;
    expect(pickParticles(volume, watershed(0.5, 0, apart - 0.01)).picks.length).toBe(2);
    const nearer = pickParticles(volume, watershed(0.5, 0, apart + 0.01));
    expect(nearer.picks.map(({ score }) => score)).toEqual([expect.closeTo(0.8, 5)]);
    expect(nearer.steps).toEqual({ aboveThreshold: 54, groups: 2, afterVolume: 2, afterSpacing: 1 });
  });

  it("says where the picks of an empty result went", () => {
    const volume = volumeFrom([9, 9, 9], ballAt([4, 4, 4], 2));
    expect(pickParticles(volume, watershed(0.99, 0, 40))).toEqual({
      picks: [],
      threshold: 0.99,
      steps: { aboveThreshold: 0, groups: 0, afterVolume: 0, afterSpacing: 0 },
    });
    const { picks, steps } = pickParticles(volume, watershed(0.5, 1e6, 40));
    expect(picks).toEqual([]);
    expect([steps.groups, steps.afterVolume]).toEqual([1, 0]);
  });

  it("takes a volume that is all foreground as one group", () => {
    const volume = volumeFrom([4, 5, 6], () => 0.9);
    const { picks } = pickParticles(volume, watershed(0.5, 0, 40));
    expect(picks).toEqual([
      { z: 20, y: 25, x: 30, voxels: 120, weight: expect.closeTo(108, 4), score: expect.closeTo(0.9, 6) },
    ]);
  });

  it("counts only voxels strictly above the threshold, as float32 holds it", () => {
    const volume = volumeFrom([3, 3, 3], () => 0.3);
    expect(pickParticles(volume, watershed(0.3, 0, 0)).steps.aboveThreshold).toBe(0);
    expect(pickParticles(volume, watershed(0.299, 0, 0)).steps.aboveThreshold).toBe(27);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("names the first voxel that is %d", (value) => {
    const clean = volumeFrom([4, 6, 20], ballAt([2, 3, 14], 3));
    for (const x of [0, 9, 14, 19]) {
      const volume = { ...clean, data: clean.data.slice() };
      volume.data[(2 * 6 + 3) * 20 + x] = value;
      expect(() => pickParticles(volume, watershed(0.5, 0, 40))).toThrow(
        expect.objectContaining({ tag: "NotFinite", message: expect.stringContaining(`z,y,x = 2,3,${x},`) }),
      );
    }
  });

  it("flips its picks when the volume is flipped", () => {
    const volume = madeVolume(made[0]!, 10);
    const settings = watershed(0.5, 30000, 60);
    const key = ({ z, y, x }: { z: number; y: number; x: number }) => z * 1e6 + y * 1e3 + x;
    const straight = pickParticles(volume, settings).picks.sort((a, b) => key(a) - key(b));
    for (const axes of [
      [true, false, false],
      [false, true, false],
      [false, false, true],
      [true, true, true],
    ]) {
      const size = (axis: 0 | 1 | 2) => volume.shape[axis] * 10;
      const back = pickParticles(flipped(volume, axes), settings)
        .picks.map(({ z, y, x }) => ({
          z: axes[0] ? size(0) - z : z,
          y: axes[1] ? size(1) - y : y,
          x: axes[2] ? size(2) - x : x,
        }))
        .sort((a, b) => key(a) - key(b));
      expect(back.length).toBe(straight.length);
      back.forEach((pick, i) => {
        const { z, y, x } = straight[i]!;
        expect(Math.hypot(pick.z - z, pick.y - y, pick.x - x)).toBeLessThan(2);
      });
    }
  });
});

describe("sweepThresholds", () => {
  it.each(["watershed", "peaks"] as const)("gives what separate calls give: %s", (method) => {
    const volume = madeVolume(made[1]!, 10);
    const settings = { ...watershed(0, 2000, 60), method };
    const thresholds = [0.6, 0.2, 0.9, 0.2];
    expect(sweepThresholds(volume, settings, thresholds)).toEqual(
      thresholds.map((threshold) => pickParticles(volume, { ...settings, threshold })),
    );
    expect(sweepThresholds(volume, settings, [])).toEqual([]);
  });
});

describe("pickingSchema", () => {
  it("refuses a misspelt key by name", () => {
    const settings = { method: "peaks", threshold: 0.5, minVolume: 0, minSpacing: 60 };
    expect(pickingSchema.parse(settings)).toEqual(settings);
    expect(() => pickingSchema.parse({ ...settings, minSpacign: 60 })).toThrow("minSpacign");
  });
});
