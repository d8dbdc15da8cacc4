/** Cut-outs of a tomogram: three planes through a place. */
import { angstrom, type Position } from "../../domain/units.js";
import { positionToIndex, type Shape3, type Spacing3 } from "../../domain/volume.js";
import type { GreyImage } from "./grey.js";

/** A tomogram in 8 bits a voxel, which is enough to look at: 73 MB for 184×630×630. */
export interface ByteTomogram {
  /** Values, z slowest; greys rise with the tomogram's values. */
  readonly data: Uint8Array;
  readonly shape: Shape3;
  /** Å */
  readonly spacing: Spacing3;
}

/** Three planes through a place, side by side: x y, x z and y z, the second axis downwards. */
export interface Cutout {
  readonly image: GreyImage;
  /** Side of one plane in pixels; planes are `gap` pixels apart. */
  readonly side: number;
  /** Å a pixel. */
  readonly pixel: number;
  /** Position in Å at the middle of each plane. */
  readonly centre: Position;
}

/** Pixels between neighbouring planes. */
export const gap = 2;
/** Half width of a cut-out in radii. */
const reach = 1.9;
/** Limit of a side in pixels; larger cut-outs are sampled at every second voxel, or fewer. */
const mostPixels = 49;

type Axis = 0 | 1 | 2;
/** Axes of each plane: to the right, downwards, and along the view; z, y, x are 0, 1, 2. */
export const planes: readonly { readonly name: string; readonly axes: readonly [Axis, Axis, Axis] }[] = [
  { name: "xy", axes: [2, 1, 0] },
  { name: "xz", axes: [2, 0, 1] },
  { name: "yz", axes: [1, 0, 2] },
];

/** Cuts out the surroundings of a place. @param radius Å @param outside value of pixels beyond the tomogram */
export function cutOut(tomogram: ByteTomogram, place: Position, radius: number, outside: number): Cutout {
  const { spacing } = tomogram;
  const voxel = Math.min(...spacing);
  const half = Math.max(4, Math.ceil((reach * radius) / voxel));
  const stride = Math.ceil((2 * half + 1) / mostPixels);
  const steps = Math.ceil(half / stride);
  const side = 2 * steps + 1;
  const width = 3 * side + 2 * gap;
  const data = new Float32Array(width * side).fill(outside);
  const middle = positionToIndex(place, spacing).map(Math.round) as [number, number, number];
  planes.forEach(({ axes: [right, down, along] }, p) => {
    for (let row = -steps; row <= steps; row++)
      for (let column = -steps; column <= steps; column++) {
        const at: [number, number, number] = [...middle];
        at[right] += column * stride;
        at[down] += row * stride;
        const value = meanAlong(tomogram, at, along);
        if (value !== undefined) data[(row + steps) * width + p * (side + gap) + column + steps] = value;
      }
  });
  const centreOf = (axis: Axis): number => (middle[axis] + 0.5) * spacing[axis];
  const centre = { x: angstrom(centreOf(2)), y: angstrom(centreOf(1)), z: angstrom(centreOf(0)) };
  return { image: { width, height: side, data }, side, pixel: stride * voxel, centre };
}

/** Returns the mean of a voxel and its neighbours along an axis; undefined outside. */
function meanAlong(
  { data, shape }: ByteTomogram,
  at: readonly [number, number, number],
  axis: Axis,
): number | undefined {
  let sum = 0;
  let count = 0;
  for (let offset = -1; offset <= 1; offset++) {
    const [z, y, x] = at.map((index, each) => (each === axis ? index + offset : index)) as [
      number,
      number,
      number,
    ];
    if (z < 0 || y < 0 || x < 0 || z >= shape[0] || y >= shape[1] || x >= shape[2]) continue;
    sum += data[(z * shape[1] + y) * shape[2] + x]!;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}
