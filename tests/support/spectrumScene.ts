/** The volume of tests/fixtures/spectrum/make.py. */
import { readFileSync } from "node:fs";
import type { GreyValues, ParticleContrast } from "../../src/data/spectrum/greyValues.js";
import type { Spectrum } from "../../src/data/spectrum/spectrum.js";
import { angstrom } from "../../src/domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../../src/domain/volume.js";

interface Expected {
  readonly shape: Shape3;
  readonly spacing: readonly [number, number, number];
  readonly blankRows: number;
  readonly plain: Spectrum;
  readonly blank: Spectrum;
  readonly grey: GreyValues;
  readonly picks: readonly (readonly [number, number, number])[];
  readonly radius: number;
  readonly gains: readonly number[];
  /** A corner of 12×21×18 voxels of the scene, filtered by the gains. */
  readonly filtered: readonly number[];
  readonly contrast: Omit<ParticleContrast, "type">;
}

export const expectedSpectra = JSON.parse(
  readFileSync(new URL("../fixtures/spectrum/spectra.json", import.meta.url), "utf8"),
) as Expected;

/** Uniform values of 0 to 1 by number: the finaliser of MurmurHash3. */
export function noiseAt(number: number): number {
  let h = number;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

export function spectrumScene(): Volume {
  const { shape, spacing } = expectedSpectra;
  const data = new Float32Array(voxelCount(shape));
  let at = 0;
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++, at++)
        data[at] =
          3 * noiseAt(at) ** 2 +
          0.5 * Math.sin((2 * Math.PI * z) / 5) +
          2 +
          Math.exp(-((x - 30) ** 2 + (y - 40) ** 2) / 200);
  return { data, shape, spacing: [angstrom(spacing[0]), angstrom(spacing[1]), angstrom(spacing[2])] };
}

/** The corner of the scene, z, y and x below 12, 21 and 18. */
export function cornerScene(): Volume {
  const { data, shape, spacing } = spectrumScene();
  const corner: Shape3 = [12, 21, 18];
  const values = new Float32Array(voxelCount(corner));
  for (let z = 0; z < corner[0]; z++)
    for (let y = 0; y < corner[1]; y++) {
      const from = (z * shape[1] + y) * shape[2];
      values.set(data.subarray(from, from + corner[2]), (z * corner[1] + y) * corner[2]);
    }
  return { data: values, shape: corner, spacing };
}

/** The scene with its first rows along y blank. */
export function blankScene(): Volume {
  const scene = spectrumScene();
  const [nz, ny, nx] = scene.shape;
  const blank = new Uint8Array(scene.data.length);
  for (let z = 0; z < nz; z++) blank.fill(1, z * ny * nx, (z * ny + expectedSpectra.blankRows) * nx);
  return { ...scene, data: scene.data.map((value, at) => (blank[at] === 1 ? 1e6 : value)), blank };
}
