import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, PickbenchError } from "../../errors.js";
import { challengeParticles } from "../../particles.js";
import { type Volume, voxelCount } from "../../volume.js";
import { readMrc } from "../mrc.js";
import { type Density, densityOf } from "./density.js";

/** PDB entries whose maps stand for a particle; kilodalton of what they hold. */
const entries: readonly { readonly id: string; readonly name: string; readonly mass: number }[] = [
  { id: "8cpv", name: "apo-ferritin", mass: 480 },
  { id: "1fa2", name: "beta-amylase", mass: 56 },
  { id: "6drv", name: "beta-galactosidase", mass: 465 },
  { id: "6qzp", name: "ribosome", mass: 3300 },
  { id: "7n4y", name: "thyroglobulin", mass: 660 },
  { id: "6n4v", name: "virus-like-particle", mass: 3350 },
];
const distractor = { id: "8vaf", name: "distractor 8vaf", mass: 66 };
/** Density under this share of a map's peak is noise. */
const floor = 0.02;

/**
 * Reads the density maps of a folder: `PDB.mrc`, or `PARTICLE.mrc`, which counts where both are there; other files are
 * left alone.
 *
 * @param spacing Å per voxel of the tomograms, to which finer maps are smoothed
 * @returns the densities found, by the name of the particle or distractor
 * @throws BadDataset where the folder cannot be read or holds no such map
 */
export async function readDensities(folder: string, spacing: number): Promise<Map<string, Density>> {
  const names = await fileNames(folder);
  const found = new Map<string, Density>();
  for (const { id, name, mass } of [...entries, distractor]) {
    const file = [`${name}.mrc`, `${id}.mrc`].find((candidate) => names.includes(candidate));
    if (file === undefined) continue;
    const map = await readMrc(join(folder, file));
    found.set(name, densityOf(name, smoothedTo(map, spacing), mass));
  }
  if (found.size === 0) {
    throw new PickbenchError(
      "BadDataset",
      `${folder} holds no density map, wanted some of ${entries.map(({ id, name }) => `${name}.mrc or ${id}.mrc`).join(", ")}: name another folder, or leave --densities out for the built-in shapes`,
      { path: folder },
    );
  }
  return found;
}

async function fileNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new PickbenchError(
      "BadDataset",
      `the folder of density maps ${folder} cannot be read (${messageOf(cause)}): name a folder of MRC files`,
      { path: folder, cause },
    );
  }
}

/** Clears noise, adds a rim of nothing and takes away detail that the tomogram's voxels could not hold. */
export function smoothedTo(map: Volume, spacing: number): Volume {
  const sigmas = map.spacing.map((step) =>
    step < spacing ? (0.45 * Math.sqrt(spacing ** 2 - step ** 2)) / step : 0,
  );
  const rims = sigmas.map((sigma) => 2 + Math.ceil(3 * sigma)) as [number, number, number];
  const [nz, ny, nx] = map.shape;
  const shape = [nz + 2 * rims[0], ny + 2 * rims[1], nx + 2 * rims[2]] as const;
  const data = new Float32Array(voxelCount(shape));
  const least = floor * map.data.reduce((peak, value) => Math.max(peak, value), 0);
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const to = ((z + rims[0]) * shape[1] + y + rims[1]) * shape[2] + rims[2];
      for (let x = 0; x < nx; x++) {
        const value = map.data[(z * ny + y) * nx + x]!;
        if (value > least) data[to + x] = value;
      }
    }
  }
  const strides = [shape[1] * shape[2], shape[2], 1];
  for (let axis = 0; axis < 3; axis++) {
    if (sigmas[axis]! > 0) blurAxis(data, strides[axis]!, shape[axis]!, sigmas[axis]!);
  }
  return { data, shape, spacing: map.spacing };
}

/** Gaussian blur along one axis, in place; beyond the ends lies nothing. */
function blurAxis(data: Float32Array, stride: number, length: number, sigma: number): void {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const line = new Float64Array(length + 2 * reach);
  for (let group = 0; group < data.length; group += stride * length) {
    for (let start = group; start < group + stride; start++) {
      for (let i = 0; i < length; i++) line[reach + i] = data[start + i * stride]!;
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * line[i + k]!;
        data[start + i * stride] = sum / total;
      }
    }
  }
}

/** Whether a name from `readDensities` is one of the challenge's particles. */
export const isParticle = (name: string): boolean =>
  challengeParticles.some((particle) => particle.name === name);
