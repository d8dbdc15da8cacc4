import { describe, expect, it } from "vitest";
import { measureValues, normalise } from "../../../src/data/normalise.js";
import { filterVolume } from "../../../src/data/spectrum/filter.js";
import { gainAt, matchingGain, meanPower, type RadialGain } from "../../../src/data/spectrum/gain.js";
import { matchVolume, normalisedPower } from "../../../src/data/spectrum/match.js";
import { type Volume, voxelCount } from "../../../src/domain/volume.js";
import { cornerScene, expectedSpectra, noiseAt, spectrumScene } from "../../support/spectrumScene.js";

const gain: RadialGain = { width: 0.5 / 12 / 32, gains: expectedSpectra.gains };

const powerOf = (volume: Volume) => normalisedPower(volume, measureValues(volume.data, "scene"));

const normalised = ({ data }: Volume): Float32Array => normalise(data.slice(), measureValues(data, "scene"));

const copyOf = (volume: Volume): Volume => ({ ...volume, data: volume.data.slice() });

/** Root mean square of the difference over that of the values about their mean. */
function relativeError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [sum, difference, squares] = [0, 0, 0];
  for (let at = 0; at < wanted.length; at++) sum += wanted[at]!;
  for (let at = 0; at < wanted.length; at++) {
    difference += (got[at]! - wanted[at]!) ** 2;
    squares += (wanted[at]! - sum / wanted.length) ** 2;
  }
  return Math.sqrt(difference / squares);
}

/** Noise without a pattern whose power falls with the frequency, as a tomogram's does. */
function falling(): Volume {
  const shape = [40, 70, 75] as const;
  const data = Float32Array.from({ length: voxelCount(shape) }, (_, at) =>
    [0, 1, 2, 3].reduce((sum, part) => sum + noiseAt(4 * at + part), 0),
  );
  const volume = { data, shape, spacing: spectrumScene().spacing };
  filterVolume(volume, { ...gain, gains: gain.gains.map((_, shell) => Math.exp(-shell / 12)) });
  return volume;
}

describe("filterVolume", () => {
  it("is NumPy's filter of the whole volume, mirrored beyond its faces", () => {
    const volume = cornerScene();
    filterVolume(volume, gain);
    expect(relativeError(volume.data, expectedSpectra.filtered)).toBeLessThan(4e-3);
    expect(relativeError(cornerScene().data, expectedSpectra.filtered)).toBeGreaterThan(0.2);
  });

  it("returns a volume that its inverse filtered before", () => {
    const volume = spectrumScene();
    filterVolume(volume, gain);
    filterVolume(volume, { ...gain, gains: gain.gains.map((value) => 1 / value) });
    expect(relativeError(volume.data, spectrumScene().data)).toBeLessThan(0.1);
  });

  it("takes no value from blank voxels, and leaves the mean in them", () => {
    const scene = cornerScene();
    const blank = Uint8Array.from(scene.data, (_, at) => (at % 18 < 4 ? 1 : 0));
    const [one, other] = [0, 1e9].map((fill) => {
      const data = scene.data.map((value, at) => (blank[at] === 1 ? fill : value));
      const volume = { ...scene, data, blank };
      filterVolume(volume, gain);
      return volume.data;
    });
    expect(one).toEqual(other);
    expect(new Set(one!.filter((_, at) => blank[at] === 1)).size).toBe(1);
  });
});

describe("matchVolume", () => {
  it("gives a filtered volume its spectrum and nearly its values back", () => {
    const original = falling();
    const wanted = powerOf(original);
    const volume = copyOf(original);
    filterVolume(volume, gain);
    const before = relativeError(normalised(volume), normalised(original));
    matchVolume({ volume, intensity: measureValues(volume.data, "scene"), wanted });
    const ratios = powerOf(volume).power.map((power, shell) => power / wanted.power[shell]!);
    expect(Math.max(...ratios.slice(1, -1))).toBeLessThan(1.2);
    expect(Math.min(...ratios.slice(1, -1))).toBeGreaterThan(0.95);
    expect(before).toBeGreaterThan(0.4);
    expect(relativeError(normalised(volume), normalised(original))).toBeLessThan(0.13);
  });
});

describe("gains", () => {
  const flat = { width: 0.01, power: [1, 1, 1, 1] };

  it("are bounded, and raise nothing beyond the last shell", () => {
    const up = matchingGain({ ...flat, power: [1e-9, 1e-9, 1e-9, 1e-9] }, flat);
    expect(up.gains).toEqual([4, 4, 4, 4]);
    expect([gainAt(up, 0.04), gainAt(up, 0.041)]).toEqual([expect.closeTo(4, 9), 1]);
    const down = matchingGain(flat, { ...flat, power: [1e-9, 1e-9, 1e-9, 1e-9] });
    expect([gainAt(down, 0.001), gainAt(down, 0.1)]).toEqual([expect.closeTo(0.25, 9), 0.25]);
  });

  it("are the root of the ratio of powers, at the frequencies of either", () => {
    const wanted = { width: 0.02, power: [4, 9] };
    const own = { width: 0.01, power: [1, 1, 1, 1] };
    const { gains } = matchingGain(own, wanted);
    expect(gains[0]).toBeCloseTo(2, 12);
    expect(gains[2]).toBeCloseTo(
      Math.exp(0.25 * Math.log(2) + 0.5 * Math.log(Math.sqrt(6)) + 0.25 * Math.log(3)),
      12,
    );
  });

  it("come from the geometric mean of several spectra", () => {
    const mean = meanPower([flat, { ...flat, power: [4, 4, 9, 16] }]);
    for (const [shell, wanted] of [2, 2, 3, 4].entries()) expect(mean.power[shell]).toBeCloseTo(wanted, 12);
  });
});
