import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Field } from "../../../../src/data/simulate/field.js";
import type { Optics } from "../../../../src/data/simulate/microscope/optics.js";
import { image } from "../../../../src/data/simulate/microscope/reconstruct.js";
import type { Imaging } from "../../../../src/data/simulate/microscope/spectrum.js";
import type { Tilt } from "../../../../src/data/simulate/microscope/tilts.js";
import { fourierTransform } from "../../../../src/domain/fourier.js";
import { randomFor } from "../../../../src/domain/random.js";
import type { Shape3 } from "../../../../src/domain/volume.js";

/** What make_projection.py computed. */
const projection: {
  readonly n: number;
  readonly spacing: number;
  readonly thickness: number;
  readonly dose: number;
  readonly optics: Optics;
  readonly tilts: readonly Tilt[];
  readonly blobs: readonly { readonly at: number[]; readonly sigma: number; readonly mass: number }[];
  readonly indices: readonly number[];
  readonly re: readonly number[];
  readonly im: readonly number[];
  readonly inside: readonly number[];
  readonly noisePower: number;
} = JSON.parse(readFileSync("tests/fixtures/simulate/projection.json", "utf8"));

const none = { amount: 0, bFactor: 0, unevenness: 0, unevenLength: 400 };
const { n, spacing, thickness, dose, optics, tilts } = projection;
const series: Imaging = { optics, tilts, dose, thickness, noise: none, denoiser: { kind: "none" } };
const chance = () => ({ noise: randomFor(1, "reconstruct test") });

const emptyOf = (shape: Shape3): Field => ({
  density: new Float32Array(shape[0] * shape[1] * shape[2]),
  shape,
  offset: [0, 0, 0],
  spacing,
});

/** The blobs about the middle voxel. */
function blobField(): Field {
  const field = emptyOf([n, n, n]);
  const squares = (centre: number) =>
    Array.from({ length: n }, (_, i) => ((i - n / 2) * spacing - centre) ** 2);
  for (const { at, sigma, mass } of projection.blobs) {
    const [x, y, z] = at.map(squares) as [number[], number[], number[]];
    for (let i = 0; i < field.density.length; i++) {
      const square = x[i % n]! + y[Math.floor(i / n) % n]! + z[Math.floor(i / (n * n))]!;
      field.density[i]! += mass * Math.exp(-square / (2 * sigma * sigma));
    }
  }
  return field;
}

function spectrumOf(values: Float32Array, shape: Shape3) {
  const [re, im] = [values.slice(), new Float32Array(values.length)];
  fourierTransform(re, im, shape);
  return { re, im };
}

/** Root of the squared differences from the fixture's frequencies, relative to theirs. */
function distanceFromProjection({ re, im }: ReturnType<typeof spectrumOf>): number {
  let [wrong, all] = [0, 0];
  for (const [i, at] of projection.indices.entries()) {
    wrong += (re[at]! - projection.re[i]!) ** 2 + (im[at]! - projection.im[i]!) ** 2;
    all += projection.re[i]! ** 2 + projection.im[i]! ** 2;
  }
  return Math.sqrt(wrong / all);
}

const meanPower = ({ re, im }: ReturnType<typeof spectrumOf>, indices: readonly number[]): number =>
  indices.reduce((sum, at) => sum + re[at]! ** 2 + im[at]! ** 2, 0) / indices.length;

describe("image", () => {
  it("gives what projecting, weighting by the ramp and projecting back in real space give", () => {
    const field = blobField();
    image(field, series, chance());
    expect(distanceFromProjection(spectrumOf(field.density, field.shape))).toBeLessThan(0.05);
    for (const wrong of [
      tilts.map((tilt) => ({ ...tilt, shiftX: -tilt.shiftX })),
      tilts.map((tilt) => ({ ...tilt, shiftY: 0 })),
      tilts.map((tilt) => ({ ...tilt, angle: -tilt.angle })),
    ]) {
      const other = blobField();
      image(other, { ...series, tilts: wrong }, chance());
      expect(distanceFromProjection(spectrumOf(other.density, other.shape))).toBeGreaterThan(0.2);
    }
  });

  it("has the noise of counting electrons, projected back in the same way", () => {
    const field = emptyOf([n, n, n]);
    image(field, { ...series, noise: { ...none, amount: 1 } }, chance());
    const power = meanPower(spectrumOf(field.density, field.shape), projection.inside);
    expect(power / projection.noisePower).toBeGreaterThan(0.93);
    expect(power / projection.noisePower).toBeLessThan(1.07);
  });
});

const flat: Omit<Tilt, "angle"> = { angleError: 0, dose: 0, shiftX: 0, shiftY: 0, defocusError: 0 };
const sparse: Imaging = {
  ...series,
  thickness: 200,
  tilts: [-60, -40, -20, 0, 20, 40, 60].map((angle) => ({ ...flat, angle })),
};
const shape = [32, 20, 40] as const;

/** Frequency in 1/Å of an index along an axis. */
const frequency = (index: number, size: number) =>
  (index <= size / 2 ? index : index - size) / (size * spacing);

/** Distances of kx, kz from the planes of tilts, in slices' half widths. */
const distances = (at: number, { tilts: each, thickness: depth }: Imaging): number[] => {
  const kx = frequency(at % shape[2], shape[2]);
  const kz = frequency(Math.floor(at / (shape[1] * shape[2])), shape[0]);
  return each.map(({ angle }) => {
    const turn = (angle * Math.PI) / 180;
    return Math.abs(kz * Math.cos(turn) - kx * Math.sin(turn)) * depth;
  });
};

/** Noise and nothing else, imaged. */
function noiseOf(imaging: Imaging, halves = false) {
  const field = emptyOf(shape);
  const random = chance();
  const made = image(
    field,
    { ...imaging, noise: { ...none, amount: 1, bFactor: 400 } },
    halves ? { ...random, halves: randomFor(1, "halves") } : random,
  );
  return { wbp: field.density, ...made };
}

describe("what a sparse tilt series leaves", () => {
  const { wbp, denoised } = noiseOf(sparse);
  const { re, im } = spectrumOf(wbp, shape);

  it("is empty between its slices and beyond the last tilt, noise and all", () => {
    let [held, missing, empty] = [0, 0, 0];
    for (let at = 1; at < re.length; at++) {
      const power = re[at]! ** 2 + im[at]! ** 2;
      const isReached = distances(at, sparse).some((distance) => distance < 1);
      if (isReached) held += power;
      else missing += power;
      if (!isReached) empty++;
    }
    expect(empty).toBeGreaterThan(re.length / 10);
    expect(held).toBeGreaterThan(0);
    expect(missing / held).toBeLessThan(1e-10);
  });

  it("has noise by the squares of the tilts' weights", () => {
    const ratios: number[] = [];
    const level = Math.sqrt(1.5 / (200 * (dose / 7) * Math.exp(-200 / 3000) * spacing ** 3)) / 5.577e-3;
    for (let at = 1; at < re.length; at++) {
      const weights = distances(at, sparse).map((distance) => Math.max(0, 1 - distance));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      if (sum < 0.2) continue;
      const passed = sparse.tilts.map(({ angle }) =>
        Math.exp((-200 / 3000) * (1 / Math.cos((angle * Math.PI) / 180) - 1)),
      );
      const squares = weights.reduce((total, weight, t) => total + weight ** 2 * passed[t]!, 0);
      const [kx, ky, kz] = [
        frequency(at % shape[2], shape[2]),
        frequency(Math.floor(at / shape[2]) % shape[1], shape[1]),
        frequency(Math.floor(at / (shape[1] * shape[2])), shape[0]),
      ];
      const envelope = Math.exp((-400 * (kx ** 2 + ky ** 2 + kz ** 2)) / 2);
      const expected = (re.length * level ** 2 * envelope * squares) / Math.max(1, sum) ** 2;
      ratios.push((re[at]! ** 2 + im[at]! ** 2) / expected);
    }
    expect(ratios.length).toBeGreaterThan(5000);
    const mean = ratios.reduce((total, ratio) => total + ratio, 0) / ratios.length;
    expect(mean).toBeGreaterThan(0.95);
    expect(mean).toBeLessThan(1.05);
    const below = ratios.filter((ratio) => ratio < Math.LN2).length / ratios.length;
    expect(Math.abs(below - 0.5)).toBeLessThan(0.03);
  });

  it("comes out the same undenoised as raw, which Hermitian spectra alone do", () => {
    const scale = Math.max(...wbp.map(Math.abs));
    expect(Math.max(...wbp.map((value, i) => Math.abs(value - denoised[i]!))) / scale).toBeLessThan(1e-5);
  });

  it("is the mean of independent halves, each of every other tilt", () => {
    const halves = noiseOf(sparse, true);
    const apart = Math.max(...wbp.map((value, i) => Math.abs(value - halves.wbp[i]!)));
    expect(apart / Math.max(...wbp.map(Math.abs))).toBeLessThan(1e-5);
    const difference = halves.halfDifference!;
    const even = spectrumOf(
      wbp.map((value, i) => value + difference[i]!),
      shape,
    );
    const odd = spectrumOf(
      wbp.map((value, i) => value - difference[i]!),
      shape,
    );
    let [common, evens, odds, evenAlone, oddAlone] = [0, 0, 0, 0, 0];
    for (let at = 1; at < re.length; at++) {
      const reaching = distances(at, sparse).flatMap((distance, t) => (distance < 1 ? [t % 2] : []));
      const evenPower = even.re[at]! ** 2 + even.im[at]! ** 2;
      const oddPower = odd.re[at]! ** 2 + odd.im[at]! ** 2;
      common += even.re[at]! * odd.re[at]! + even.im[at]! * odd.im[at]!;
      evens += evenPower;
      odds += oddPower;
      if (reaching.length > 0 && !reaching.includes(1))
        [evenAlone, oddAlone] = [evenAlone + evenPower, oddAlone + oddPower];
    }
    expect(Math.abs(common / Math.sqrt(evens * odds))).toBeLessThan(0.03);
    expect(evenAlone).toBeGreaterThan(0);
    expect(oddAlone / evenAlone).toBeLessThan(1e-9);
  });
});

describe("misalignment", () => {
  /** A point in the middle, imaged. */
  const pointOf = (change: Partial<Tilt>) => {
    const field = emptyOf(shape);
    field.density[(16 * 20 + 10) * 40 + 20] = 1;
    const each = sparse.tilts.map((tilt, t) => ({
      ...tilt,
      ...change,
      shiftX: (change.shiftX ?? 0) * (-1) ** t,
    }));
    image(field, { ...sparse, tilts: each }, chance());
    return field.density;
  };

  it("of 0 leaves a symmetric body symmetric, and any other does not", () => {
    const asymmetry = (values: Float32Array) => {
      let [odd, all] = [0, 0];
      for (let z = 1; z < 32; z++)
        for (let y = 1; y < 20; y++)
          for (let x = 1; x < 40; x++) {
            const here = values[(z * 20 + y) * 40 + x]!;
            const there = values[((32 - z) * 20 + 20 - y) * 40 + 40 - x]!;
            odd += (here - there) ** 2;
            all += (here + there) ** 2;
          }
      return odd / all;
    };
    expect(asymmetry(pointOf({}))).toBeLessThan(1e-9);
    expect(asymmetry(pointOf({ shiftX: 12 }))).toBeGreaterThan(0.01);
  });

  it("of a whole voxel along y in every tilt moves all by a voxel", () => {
    const [still, moved] = [pointOf({}), pointOf({ shiftY: spacing })];
    const scale = Math.max(...still.map(Math.abs));
    let worst = 0;
    for (let i = 0; i < still.length; i++) {
      const y = Math.floor(i / 40) % 20;
      worst = Math.max(worst, Math.abs(moved[i + (((y + 1) % 20) - y) * 40]! - still[i]!));
    }
    expect(worst / scale).toBeLessThan(0.02);
  });
});
