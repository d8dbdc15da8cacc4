import { describe, expect, it } from "vitest";
import { measureGreyValues, measureParticleContrast } from "../../../src/data/spectrum/greyValues.js";
import { measureSpectrum, type Spectrum } from "../../../src/data/spectrum/spectrum.js";
import { challengeParticles } from "../../../src/domain/particles.js";
import { angstrom } from "../../../src/domain/units.js";
import { blankScene, expectedSpectra, spectrumScene } from "../../support/spectrumScene.js";

/** Greatest difference of powers relative to the wanted ones; where one has none, so must the other. */
function greatestError(got: Spectrum, wanted: Spectrum): number {
  const pairs = [
    ...got.power.map((value, at) => [value, wanted.power[at]!] as const),
    ...got.sectors.flatMap((shell, at) => shell.map((value, k) => [value, wanted.sectors[at]![k]!] as const)),
  ];
  expect(pairs.map(([value]) => value === null)).toEqual(pairs.map(([, value]) => value === null));
  const errors = pairs.flatMap(([a, b]) => (a === null ? [] : [Math.abs(a - b) / Math.max(b, 1e-3)]));
  return Math.max(...errors);
}

describe("measureSpectrum", () => {
  it("is NumPy's mean of periodograms, by shell and by sector", () => {
    const got = measureSpectrum(spectrumScene());
    expect(got.width).toBeCloseTo(expectedSpectra.plain.width, 12);
    expect(greatestError(got, expectedSpectra.plain)).toBeLessThan(1e-4);
  });

  it("leaves blank voxels out, whatever they hold", () => {
    expect(greatestError(measureSpectrum(blankScene()), expectedSpectra.blank)).toBeLessThan(1e-4);
    expect(greatestError(measureSpectrum(blankScene()), expectedSpectra.plain)).toBeGreaterThan(0.01);
  });

  it("keeps the least blank block of a volume that is mostly blank", () => {
    const scene = spectrumScene();
    const blank = new Uint8Array(scene.data.length).fill(1);
    for (let at = 0; at < blank.length; at += 3) blank[at] = 0;
    expect(measureSpectrum({ ...scene, blank }).power.every((power) => power > 0)).toBe(true);
  });
});

describe("grey values", () => {
  it("have SciPy's moments and NumPy's quantiles, without blank voxels", () => {
    const got = measureGreyValues(blankScene());
    const { quantiles, ...moments } = expectedSpectra.grey;
    for (const [name, wanted] of Object.entries(moments))
      expect(got[name as keyof typeof moments]).toBeCloseTo(wanted, 5);
    for (const [at, wanted] of quantiles.entries()) expect(got.quantiles[at]).toBeCloseTo(wanted, 5);
  });

  it("of particles are compared with the shell around them, as NumPy does voxel by voxel", () => {
    const particle = { ...challengeParticles[0]!, radius: angstrom(expectedSpectra.radius) };
    const picks = expectedSpectra.picks.map(([x, y, z]) => ({
      type: particle.name,
      x: angstrom(x),
      y: angstrom(y),
      z: angstrom(z),
    }));
    const [got] = measureParticleContrast(blankScene(), picks, [particle]);
    expect(got!.picks).toBe(expectedSpectra.contrast.picks);
    expect(got!.contrast).toBeCloseTo(expectedSpectra.contrast.contrast, 5);
    expect(got!.deviation).toBeCloseTo(expectedSpectra.contrast.deviation, 5);
  });
});
