import type { Box, Shape3 } from "../volume.js";

/** Coordinates of the chunks that a box touches, z slowest. */
export function chunksOf({ start, end }: Box, chunk: Shape3): Shape3[] {
  const first = start.map((value, axis) => Math.floor(value / chunk[axis]!));
  const last = end.map((value, axis) => Math.floor((value - 1) / chunk[axis]!));
  const all: Shape3[] = [];
  for (let z = first[0]!; z <= last[0]!; z++)
    for (let y = first[1]!; y <= last[1]!; y++)
      for (let x = first[2]!; x <= last[2]!; x++) all.push([z, y, x]);
  return all;
}

export function boxOfChunk(at: Shape3, chunk: Shape3, shape: Shape3): Box {
  const start = at.map((index, axis) => index * chunk[axis]!) as [number, number, number];
  const end = start.map((value, axis) => Math.min(value + chunk[axis]!, shape[axis]!));
  return { start, end: end as [number, number, number] };
}

export const extent = ({ start, end }: Box): Shape3 => [
  end[0] - start[0],
  end[1] - start[1],
  end[2] - start[2],
];

/** What a chunk and a box share, in the chunk's own coordinates, and where its first voxel lies in the box. */
export interface Overlap {
  readonly low: Shape3;
  readonly high: Shape3;
  /** Flat index in the box of the voxel at the chunk's coordinates 0, 0, 0: it may lie outside, even below 0. */
  readonly origin: number;
  readonly planeStride: number;
  readonly rowStride: number;
}

export function overlapOf(box: Box, at: Shape3, chunk: Shape3): Overlap {
  const [, sizeY, sizeX] = extent(box);
  const offset = at.map((index, axis) => index * chunk[axis]! - box.start[axis]!) as [number, number, number];
  const low = at.map((index, axis) => Math.max(0, box.start[axis]! - index * chunk[axis]!));
  const high = at.map((index, axis) => Math.min(chunk[axis]!, box.end[axis]! - index * chunk[axis]!));
  return {
    low: low as [number, number, number],
    high: high as [number, number, number],
    origin: (offset[0] * sizeY + offset[1]) * sizeX + offset[2],
    planeStride: sizeY * sizeX,
    rowStride: sizeX,
  };
}

/**
 * Copies what a decoded chunk and a box share into the box's voxels.
 *
 * @param first index of the chunk's first voxel in `data`
 * @param stride between neighbours along z, y, x in `data`
 * @returns false where one of them is NaN or infinite
 */
export function copyOverlap(
  region: Float32Array,
  { low, high, origin, planeStride, rowStride }: Overlap,
  data: ArrayLike<number | bigint>,
  first: number,
  stride: Shape3,
): boolean {
  const width = high[2] - low[2];
  const floats = data instanceof Float32Array && stride[2] === 1 ? data : undefined;
  let allFinite = true;
  for (let z = low[0]; z < high[0]; z++) {
    for (let y = low[1]; y < high[1]; y++) {
      const from = first + z * stride[0] + y * stride[1] + low[2] * stride[2];
      const to = origin + z * planeStride + y * rowStride + low[2];
      if (floats) region.set(floats.subarray(from, from + width), to);
      else for (let x = 0; x < width; x++) region[to + x] = Number(data[from + x * stride[2]]);
      for (let i = to; i < to + width; i++) if (region[i]! - region[i]! !== 0) allFinite = false;
    }
  }
  return allFinite;
}
