import { describe, expect, it } from "vitest";
import { runsAbove } from "../../../src/domain/morphology/components.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Volume } from "../../../src/domain/volume.js";
import { findPeaks } from "../../../src/infer/pick/peaks.js";
import { pickParticles } from "../../../src/infer/pick/picking.js";
import { spacingOf, volumeFrom } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

const peaksOf = (volume: Volume, radius: number, threshold = 0.1) =>
  findPeaks(volume, runsAbove(volume, threshold), radius);
const gaussian =
  (centre: Shape3, sigma: number, height = 1) =>
  (z: number, y: number, x: number): number =>
    height *
    Math.exp(-((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2) / (2 * sigma ** 2));

describe("findPeaks", () => {
  it("finds a Gaussian's centre between the voxels", () => {
    const [peak, ...others] = peaksOf(volumeFrom([16, 18, 20], gaussian([7.3, 8.8, 9.45], 3)), 4);
    expect(others).toEqual([]);
    expect([peak!.z, peak!.y, peak!.x].map((at, axis) => Math.abs(at - [7.3, 8.8, 9.45][axis]!))).toEqual(
      [0, 1, 2].map(() => expect.toSatisfy((error: number) => error < 0.03)),
    );
  });

  it("keeps peaks whose centre lies on or beyond a face", () => {
    const volume = volumeFrom([10, 24, 24], (z, y, x) =>
      Math.max(
        gaussian([-0.6, 6, 6], 2)(z, y, x),
        gaussian([9, 18, 6], 2)(z, y, x),
        gaussian([5, 12, 23.4], 2)(z, y, x),
      ),
    );
    const places = peaksOf(volume, 4)
      .map(({ z, y, x }) => [Math.round(z), Math.round(y), Math.round(x)])
      .sort((a, b) => a[1]! - b[1]!);
    expect(places).toEqual([
      [0, 6, 6],
      [5, 12, 23],
      [9, 18, 6],
    ]);
  });

  it("gives a plateau one peak, at its middle", () => {
    const volume = volumeFrom([13, 13, 13], (z, y, x) => Math.min(0.8, gaussian([6, 6, 6], 4)(z, y, x)));
    const peaks = peaksOf(volume, 2);
    expect(peaks).toEqual([expect.objectContaining({ z: 6, y: 6, x: 6, value: Math.fround(0.8) })]);
    expect(peaks[0]!.voxels).toBeGreaterThan(20);
  });

  it("gives two equal voxels in one window one peak, the first", () => {
    const at = (x: number) =>
      volumeFrom([3, 3, 12], (z, y, i) => (z === 1 && y === 1 && (i === 2 || i === x) ? 1 : 0));
    expect(peaksOf(at(6), 4).map(({ x }) => x)).toEqual([2]);
    expect(peaksOf(at(7), 4).map(({ x }) => x)).toEqual([2, 7]);
  });

  it("finds a constant volume's middle", () => {
    const volume = volumeFrom([3, 5, 7], () => 0.5);
    expect(peaksOf(volume, 2)).toEqual([{ z: 1, y: 2, x: 3, value: 0.5, voxels: 105, anchor: 0 }]);
  });

  it("is, where all voxels differ, every voxel that none in its ball exceeds, by trying them all", () => {
    const shapes = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 7 }),
    );
    const spacings = fc.constantFrom(spacingOf(10), spacingOf(15, 10, 10));
    fc.assert(
      fc.property(shapes, spacings, fc.nat(), fc.constantFrom(1.75, 2, 3), (shape, spacing, seed, radius) => {
        const count = shape[0] * shape[1] * shape[2];
        const order = fc.sample(fc.shuffledSubarray([...Array(count).keys()], { minLength: count }), {
          numRuns: 1,
          seed,
        })[0]!;
        let next = 0;
        const volume = volumeFrom(shape, () => (order[next++]! + 1) / count, spacing);
        const place = (i: number) => [
          Math.floor(i / (shape[1] * shape[2])),
          Math.floor(i / shape[2]) % shape[1],
          i % shape[2],
        ];
        const touches = (steps: number[]) => steps.every((step) => Math.abs(step) <= 1);
        const expected = [...volume.data.keys()].filter(
          (i) =>
            volume.data[i]! > Math.fround(0.1) &&
            volume.data.every((value, j) => {
              const steps = place(i).map((at, axis) => at - place(j)[axis]!);
              const distance = Math.hypot(...steps.map((step, axis) => (step * spacing[axis]!) / 10));
              return value <= volume.data[i]! || (distance > radius && !touches(steps));
            }),
        );
        const found = peaksOf(volume, radius).map(({ anchor }) => anchor);
        expect([...found].sort((a, b) => a - b)).toEqual(expected);
        expect(found).toEqual([...found].sort((a, b) => volume.data[b]! - volume.data[a]!));
      }),
      { numRuns: 150 },
    );
  });
});

describe("pickParticles, peaks", () => {
  const volume = volumeFrom([12, 12, 30], (z, y, x) =>
    Math.max(gaussian([6, 6, 6], 2, 0.6)(z, y, x), gaussian([6, 6, 20], 2, 0.9)(z, y, x)),
  );
  const settings = { method: "peaks", threshold: 0.3, minVolume: 1e9, minSpacing: angstrom(40) } as const;

  it("gives Å and the peak's value as the score, the greatest first", () => {
    const { picks, steps } = pickParticles(volume, { ...settings, radius: angstrom(30) });
    expect(picks.map(({ z, y, x }) => [z, y, x])).toEqual([
      [65, 65, expect.closeTo(205, 3)],
      [65, 65, expect.closeTo(65, 3)],
    ]);
    expect(picks.map(({ score }) => score)).toEqual([Math.fround(0.9), Math.fround(0.6)]);
    expect(steps).toMatchObject({ groups: 2, afterVolume: 2, afterSpacing: 2 });
  });

  it("drops the lesser within the minimum spacing", () => {
    const { picks, steps } = pickParticles(volume, {
      ...settings,
      radius: angstrom(30),
      minSpacing: angstrom(150),
    });
    expect(picks.map(({ score }) => score)).toEqual([Math.fround(0.9)]);
    expect(steps).toMatchObject({ groups: 2, afterSpacing: 1 });
  });
});
