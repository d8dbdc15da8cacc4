/** A volume as one block of bytes, for the view in 3-D. */
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import type { OpenVolume, VolumeKind } from "./place.js";
import { asBytes, byteLabel, type Ends } from "./shades.js";

/** A volume of bytes. */
export interface Block {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Values that 0 and 255 stand for. */
  readonly ends: Ends;
  readonly bytes: Uint8Array;
}

/** Voxels that a block has at most. */
export const mostBlock = 10_000_000;
/** Voxels that are read at once. */
const slabVoxels = 4 * 2 ** 20;

/** Share of the contrast that a block of greys reaches beyond it on each side: projections show the extremes. */
const beyondContrast = 0.5;

export function blockEnds([black, white]: Ends, kind: VolumeKind): Ends {
  if (kind === "labels") return [0, 255];
  if (kind !== "tomogram") return [black, white];
  const more = (white - black) * beyondContrast;
  return [black - more, white + more];
}

/** Reads a level slab by slab as bytes, each the mean of a cube of voxels; labels are taken from the cube's first corner. */
export async function blockOf(
  volume: OpenVolume,
  level: number,
  ends: Ends,
  kind: VolumeKind,
): Promise<Block> {
  const isLabels = kind === "labels";
  const { shape, spacing } = volume.levels[level]!;
  const sides = sidesOf(shape);
  const small = shape.map((size, axis) => Math.floor(size / sides[axis]!)) as unknown as Shape3;
  const plane = small[1] * small[2];
  const bytes = new Uint8Array(small[0] * plane);
  const [side] = sides;
  const planes = side * Math.max(1, Math.floor(slabVoxels / (shape[1] * shape[2] * side)));
  for (let z = 0; z < small[0] * side; z += planes) {
    const to = Math.min(small[0] * side, z + planes);
    const values = await volume.read(level, { start: [z, 0, 0], end: [to, shape[1], shape[2]] });
    const cubes = voxelCount(sides) === 1 ? values : cubesOf(values, shape, small, sides, isLabels);
    if (isLabels) for (let i = 0; i < cubes.length; i++) cubes[i] = byteLabel(cubes[i]!);
    asBytes(cubes, ends, bytes, (z / side) * plane);
  }
  const coarse = spacing.map((length, axis) => length * sides[axis]!) as unknown as Spacing3;
  return { shape: small, spacing: coarse, ends, bytes };
}

/** Returns the sides of cubes along z, y, x by which a grid comes below the bound; along a thin axis they are thinner. */
function sidesOf(shape: Shape3): Shape3 {
  const side = Math.max(1, Math.ceil(Math.cbrt(voxelCount(shape) / mostBlock)));
  const sides = shape.map((size) => Math.min(side, size)) as [number, number, number];
  while (voxelCount(shape) / voxelCount(sides) > mostBlock)
    for (const axis of [1, 2] as const) sides[axis] = Math.min(shape[axis], sides[axis] + 1);
  return sides;
}

function cubesOf(
  values: Float32Array,
  [, height, width]: Shape3,
  [, rows, columns]: Shape3,
  [deep, high, wide]: Shape3,
  isLabels: boolean,
): Float32Array {
  const depth = values.length / (height * width) / deep;
  const out = new Float32Array(depth * rows * columns);
  const [dzs, dys, dxs] = isLabels ? [1, 1, 1] : [deep, high, wide];
  const share = 1 / (dzs * dys * dxs);
  for (let z = 0, at = 0; z < depth; z++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++, at++) {
        let sum = 0;
        for (let dz = 0; dz < dzs; dz++)
          for (let dy = 0; dy < dys; dy++) {
            const from = ((z * deep + dz) * height + y * high + dy) * width + x * wide;
            for (let dx = 0; dx < dxs; dx++) sum += values[from + dx]!;
          }
        out[at] = sum * share;
      }
  return out;
}
