import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { Volume } from "../../../src/domain/volume.js";
import { pickParticles } from "../../../src/infer/pick/picking.js";

const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;

/** A line of voxels, every fourth of which is a group of its own with the given value. */
function lineOf(values: readonly number[]): Volume {
  const data = new Float32Array(values.length * 4);
  for (const [at, value] of values.entries()) data[at * 4 + 1] = value;
  return { data, shape: [1, 1, data.length], spacing };
}

const volume = lineOf([0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05]);
const size = 28 * 1000;
const settings = { method: "watershed", threshold: 0.5, minVolume: 0, minSpacing: angstrom(10) } as const;
const withPicks = (least: number, most: number) =>
  pickParticles(volume, { ...settings, density: { least: least / size, most: most / size } });

describe("a density of picks", () => {
  test("leaves a threshold whose picks it allows", () => {
    expect(withPicks(2, 4)).toEqual(pickParticles(volume, settings));
    expect(withPicks(3, 3).threshold).toBe(0.5);
  });

  test("raises the threshold by the least steps of 0.2 in its log-odds until few enough are left", () => {
    const { picks, threshold } = withPicks(0, 2);
    expect(picks.map(({ score }) => score)).toEqual([Math.fround(0.9), Math.fround(0.8)]);
    expect(threshold).toBeCloseTo(1 / (1 + Math.exp(-0.6)), 12);
  });

  test("lowers it until enough are found", () => {
    const { picks, threshold } = withPicks(5, 6);
    expect(picks).toHaveLength(5);
    expect(threshold).toBeCloseTo(1 / (1 + Math.exp(1.4)), 12);
  });

  test("takes the threshold that finds most where there are never enough", () => {
    const { picks, threshold } = withPicks(20, 30);
    expect(picks).toHaveLength(7);
    expect(threshold).toBeCloseTo(1 / (1 + Math.exp(3)), 12);
  });

  test("takes the highest threshold where there are always too many", () => {
    const sure = lineOf([1, 1, 1]);
    const { picks, threshold } = pickParticles(sure, {
      ...settings,
      density: { least: 0, most: 1 / 12_000 },
    });
    expect(picks).toHaveLength(3);
    expect(threshold).toBeGreaterThan(0.99);
  });

  test("moves no threshold that is no probability", () => {
    expect(
      pickParticles(volume, { ...settings, threshold: -0.5, density: { least: 1, most: 2 } }).threshold,
    ).toBe(-0.5);
  });
});
