import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../src/data/tomograms/omeZarr.js";
import { connectedComponents, runsAbove, runsOfMask } from "../../src/domain/morphology/components.js";
import { stackRuns, voxelsOf } from "../../src/domain/morphology/stack.js";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3 } from "../../src/domain/volume.js";
import { findFeatureMaps } from "../../src/infer/maps/featureMaps.js";
import { measureFeature } from "../../src/survey/measure/feature.js";
import { slabDepth } from "../../src/survey/measure/slabs.js";
import { measureTomogram } from "../../src/survey/measure/tomogram.js";
import { silentReporter } from "../../src/system/reporter.js";
import { temporaryFolder } from "../support/storeFixtures.js";
import { whiteNoise, writeMrc } from "../support/surveyData.js";

async function tomogram(shape: Shape3, values: Float32Array) {
  const path = join(temporaryFolder(), "TS_1.mrc");
  await writeMrc(path, shape, values);
  return (await measureTomogram(await openTomogram(await openOmeZarr(path)))).facts;
}

async function feature(
  shape: Shape3,
  values: Float32Array,
  mode: 2 | 6 = 2,
  settings = { threshold: 0.5, dust: 0 },
) {
  const path = join(temporaryFolder(), "TS_1__membrane.mrc");
  await writeMrc(path, shape, values, mode);
  const [map] = await findFeatureMaps([path], { reporter: silentReporter });
  return (await measureFeature(map!, settings)).facts;
}

describe("tomograms", () => {
  test("white noise has noise 1, a mean of neighbours √½, and normal values no skewness", async () => {
    const shape = [24, 64, 64] as const;
    const white = whiteNoise(shape, 1);
    const facts = await tomogram(shape, white);
    expect(facts.noise).toBeCloseTo(1, 1);
    expect(facts.scale).toBeCloseTo(1, 1);
    expect(facts.skewness).toBeCloseTo(0, 1);
    expect(facts.kurtosis).toBeCloseTo(0, 1);
    expect(facts).toMatchObject({ blank: 0, thickness: 240, contrast: "unknown", shape: [24, 64, 64] });
    expect(facts.volume).toBe(24 * 64 * 64 * 1000);
    const smooth = white.map((value, at) => (value + (white[at + 1] ?? value)) / 2);
    expect((await tomogram(shape, smooth)).noise).toBeCloseTo(Math.SQRT1_2, 1);
  });

  test("blank planes are no part of thickness, volume and grey values", async () => {
    const shape = [24, 64, 64] as const;
    const plane = 64 * 64;
    const values = whiteNoise(shape, 2).map((value, at) => (at < 6 * plane || at >= 20 * plane ? 7 : value));
    const facts = await tomogram(shape, values);
    expect(facts.thickness).toBe(140);
    expect(facts.blank).toBeCloseTo((100 * 10) / 24, 6);
    expect(facts.volume).toBeCloseTo(14 * plane * 1000, 0);
    expect(facts.largest).toBeLessThan(6);
  });

  test("the sample's thickness follows the contrast", async () => {
    const shape = [60, 96, 96] as const;
    const plane = 96 * 96;
    const values = whiteNoise(shape, 3).map((value, at) =>
      at >= 15 * plane && at < 45 * plane ? 3 * value : value,
    );
    expect(Math.abs((await tomogram(shape, values)).sample! - 300)).toBeLessThan(25);
    expect((await tomogram(shape, whiteNoise(shape, 4))).sample).toBeNull();
  });

  test("a constant tomogram is measured, and has no contrast", async () => {
    const facts = await tomogram([4, 8, 8], new Float32Array(256).fill(3));
    expect(facts).toMatchObject({ least: 3, largest: 3, median: 3, scale: 0, noise: 0, contrast: "unknown" });
  });
});

describe("features", () => {
  test("uint16 with 255, 51 and 102 of 2³ voxels is 20 % ", async () => {
    const facts = await feature([2, 2, 2], Float32Array.of(255, 51, 102, 0, 0, 0, 0, 0), 6);
    expect(facts.softPercent).toBeCloseTo(20, 6);
    expect(facts.softVolume).toBeCloseTo(1600, 4);
    expect(facts).toMatchObject({ percent: 12.5, volume: 1000, components: 1, largest: 1000 });
  });

  test("components of fewer Å³ than dust are not counted", async () => {
    const values = new Float32Array(4 * 8 * 8);
    for (const at of [0, 1, 2, 40, 100]) values[at] = 1;
    const all = await feature([4, 8, 8], values);
    expect(all).toMatchObject({ components: 3, largest: 3000, volume: 5000 });
    expect((await feature([4, 8, 8], values, 2, { threshold: 0.5, dust: 2000 })).components).toBe(1);
  });

  test.each([1.5, -0.2, 20])("a map that holds %d is refused, as it is no probability", async (value) => {
    await expect(feature([2, 2, 2], new Float32Array(8).fill(value))).rejects.toThrow(
      "wanted probabilities from 0 to 1",
    );
  });
});

test("runs of slabs join to those of the whole", () => {
  const shape = [9, 12, 14] as const;
  const data = whiteNoise(shape, 5);
  const each = angstrom(1);
  const spacing = [each, each, each] as const;
  const whole = runsAbove({ data, shape, spacing }, 0.4);
  const plane = 12 * 14;
  const slabs = [0, 2, 3, 7].map((z, i, all) => {
    const end = all[i + 1] ?? 9;
    return runsAbove({ data: data.slice(z * plane, end * plane), shape: [end - z, 12, 14], spacing }, 0.4);
  });
  expect(stackRuns(slabs)).toEqual(whole);
  const mask = Uint8Array.from(data, (value) => (value > 0.4 ? 1 : 0));
  const sizes = voxelsOf(whole, connectedComponents(runsOfMask(mask, shape)));
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(whole.voxels);
});

test("slabs are whole chunks of a bounded number of voxels", () => {
  expect(slabDepth([184, 630, 630], 1)).toBe(10);
  expect(slabDepth([184, 630, 630], 46)).toBe(46);
  expect(slabDepth([184, 630, 630], 184)).toBe(63);
  expect(slabDepth([3, 4, 4], 64)).toBe(3);
  expect(slabDepth([2, 20000, 20000], 64)).toBe(1);
});
