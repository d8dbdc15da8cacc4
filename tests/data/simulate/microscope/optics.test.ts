import { describe, expect, it } from "vitest";
import {
  contrastOfDensity,
  contrastTransfer,
  electronWavelength,
  intactShare,
  passedShare,
} from "../../../../src/data/simulate/microscope/optics.js";

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

describe("contrastOfDensity", () => {
  it.each([
    [100, 9.244e-4],
    [300, 6.526e-4],
  ])("at %i kV is twice the tabled interaction constant %f rad/(V Å), per volt", (kilovolt, constant) =>
    expect((contrastOfDensity(kilovolt) * 0.234) / 2 / constant).toBeCloseTo(1, 3),
  );
});

describe("intactShare", () => {
  it("is exp(−½) after the critical dose, which is 14.1 e/Å² at 10 Å by the published fit", () => {
    expect(intactShare(0.1, 0.24499 * 0.1 ** -1.6649 + 2.8141)).toBeCloseTo(Math.exp(-0.5), 12);
    expect(intactShare(0.1, 14.13)).toBeCloseTo(Math.exp(-0.5), 3);
    expect(intactShare(0, 1000)).toBe(1);
    expect(intactShare(0.05, 0)).toBe(1);
  });
});

describe("passedShare", () => {
  it("squares as the path doubles, at 60°", () =>
    expect(passedShare(1500, 60)).toBeCloseTo(passedShare(1500, 0) ** 2, 12));
});
