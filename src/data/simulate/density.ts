import { PickbenchError } from "../../errors.js";
import { type Spacing3, type Volume, voxelCount } from "../../volume.js";

/** A particle's density, ready to be placed: dalton per voxel of `map`, never negative. */
export interface Density {
  /** The particle's name, or the distractor's. */
  readonly name: string;
  readonly map: Volume;
  /** Its centre of mass in continuous voxel indices of `map`, z, y, x. */
  readonly centre: readonly [z: number, y: number, x: number];
  /** Å from the centre of mass to its outermost part that matters (density over a tenth of the greatest). */
  readonly radius: number;
  /** Å around the centre of mass beyond which there is no density at all. */
  readonly reach: number;
}

/**
 * Finds the centre and the size of a map and scales it to a mass.
 *
 * @param map any unit; negative values count as nothing
 * @param mass kilodalton, the sum over all voxels
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

/** Volume of one voxel, Å³. */
export const voxelVolume = (spacing: Spacing3): number => spacing[0] * spacing[1] * spacing[2];
