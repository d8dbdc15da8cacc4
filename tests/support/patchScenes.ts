/** Small volumes, picks and specifications for tests of patches. */
import { readFileSync } from "node:fs";
import type { PatchSource, PatchSpec } from "../../src/data/patches/spec.js";
import type { Particle, ParticlePick } from "../../src/domain/particles.js";
import { angstrom } from "../../src/domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../../src/domain/volume.js";

export const particle = (name: string, radius: number): Particle => ({
  name,
  radius: angstrom(radius),
  weight: 1,
  colour: [0, 0, 0],
});

export const pickAt = (type: string, z: number, y: number, x: number): ParticlePick => ({
  type,
  z: angstrom(z),
  y: angstrom(y),
  x: angstrom(x),
});

export function volumeOf(
  shape: Shape3,
  spacing: readonly [number, number, number],
  value: (z: number, y: number, x: number) => number,
): Volume {
  const data = new Float32Array(voxelCount(shape));
  let voxel = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) data[voxel++] = value(z, y, x);
    }
  }
  return { data, shape, spacing: [angstrom(spacing[0]), angstrom(spacing[1]), angstrom(spacing[2])] };
}

export const noAugment: PatchSpec["augment"] = {
  flip: false,
  rotate90: false,
  rotation: 0,
  intensity: { scale: 0, shift: 0, noise: 0 },
  mixup: 0,
};

export const small = particle("small", 30);
export const large = particle("large", 60);

export const specOf = (change: Partial<PatchSpec> = {}): PatchSpec => ({
  seed: 7,
  patchShape: [8, 10, 12],
  batchSize: 1,
  types: [small, large],
  background: true,
  target: { kind: "ball", fraction: 0.7 },
  head: { stride: 1, offsets: false },
  ignore: [],
  backgroundShare: 0.25,
  augment: noAugment,
  ...change,
});

/** Makes a run with a 16×20×18 volume of 10 Å voxels and a few particles. */
export const sourceOf = (change: Partial<PatchSource> = {}): PatchSource => ({
  run: "R1",
  volumes: [volumeOf([16, 20, 18], [10, 10, 10], (z, y, x) => Math.sin(z * 1.3 + y * 0.7 + x * 2.1))],
  picks: [
    pickAt("small", 41, 63, 77),
    pickAt("small", 120, 150, 33),
    pickAt("large", 88, 101, 95),
    pickAt("large", 30, 170, 140),
  ],
  ...change,
});

/** Values by SciPy and NumPy, see tests/fixtures/patches.py. */
export interface PatchFixture {
  readonly interpolation: readonly {
    readonly shape: Shape3;
    readonly patch: Shape3;
    readonly matrix: readonly [Triple, Triple, Triple];
    readonly offset: Triple;
    readonly values: readonly number[];
    readonly inside: readonly number[];
  }[];
  readonly balls: {
    readonly shape: Shape3;
    readonly spacing: Triple;
    readonly radii: readonly number[];
    readonly fraction: number;
    readonly picks: readonly { readonly type: number; readonly position: Triple }[];
    readonly labels: readonly number[];
  };
  readonly beta: readonly {
    readonly a: number;
    readonly levels: readonly number[];
    readonly quantiles: readonly number[];
  }[];
}
type Triple = readonly [number, number, number];

export const patchFixture = (): PatchFixture =>
  JSON.parse(readFileSync(new URL("../fixtures/patches.json", import.meta.url), "utf8"));
