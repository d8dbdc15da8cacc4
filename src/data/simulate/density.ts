/** Density maps of particles: read from MRC files, scaled to a mass, smoothed to the tomogram's voxels. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { challengeParticles } from "../../domain/particles.js";
import { type Volume, voxelCount } from "../../domain/volume.js";
import { readMrc } from "../../formats/mrc/reader.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import type { Vector3 } from "./rotation.js";

/** A particle's density, ready to be placed: dalton per voxel of `map`, never negative. */
export interface Density {
  /** The particle's name, or the distractor's. */
  readonly name: string;
  readonly map: Volume;
  /** Centre of mass in continuous voxel indices of `map`, z, y, x. */
  readonly centre: readonly [z: number, y: number, x: number];
  /** Distance in Å from the centre of mass to the outermost part above a tenth of the greatest density. */
  readonly radius: number;
  /** Distance in Å from the centre of mass beyond which there is no density at all. */
  readonly reach: number;
}

/**
 * Finds a map's centre and size and scales the map to a mass.
 *
 * @param map any unit; negative values count as 0
 * @param mass kilodalton, the sum over all voxels
 * @throws PickbenchError BadDataset for a map without positive density
 */
export function densityOf(name: string, map: Volume, mass: number): Density {
  const { data, shape, spacing } = map;
  let sum = 0;
  let peak = 0;
  const moment = [0, 0, 0];
  forEachVoxel(map, (value, z, y, x) => {
    sum += value;
    peak = Math.max(peak, value);
    moment[0]! += value * z;
    moment[1]! += value * y;
    moment[2]! += value * x;
  });
  if (!(sum > 0) || !Number.isFinite(sum)) {
    throw new PickbenchError(
      "BadDataset",
      `the density map of ${name} has the sum ${sum}, but a map with positive density is needed: check the file`,
    );
  }
  const centre = [moment[0]! / sum, moment[1]! / sum, moment[2]! / sum] as const;
  let radius = 0;
  let reach = 0;
  forEachVoxel(map, (value, z, y, x) => {
    const away = Math.hypot(
      (z - centre[0]) * spacing[0],
      (y - centre[1]) * spacing[1],
      (x - centre[2]) * spacing[2],
    );
    if (value > peak * 0.1) radius = Math.max(radius, away);
    if (value > peak * 1e-3) reach = Math.max(reach, away);
  });
  const scale = (mass * 1000) / sum;
  const scaled = new Float32Array(voxelCount(shape));
  for (let i = 0; i < scaled.length; i++) scaled[i] = Math.max(0, data[i]!) * scale;
  return { name, map: { data: scaled, shape, spacing }, centre, radius, reach: reach + Math.max(...spacing) };
}

function forEachVoxel(map: Volume, visit: (value: number, z: number, y: number, x: number) => void): void {
  const [nz, ny, nx] = map.shape;
  let at = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        const value = map.data[at++]!;
        if (value > 0) visit(value, z, y, x);
      }
    }
  }
}

/** Returns how far in Å a density reaches from its centre of mass in a direction, down to a tenth of its peak. */
export function reachTowards({ map, centre }: Density, [dx, dy, dz]: Vector3): number {
  const [nz, ny, nx] = map.shape;
  const [sz, sy, sx] = map.spacing;
  const least = 0.1 * map.data.reduce((peak, value) => Math.max(peak, value), 0);
  let most = 0;
  for (let z = 0, at = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const height = (z - centre[0]) * sz * dz + (y - centre[1]) * sy * dy;
      for (let x = 0; x < nx; x++) {
        if (map.data[at++]! > least) most = Math.max(most, height + (x - centre[2]) * sx * dx);
      }
    }
  }
  return most;
}

/** PDB entries whose maps represent a particle, with their mass in kilodalton. */
const entries: readonly { readonly id: string; readonly name: string; readonly mass: number }[] = [
  { id: "8cpv", name: "apo-ferritin", mass: 480 },
  { id: "1fa2", name: "beta-amylase", mass: 56 },
  { id: "6drv", name: "beta-galactosidase", mass: 465 },
  { id: "6qzp", name: "ribosome", mass: 3300 },
  { id: "7n4y", name: "thyroglobulin", mass: 660 },
  { id: "6n4v", name: "virus-like-particle", mass: 3350 },
];
const distractor = { id: "8vaf", name: "distractor 8vaf", mass: 66 };
/** Share of a map's peak below which density is noise. */
const floor = 0.02;

/**
 * Reads the density maps of a folder: `PARTICLE.mrc`, or else `PDB.mrc`; other files are ignored.
 *
 * @param spacing Å per voxel of the tomograms, to which finer maps are smoothed
 * @returns the densities found, by the name of the particle or distractor
 * @throws PickbenchError BadDataset where the folder cannot be read or holds no such map
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

/**
 * Clears noise, pads with zeros, and smooths away detail finer than the tomogram's voxels.
 *
 * @param noise share of the peak up to which density is noise; nothing is cleared where it is −∞
 */
export function smoothedTo(map: Volume, spacing: number, noise: number = floor): Volume {
  const sigmas = map.spacing.map((step) =>
    step < spacing ? (0.45 * Math.sqrt(spacing ** 2 - step ** 2)) / step : 0,
  );
  const rims = sigmas.map((sigma) => 2 + Math.ceil(3 * sigma)) as [number, number, number];
  const [nz, ny, nx] = map.shape;
  const shape = [nz + 2 * rims[0], ny + 2 * rims[1], nx + 2 * rims[2]] as const;
  const data = new Float32Array(voxelCount(shape));
  const peak = map.data.reduce((most, value) => Math.max(most, value), 0);
  const least = peak > 0 ? noise * peak : noise;
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

/** Blurs one axis by a Gaussian, in place; beyond the ends the density is 0. */
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

/** Returns the name of the particle, or the distractor, that a map of this name represents; the name itself if unknown. */
export const particleOfMap = (stem: string): string =>
  [...entries, distractor].find(({ id }) => id === stem.toLowerCase())?.name ?? stem;

/** Tells whether a name from `readDensities` is one of the challenge's particles. */
export const isParticle = (name: string): boolean =>
  challengeParticles.some((particle) => particle.name === name);
