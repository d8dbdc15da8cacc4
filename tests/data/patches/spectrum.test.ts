import { describe, expect, it } from "vitest";
import { varySpectrum } from "../../../src/data/patches/spectrum.js";
import { drawGain } from "../../../src/data/spectrum/gain.js";
import { measureSpectrum } from "../../../src/data/spectrum/spectrum.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";

const shells = { width: 0.5 / 32, shells: 32 };

const noise = (shape: Shape3): Float32Array => {
  const random = randomFor(1, "spectrum test");
  return Float32Array.from({ length: voxelCount(shape) }, () => 0.5 + random.normal());
};

describe("drawGain", () => {
  it("has logarithms of mean 0 and the wanted deviation over frequencies and draws", () => {
    const random = randomFor(2, "spectrum test");
    const logs = Array.from({ length: 4000 }, () => drawGain(shells, 0.3, random).gains.map(Math.log)).flat();
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, log) => sum + log * log, 0) / logs.length);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(deviation).toBeGreaterThan(0.28);
    expect(deviation).toBeLessThan(0.33);
  });
});

describe("varySpectrum", () => {
  it("gives a patch the spectrum of the gain that it draws, and keeps its mean and deviation", () => {
    const shape: Shape3 = [64, 64, 64];
    const input = noise(shape);
    const kept = input.slice();
    varySpectrum(input, shape, 0.5, randomFor(3, "draw"));
    const { gains } = drawGain(shells, 0.5, randomFor(3, "draw"));
    const one = angstrom(1);
    const [before, after] = [kept, input].map(
      (data) => measureSpectrum({ data, shape, spacing: [one, one, one] }).power,
    ) as [readonly number[], readonly number[]];
    const ratios = gains.map((gain, shell) => Math.sqrt(after[shell]! / before[shell]!) / gain).slice(3, -1);
    expect(Math.max(...ratios) / Math.min(...ratios)).toBeLessThan(1.06);
    expect(Math.max(...gains) / Math.min(...gains)).toBeGreaterThan(1.5);
    const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
    const square = (values: Float32Array) =>
      values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(mean(input)).toBeCloseTo(mean(kept), 4);
    expect(square(input)).toBeCloseTo(square(kept), 4);
  });

  it("takes patches of any size, and equal draws give equal bytes", () => {
    const shape: Shape3 = [7, 11, 14];
    const [one, other] = [noise(shape), noise(shape)];
    for (const input of [one, other]) varySpectrum(input, shape, 0.3, randomFor(4, "draw"));
    expect(one).toEqual(other);
    expect(one).not.toEqual(noise(shape));
    const flat = new Float32Array(voxelCount(shape)).fill(2);
    varySpectrum(flat, shape, 0.3, randomFor(4, "draw"));
    expect(new Set(flat)).toEqual(new Set([2]));
  });
});
