import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fastLength, fourierTransform } from "../../src/domain/fourier.js";
import { randomFor } from "../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../src/domain/volume.js";
import fc from "../support/properties.js";

interface Case {
  shape: Shape3;
  re: number[];
  im: number[];
  spectrumRe: number[];
  spectrumIm: number[];
}

const cases = JSON.parse(
  readFileSync(new URL("../fixtures/simulate/fourier.json", import.meta.url), "utf8"),
) as Case[];

const greatestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let gap = 0;
  for (let i = 0; i < a.length; i++) gap = Math.max(gap, Math.abs(a[i]! - b[i]!));
  return gap;
};

describe("fourierTransform", () => {
  it.each(cases)("is numpy's fftn at $shape", ({ shape, re, im, spectrumRe, spectrumIm }) => {
    const outRe = Float32Array.from(re);
    const outIm = Float32Array.from(im);
    fourierTransform(outRe, outIm, shape);
    expect(greatestGap(outRe, spectrumRe)).toBeLessThan(1e-5);
    expect(greatestGap(outIm, spectrumIm)).toBeLessThan(1e-5);
  });

  it("comes back with the parts swapped, at every product of 2, 3 and 5", () => {
    const length = fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 25, 27, 30, 32, 45, 60);
    fc.assert(
      fc.property(fc.tuple(length, length, length), fc.nat(), (shape, seed) => {
        const random = randomFor(seed, "fourier test");
        const re = Float32Array.from({ length: voxelCount(shape) }, () => random.normal());
        const im = Float32Array.from(re, () => random.normal());
        const [keptRe, keptIm] = [re.slice(), im.slice()];
        fourierTransform(re, im, shape);
        fourierTransform(im, re, shape);
        expect(
          greatestGap(
            re.map((value) => value / re.length),
            keptRe,
          ),
        ).toBeLessThan(3e-6);
        expect(
          greatestGap(
            im.map((value) => value / im.length),
            keptIm,
          ),
        ).toBeLessThan(3e-6);
      }),
      { numRuns: 20 },
    );
  });

  it("refuses a length with another prime factor by name", () => {
    expect(() => fourierTransform(new Float32Array(7), new Float32Array(7), [1, 1, 7])).toThrow(/length 7/);
  });
});

describe("fastLength", () => {
  it.each([
    [1, 1],
    [7, 8],
    [11, 12],
    [184, 192],
    [638, 640],
  ])("of %i is %i", (length, padded) => expect(fastLength(length)).toBe(padded));
});
