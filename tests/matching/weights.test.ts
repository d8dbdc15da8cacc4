import { describe, expect, test } from "vitest";
import { contrastTransfer } from "../../src/data/simulate/microscope/optics.js";
import { gainAt } from "../../src/data/spectrum/gain.js";
import { bandGain, frequencyWeights } from "../../src/matching/weights.js";

const edge = 16;
const at = (weights: Float32Array, z: number, y: number, x: number): number =>
  weights[(((z + edge) % edge) * edge + ((y + edge) % edge)) * edge + ((x + edge) % edge)]!;

describe("weights of frequencies", () => {
  test("of a wedge keep what a tilt about y shows: x·cos + z·sin", () => {
    const weights = frequencyWeights(edge, 10, { wedge: [-30, 60] });
    expect(at(weights, 0, 0, 0)).toBe(1);
    expect(at(weights, 0, 5, 0)).toBe(1);
    expect(at(weights, 0, 0, 5)).toBe(1);
    expect(at(weights, 5, 0, 0)).toBe(0);
    // Angles of 45°, −45°, and what is opposite of them.
    expect(at(weights, 4, 0, 4)).toBe(1);
    expect(at(weights, -4, 0, -4)).toBe(1);
    expect(at(weights, -4, 2, 4)).toBe(0);
    expect(at(weights, 4, 0, -4)).toBe(0);
    expect(at(weights, -1, 3, 4)).toBe(1);
    expect(at(weights, 7, 0, 4)).toBe(0);
  });

  test("keep as much of all frequencies as the tilts cover of 180°", () => {
    const long = 48;
    const weights = frequencyWeights(long, 10, { wedge: [-60, 60] });
    let [kept, all] = [0, 0];
    for (let z = -20; z <= 20; z++)
      for (let x = -20; x <= 20; x++)
        if (Math.hypot(z, x) <= 20 && Math.hypot(z, x) > 4) {
          kept += weights[((z + long) % long) * long * long + ((x + long) % long)]!;
          all++;
        }
    expect(kept / all).toBeGreaterThan(0.64);
    expect(kept / all).toBeLessThan(0.7);
  });

  test("are the same at k and −k, Nyquist's faces included", () => {
    const weights = frequencyWeights(edge, 10, { wedge: [-20, 50] });
    for (let z = 0; z < edge; z++)
      for (let y = 0; y < edge; y++)
        for (let x = 0; x < edge; x++) expect(at(weights, z, y, x)).toBe(at(weights, -z, -y, -x));
  });

  test("hold the mean contrast transfer of the defoci, and the gain", () => {
    const lens = { voltage: 300, sphericalAberration: 2.7e7, amplitudeContrast: 0.1, phaseFlipped: false };
    const optics = [20_000, 35_000].map((defocus) => ({ ...lens, defocus }));
    const gain = { width: 0.01, gains: [1, 0.5, 0.25, 0.2, 0.1] };
    const weights = frequencyWeights(edge, 10, { optics, gain });
    const frequency = 3 / 160;
    const wanted = (contrastTransfer(frequency, optics[0]!) + contrastTransfer(frequency, optics[1]!)) / 2;
    expect(at(weights, 0, 0, 3)).toBeCloseTo(wanted * gainAt(gain, frequency), 6);
    expect(at(weights, 3, 0, 0)).toBeCloseTo(at(weights, 0, 0, 3), 6);
  });

  test("of a band fall to √½ at its ends", () => {
    const gain = bandGain({ lowPass: 40, highPass: 400 }, undefined, 10);
    const low = bandGain({ lowPass: 40 }, undefined, 10);
    const high = bandGain({ highPass: 400 }, undefined, 10);
    expect(gainAt(low, 1 / 40)).toBeCloseTo(Math.SQRT1_2, 3);
    expect(gainAt(high, 1 / 400)).toBeCloseTo(Math.SQRT1_2, 1);
    expect(gainAt(high, 1 / 800)).toBeLessThan(0.3);
    expect(gainAt(low, 1 / 20)).toBeLessThan(0.3);
    expect(gainAt(gain, 1 / 130)).toBeGreaterThan(0.9);
  });
});
