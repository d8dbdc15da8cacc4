import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { measureIntensity, measureValues, normalise } from "../../src/data/normalise.js";
import { openOmeZarr, openTomogram } from "../../src/data/tomograms/omeZarr.js";
import { angstrom } from "../../src/domain/units.js";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";
import { fixture, temporaryFolder } from "../support/storeFixtures.js";

const bytes = fixture("tomogram-like.f4");
const values = new Float32Array(new Uint8Array(bytes).buffer);
/** np.quantile of the same values in float64, by stores.py. */
const [tail, quarter, middle, threeQuarters, top] = (
  JSON.parse(fixture("quantiles.json").toString()) as { quantile: [number, number, number, number, number] }
).quantile;

describe("measureValues", () => {
  test("median, quartile scale and bounds are numpy's", () => {
    const intensity = measureValues(values, "test");
    const scale = (threeQuarters - quarter) / 1.349;
    expect(intensity.median / middle).toBeCloseTo(1, 5);
    expect(intensity.scale / scale).toBeCloseTo(1, 5);
    expect(intensity.low).toBeCloseTo((1.5 * (tail - middle)) / scale, 4);
    expect(intensity.high).toBeCloseTo((1.5 * (top - middle)) / scale, 4);
  });

  test("a few gold beads change nothing but themselves", () => {
    const beaded = values.slice();
    for (let i = 0; i < 5; i++) beaded[i * 1000] = -1;
    const [clean, dirty] = [measureValues(values, "clean"), measureValues(beaded, "beaded")];
    expect(dirty.scale / clean.scale).toBeCloseTo(1, 2);
    expect(normalise(beaded, dirty)[0]).toBeCloseTo(dirty.low, 5);
  });

  test("does not touch the values, and is not fooled by a mostly empty volume", () => {
    const mostlyZero = new Float32Array(1000);
    for (let i = 0; i < 100; i++) mostlyZero[i * 10] = i % 2 === 0 ? 1e-6 : -1e-6;
    const before = mostlyZero.slice();
    expect(measureValues(mostlyZero, "test").scale).toBeGreaterThan(0);
    expect(mostlyZero).toEqual(before);
  });

  test("a constant volume is refused", () => {
    expect(() => measureValues(new Float32Array(100).fill(3), "TS_1 wbp")).toThrow(
      /TS_1 wbp: every voxel is 3/,
    );
  });
});

test("normalise gives median 0 and scale 1, in place, whatever the unit", () => {
  const small = values.slice();
  const large = values.map((value) => value * 1e6 + 5);
  const normalised = normalise(small, measureValues(small, "small"));
  expect(normalised).toBe(small);
  const other = normalise(large, measureValues(large, "large"));
  for (let i = 0; i < small.length; i += 97) expect(other[i]).toBeCloseTo(normalised[i]!, 3);
  const again = measureValues(normalised, "again");
  expect(again.median).toBeCloseTo(0, 5);
  expect(again.scale).toBeCloseTo(1, 5);
});

test("a tomogram is measured from all its chunks", async () => {
  const path = join(temporaryFolder(), "a.zarr");
  const writer = await createOmeZarr(path, {
    shape: [20, 25, 40],
    spacing: [angstrom(10), angstrom(10), angstrom(10)],
    chunkShape: [8, 16, 16],
  });
  await writer.writeSlab(0, values);
  await writer.close();
  const measured = await measureIntensity(await openTomogram(await openOmeZarr(path)));
  expect(measured).toEqual(measureValues(values, "whole"));
});
