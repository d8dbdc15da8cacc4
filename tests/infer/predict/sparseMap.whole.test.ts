import { afterAll, describe, expect, it } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Volume } from "../../../src/domain/volume.js";
import { type PickingSettings, pickParticles, sweepThresholds } from "../../../src/infer/pick/picking.js";
import { openPickPool } from "../../../src/infer/pick/pool.js";
import { clearKept, denseVolume, SparseMapBuilder, writeKept } from "../../../src/infer/predict/sparseMap.js";
import { spacingOf, volumeFrom } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

const sparse = ({ data, shape, spacing }: Volume, floor: number, depth = 3) => {
  const builder = new SparseMapBuilder(shape, spacing, floor);
  const plane = shape[1] * shape[2];
  for (let z = 0; z < shape[0]; z += depth) builder.add(data.slice(z * plane, (z + depth) * plane));
  return builder.finish();
};

/** Smooth blobs and noise as probabilities of 16 bits, with plateaus where `steps` is small. */
function probabilities(shape: Shape3, seed: number, steps = 65535): Volume {
  const random = randomFor(seed, "tests/sparseMap", 0);
  const centres = Array.from({ length: 8 }, () => shape.map((size) => random.uniform() * size));
  return volumeFrom(
    shape,
    (z, y, x) => {
      const near = centres.map(([cz, cy, cx]) =>
        Math.exp(-((z - cz!) ** 2 + (y - cy!) ** 2 + (x - cx!) ** 2) / 12),
      );
      const value = Math.min(1, 0.95 * Math.max(...near) + 0.1 * random.uniform());
      return Math.round((Math.round(value * steps) / steps) * 65535) / 65535;
    },
    spacingOf(10, 10, 11),
  );
}

const settings: Record<string, PickingSettings> = {
  watershed: { method: "watershed", threshold: 0.4, minVolume: 3000, minSpacing: angstrom(40) },
  peaks: { method: "peaks", threshold: 0.4, minVolume: 0, minSpacing: angstrom(30) },
  touching: {
    method: "peaks",
    threshold: 0.08,
    minVolume: 0,
    minSpacing: angstrom(10),
    radius: angstrom(10),
  },
};
const pool = openPickPool(2);
afterAll(() => pool.close());

describe("a sparse map", () => {
  it("keeps the voxels above its floor and their face neighbours, however slabs are cut", () => {
    const shape = [7, 6, 9] as const;
    const random = randomFor(1, "tests/sparseMap", 0);
    const volume = volumeFrom(shape, () => Math.round(random.uniform() ** 6 * 65535) / 65535);
    const { data } = volume;
    const at = (z: number, y: number, x: number) => (z * 6 + y) * 9 + x;
    const above = (z: number, y: number, x: number) =>
      z >= 0 && y >= 0 && x >= 0 && z < 7 && y < 6 && x < 9 && data[at(z, y, x)]! > Math.fround(0.6);
    const expected = new Float32Array(data.length);
    for (let z = 0; z < 7; z++)
      for (let y = 0; y < 6; y++)
        for (let x = 0; x < 9; x++)
          if (
            [above(z, y, x), above(z - 1, y, x), above(z + 1, y, x), above(z, y - 1, x)].some(Boolean) ||
            [above(z, y + 1, x), above(z, y, x - 1), above(z, y, x + 1)].some(Boolean)
          )
            expected[at(z, y, x)] = data[at(z, y, x)]!;
    expect(expected.some((value) => value === 0)).toBe(true);
    for (const depth of [1, 2, 3, 7]) expect(denseVolume(sparse(volume, 0.6, depth)).data).toEqual(expected);
  });

  it("keeps all there is below zero, and nothing where nothing is above", () => {
    const volume = probabilities([5, 8, 9], 2);
    expect(denseVolume(sparse(volume, -1)).data).toEqual(volume.data);
    expect(sparse(volume, 1).blocks.every(({ values }) => values.length === 0)).toBe(true);
  });

  it("leaves zeros where it is cleared", () => {
    const map = sparse(probabilities([5, 8, 9], 3), 0.3);
    const data = new Float32Array(5 * 8 * 9);
    writeKept(map, data);
    expect(data.some((value) => value > 0)).toBe(true);
    clearKept(map, data);
    expect(data.every((value) => value === 0)).toBe(true);
  });

  it.each(Object.keys(settings))("gives the picks of the whole volume, bit for bit: %s", (name) => {
    const asked = settings[name]!;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(12, 40, 65535),
        fc.integer({ min: 1, max: 9 }),
        (seed, steps, depth) => {
          const volume = probabilities([18, 21, 23], seed, steps);
          const whole = pickParticles(volume, asked);
          expect(whole.picks.length).toBeGreaterThan(0);
          expect(pickParticles(denseVolume(sparse(volume, asked.threshold, depth)), asked)).toEqual(whole);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe("a pool of picking threads", () => {
  it("gives what this thread gives, for volumes of several shapes at once", async () => {
    const volumes = [4, 5, 6, 7].map((seed) => probabilities(seed % 2 ? [18, 21, 23] : [12, 30, 17], seed));
    const all = volumes.flatMap((volume) => Object.values(settings).map((asked) => ({ volume, asked })));
    const picked = await Promise.all(
      all.map(({ volume, asked }) => pool.pick(sparse(volume, asked.threshold), asked)),
    );
    expect(picked).toEqual(all.map(({ volume, asked }) => pickParticles(volume, asked)));
  });

  it("sweeps thresholds above the floor as this thread does", async () => {
    const volume = probabilities([18, 21, 23], 8);
    const thresholds = [0.3, 0.9, 0.5];
    for (const asked of Object.values(settings))
      expect(await pool.sweep(sparse(volume, 0.3), asked, thresholds)).toEqual(
        sweepThresholds(volume, asked, thresholds),
      );
  });
});
