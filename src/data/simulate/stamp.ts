/** Rasterises a rotated particle into the density field. */

import type { ParticlePick } from "../../domain/particles.js";
import type { Rotation } from "../../domain/rotation.js";
import { angstrom, type Position } from "../../domain/units.js";
import { voxelVolume } from "../../domain/volume.js";
import { type Deformation, shareLeft, warpOf } from "./deformation.js";
import type { Density } from "./density.js";
import type { Field } from "./field.js";
import { transposed } from "./rotation.js";

/** A true particle with its orientation. */
export interface PhantomPick extends ParticlePick {
  readonly rotation: Rotation;
}

/** Computes Catmull and Rom's cubic weights of the four neighbours of a point that lies `t` past the second. */
function cubicWeights(t: number, weights: Float64Array): void {
  const t2 = t * t;
  const t3 = t2 * t;
  weights[0] = -0.5 * t3 + t2 - 0.5 * t;
  weights[1] = 1.5 * t3 - 2.5 * t2 + 1;
  weights[2] = -1.5 * t3 + 2 * t2 + 0.5 * t;
  weights[3] = 0.5 * t3 - 0.5 * t2;
}

/**
 * Returns a sampler of a density at continuous indices of its map, by cubic interpolation; 0 at the rim and outside.
 */
function sampler({ map }: Density): (z: number, y: number, x: number) => number {
  const [nz, ny, nx] = map.shape;
  const { data } = map;
  const wz = new Float64Array(4);
  const wy = new Float64Array(4);
  const wx = new Float64Array(4);
  return (z, y, x) => {
    const iz = Math.floor(z);
    const iy = Math.floor(y);
    const ix = Math.floor(x);
    if (iz < 1 || iy < 1 || ix < 1 || iz + 2 >= nz || iy + 2 >= ny || ix + 2 >= nx) return 0;
    cubicWeights(z - iz, wz);
    cubicWeights(y - iy, wy);
    cubicWeights(x - ix, wx);
    let sum = 0;
    for (let i = 0; i < 4; i++) {
      let plane = 0;
      for (let j = 0; j < 4; j++) {
        const at = ((iz - 1 + i) * ny + iy - 1 + j) * nx + ix - 1;
        plane +=
          wy[j]! *
          (wx[0]! * data[at]! + wx[1]! * data[at + 1]! + wx[2]! * data[at + 2]! + wx[3]! * data[at + 3]!);
      }
      sum += wz[i]! * plane;
    }
    return sum;
  };
}

/**
 * Adds a rotated particle to a field, as Da/Å³, and returns where its centre of mass really lies on the grid: that, not
 * the wanted position, is the truth. Parts beyond the field are cut off without moving that centre.
 *
 * The centre of a deformed copy is that of the bent particle before a domain is taken away: where an average of many
 * particles comes to lie on it, as the centres of the challenge's truth were found. A missing domain does not move it.
 *
 * @param wanted Å from the tomogram's corner
 */
export function stamp(
  field: Field,
  density: Density,
  rotation: Rotation,
  wanted: Position,
  deformation?: Deformation,
): Position {
  const { spacing } = field;
  const sample = deformation ? deformedSampler(density, deformation) : rigidSampler(density);
  const middle = [wanted.z, wanted.y, wanted.x].map((value) => value / spacing - 0.5) as [
    number,
    number,
    number,
  ];
  const reach = density.reach + (deformation ? bulge * deformation.amplitude : 0);
  const half = Math.ceil(reach / spacing) + 1;
  const start = middle.map((value) => Math.round(value) - half) as [number, number, number];
  const edge = 2 * half + 1;
  const m = transposed(rotation);
  const found: Sample = { whole: 0, left: 0 };
  let sum = 0;
  let sumZ = 0;
  let sumY = 0;
  let sumX = 0;
  for (let i = 0; i < edge; i++) {
    const z = start[0] + i;
    const dz = (z - middle[0]) * spacing;
    for (let j = 0; j < edge; j++) {
      const y = start[1] + j;
      const dy = (y - middle[1]) * spacing;
      for (let k = 0; k < edge; k++) {
        const x = start[2] + k;
        const dx = (x - middle[2]) * spacing;
        if (dz * dz + dy * dy + dx * dx > reach * reach) continue;
        sample(
          m[0] * dx + m[1] * dy + m[2] * dz,
          m[3] * dx + m[4] * dy + m[5] * dz,
          m[6] * dx + m[7] * dy + m[8] * dz,
          found,
        );
        const value = found.whole;
        if (value === 0) continue;
        sum += value;
        sumZ += value * z;
        sumY += value * y;
        sumX += value * x;
        addInside(field, z, y, x, found.left);
      }
    }
  }
  return {
    x: angstrom((sumX / sum + 0.5) * spacing),
    y: angstrom((sumY / sum + 0.5) * spacing),
    z: angstrom((sumZ / sum + 0.5) * spacing),
  };
}

/** Part of a deformation's amplitude by which a copy can reach farther: its rim lies beyond the radius. */
const bulge = 1.5;

/** Density at a point in Da/Å³: of the whole particle, and what is left of it there. */
interface Sample {
  whole: number;
  left: number;
}

/** Samples a particle at a point in Å from its centre of mass, in its own frame. */
type ParticleSampler = (x: number, y: number, z: number, found: Sample) => void;

function rigidSampler(density: Density): ParticleSampler {
  const [mapZ, mapY, mapX] = density.map.spacing;
  const [cz, cy, cx] = density.centre;
  const sample = sampler(density);
  const scale = 1 / voxelVolume(density.map.spacing);
  return (x, y, z, found) => {
    found.whole = scale * sample(cz + z / mapZ, cy + y / mapY, cx + x / mapX);
    found.left = found.whole;
  };
}

function deformedSampler(density: Density, deformation: Deformation): ParticleSampler {
  const rigid = rigidSampler(density);
  const warp = warpOf(deformation);
  return (x, y, z, found) => {
    warp.from(x, y, z);
    rigid(warp.x, warp.y, warp.z, found);
    if (found.whole === 0) return;
    found.whole *= warp.volume(x, y, z);
    found.left = deformation.cut
      ? found.whole * shareLeft(deformation, [warp.x, warp.y, warp.z])
      : found.whole;
  };
}

function addInside({ density, shape, offset }: Field, z: number, y: number, x: number, value: number): void {
  const fz = z + offset[0];
  const fy = y + offset[1];
  const fx = x + offset[2];
  if (fz < 0 || fy < 0 || fx < 0 || fz >= shape[0] || fy >= shape[1] || fx >= shape[2]) return;
  density[(fz * shape[1] + fy) * shape[2] + fx]! += value;
}
