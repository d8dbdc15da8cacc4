import { describe, expect, it } from "vitest";
import { contrastTransfer, electronWavelength, tiltTransfer } from "../../../src/data/simulate/imaging.js";

const optics = {
  voltage: 300,
  defocus: 30000,
  sphericalAberration: 2.7e7,
  amplitudeContrast: 0.1,
  phaseFlipped: false,
  bFactor: 0,
};

describe("electronWavelength", () => {
  it.each([
    [100, 0.037014],
    [200, 0.025079],
    [300, 0.019687],
  ])("at %i kV is the tabled %f Å", (kilovolt, wavelength) =>
    expect(electronWavelength(kilovolt)).toBeCloseTo(wavelength, 6),
  );
});

describe("contrastTransfer", () => {
  it("is the amplitude contrast at frequency 0", () => {
    expect(contrastTransfer(0, optics)).toBeCloseTo(0.1, 12);
  });

  it.each([1, 2, 3, 4])(
    "crosses zero where πλΔf·s² = %iπ − asin(A), without spherical aberration",
    (order) => {
      const without = { ...optics, sphericalAberration: 0 };
      const zero = Math.sqrt(
        (order * Math.PI - Math.asin(0.1)) / (Math.PI * electronWavelength(300) * optics.defocus),
      );
      expect(contrastTransfer(zero, without)).toBeCloseTo(0, 9);
      const sign = order % 2 === 1 ? 1 : -1;
      expect(Math.sign(contrastTransfer(zero * 0.99, without))).toBe(sign);
      expect(Math.sign(contrastTransfer(zero * 1.01, without))).toBe(-sign);
    },
  );

  it("moves its zeros outwards with spherical aberration, against which underfocus works", () => {
    const firstZero = (sphericalAberration: number) => {
      let s = 0.03;
      while (contrastTransfer(s, { ...optics, sphericalAberration }) > 0) s += 1e-7;
      return s;
    };
    expect(firstZero(1e9)).toBeGreaterThan(firstZero(0));
  });

  it("is never negative once its phases are flipped", () => {
    for (let s = 0; s < 0.1; s += 1e-3) {
      const flipped = contrastTransfer(s, { ...optics, phaseFlipped: true });
      expect(flipped).toBeCloseTo(Math.abs(contrastTransfer(s, optics)), 12);
    }
  });
});

describe("tiltTransfer", () => {
  const scheme = { maximum: 60, thickness: 1200 };
  const at = (tilt: number) =>
    tiltTransfer(
      0.01 * Math.cos((tilt * Math.PI) / 180),
      0.004,
      0.01 * Math.sin((tilt * Math.PI) / 180),
      scheme,
    );

  it("holds nothing beyond the greatest tilt and something up to it, less and less", () => {
    expect([60.1, 75, 90, -61, 119].map(at)).toEqual([0, 0, 0, 0, 0]);
    const kept = [0, 20, 40, 59.9].map(at);
    expect(kept).toEqual([...kept].sort((a, b) => b - a));
    expect(kept[3]).toBeGreaterThan(0.3);
  });

  it("holds the tilt axis whole", () => expect(tiltTransfer(0, 0.02, 0, scheme)).toBe(1));
});
