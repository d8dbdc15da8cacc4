/** Rasterises a rotated particle into the density field. */
import type { Rotation } from "../../domain/rotation.js";
import { angstrom, type Position } from "../../domain/units.js";
import { type Density, voxelVolume } from "./density.js";
import type { Field } from "./field.js";
import { rotate, transposed } from "./rotation.js";

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
 * @param wanted Å from the tomogram's corner
 */
export function stamp(field: Field, density: Density, rotation: Rotation, wanted: Position): Position {
  const { spacing } = field;
  const [mapZ, mapY, mapX] = density.map.spacing;
  const sample = sampler(density);
  const scale = 1 / voxelVolume(density.map.spacing);
  const middle = [wanted.z, wanted.y, wanted.x].map((value) => value / spacing - 0.5) as [
    number,
    number,
    number,
  ];
  const half = Math.ceil(density.reach / spacing) + 1;
  const start = middle.map((value) => Math.round(value) - half) as [number, number, number];
  const edge = 2 * half + 1;
  const inverse = transposed(rotation);
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
        if (dz * dz + dy * dy + dx * dx > density.reach * density.reach) continue;
        const [ox, oy, oz] = rotate(inverse, [dx, dy, dz]);
        const value =
          scale *
          sample(density.centre[0] + oz / mapZ, density.centre[1] + oy / mapY, density.centre[2] + ox / mapX);
        if (value === 0) continue;
        sum += value;
        sumZ += value * z;
        sumY += value * y;
        sumX += value * x;
        addInside(field, z, y, x, value);
      }
    }
  }
  return {
    x: angstrom((sumX / sum + 0.5) * spacing),
    y: angstrom((sumY / sum + 0.5) * spacing),
    z: angstrom((sumZ / sum + 0.5) * spacing),
  };
}

function addInside({ density, shape, offset }: Field, z: number, y: number, x: number, value: number): void {
  const fz = z + offset[0];
  const fy = y + offset[1];
  const fx = x + offset[2];
  if (fz < 0 || fy < 0 || fx < 0 || fz >= shape[0] || fy >= shape[1] || fx >= shape[2]) return;
  density[(fz * shape[1] + fy) * shape[2] + fx]! += value;
}
