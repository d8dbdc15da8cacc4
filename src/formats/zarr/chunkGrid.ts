/** Chunk grids: chunks and boxes, the copying of what they share, and the errors of chunks that cannot be read. */
import { totalmem } from "node:os";
import type { Box, Shape3 } from "../../domain/volume.js";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { sharedFloats } from "../sharedFloats.js";

/** Lists the coordinates of the chunks that a box touches, z slowest. */
export function chunksOf({ start, end }: Box, chunk: Shape3): Shape3[] {
  const first = start.map((value, axis) => Math.floor(value / chunk[axis]!));
  const last = end.map((value, axis) => Math.floor((value - 1) / chunk[axis]!));
  const all: Shape3[] = [];
  for (let z = first[0]!; z <= last[0]!; z++)
    for (let y = first[1]!; y <= last[1]!; y++)
      for (let x = first[2]!; x <= last[2]!; x++) all.push([z, y, x]);
  return all;
}

/** Returns a chunk's box, clipped to the array's shape. */
export function boxOfChunk(at: Shape3, chunk: Shape3, shape: Shape3): Box {
  const start = at.map((index, axis) => index * chunk[axis]!) as [number, number, number];
  const end = start.map((value, axis) => Math.min(value + chunk[axis]!, shape[axis]!));
  return { start, end: end as [number, number, number] };
}

/** Returns a box's sizes along z, y, x. */
export const extent = ({ start, end }: Box): Shape3 => [
  end[0] - start[0],
  end[1] - start[1],
  end[2] - start[2],
];

/** The voxels that a chunk and a box share, from `low` to before `high` in the chunk's own coordinates. */
export interface Overlap {
  readonly low: Shape3;
  readonly high: Shape3;
  /** Flat index in the box of the chunk's first voxel, which may lie outside the box, even below 0. */
  readonly origin: number;
  readonly planeStride: number;
  readonly rowStride: number;
}

/** Returns the overlap of a box and the chunk with indices `at`. */
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
 * Copies the voxels that a decoded chunk and a box share into the box.
 *
 * @param first index of the chunk's first voxel in `data`
 * @param stride steps between neighbours along z, y, x in `data`
 * @returns false where a copied voxel is NaN or infinite
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

/**
 * Sets the voxels that an absent chunk and a box share to the fill value.
 *
 * @returns false where that is NaN or infinite
 */
export function fillOverlap(region: Float32Array, overlap: Overlap, fill: number): boolean {
  const { low, high, origin, planeStride, rowStride } = overlap;
  if (fill !== 0)
    for (let z = low[0]; z < high[0]; z++)
      for (let y = low[1]; y < high[1]; y++) {
        const row = origin + z * planeStride + y * rowStride;
        region.fill(fill, row + low[2], row + high[2]);
      }
  return Number.isFinite(fill);
}

/** Tells whether an error says that a file is not there. */
export const isAbsent = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");

/** Makes the error of a chunk's file that is missing (where `error` is absent too) or cannot be read. */
export function unreadable(file: string, error: unknown): PickbenchError {
  const missing = error === undefined || isAbsent(error);
  const message = missing
    ? `${file}: chunk is missing; copy the tomogram again`
    : `${file}: chunk cannot be read: ${messageOf(error)}`;
  return new PickbenchError("BadDataset", message, { path: file, cause: error });
}

/** Makes the error of a chunk that cannot be decoded. */
export function undecodable(file: string, error: unknown): PickbenchError {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : "";
  return new PickbenchError(
    "BadDataset",
    `${file}: chunk cannot be decoded (${messageOf(error)}${cause}): the file is damaged, copy it again`,
    { path: file, cause: error },
  );
}

/** Makes the error of a chunk that decodes to another count of values than its shape. */
export const wrongLength = (file: string, got: number, wanted: number): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${file}: chunk decodes to ${got} values; wanted ${wanted}: the file is damaged, copy it again`,
    { path: file },
  );

/**
 * Allocates zeros for a region's voxels in shared memory.
 *
 * @throws PickbenchError BadDataset where they do not fit into memory
 */
export function allocateRegion(path: string, voxels: number): Float32Array {
  const needed = voxels * Float32Array.BYTES_PER_ELEMENT;
  if (needed > totalmem()) throw tooLarge(path, voxels, `this machine has ${totalmem()} bytes`);
  try {
    return sharedFloats(voxels);
  } catch (error) {
    throw tooLarge(path, voxels, messageOf(error), error);
  }
}

const tooLarge = (path: string, voxels: number, why: string, cause?: unknown): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: ${voxels} voxels do not fit into memory (${why}); read a coarser level, or bin it`,
    { path, cause },
  );

const mostChunks = 2 ** 22;

/**
 * Checks how many chunks metadata declare before any is looked for.
 *
 * @param shape of an array, or of a part of a volume
 * @throws PickbenchError BadDataset where there are more chunks than any tomogram has
 */
export function checkChunkCount(path: string, shape: readonly number[], chunk: readonly number[]): void {
  const chunks = shape.reduce((product, size, axis) => product * Math.ceil(size / chunk[axis]!), 1);
  if (chunks > mostChunks)
    throw new PickbenchError(
      "BadDataset",
      `${path}: metadata promises ${chunks} chunks of ${chunk.join("×")} values; wanted at most ${mostChunks}: write it again in larger ones`,
      { path },
    );
}
