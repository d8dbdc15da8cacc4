import { stat } from "node:fs/promises";
import { messageOf, PickbenchError } from "../errors.js";
import { type Box, type Shape3, voxelCount } from "../volume.js";
import { unreadable } from "./chunkFailures.js";
import { extent } from "./chunkGrid.js";
import { sharedFloats } from "./sharedFloats.js";

/** Zeros for a region's voxels, in shared memory. @throws BadDataset where there are too many to hold */
export function roomFor(path: string, voxels: number): Float32Array {
  try {
    return sharedFloats(voxels);
  } catch (error) {
    throw new PickbenchError(
      "BadDataset",
      `${path}: ${voxels} voxels do not fit into memory (${messageOf(error)}); read a coarser level, or bin it`,
      { path, cause: error },
    );
  }
}

const mostChunks = 2 ** 22;
/** From so many voxels on it is looked whether they are there before memory is taken for them. */
const manyVoxels = 2 ** 26;

/**
 * Sees that metadata promises no more than there is, before anything is read.
 *
 * @param fileOf the file of the chunk at these indices
 * @throws BadDataset where there are more chunks than any tomogram has, or the last one of a large region is missing
 */
export async function checkPromise(
  path: string,
  box: Box,
  chunk: Shape3,
  fileOf: (at: Shape3) => string,
): Promise<void> {
  const first = box.start.map((index, axis) => Math.floor(index / chunk[axis]!));
  const last = box.end.map((index, axis) => Math.floor((index - 1) / chunk[axis]!)) as [
    number,
    number,
    number,
  ];
  const chunks = last.reduce((product, index, axis) => product * (index - first[axis]! + 1), 1);
  if (chunks > mostChunks)
    throw new PickbenchError(
      "BadDataset",
      `${path}: metadata promises ${chunks} chunks of ${chunk.join("×")} voxels; wanted at most ${mostChunks}: write it again in larger ones`,
      { path },
    );
  if (voxelCount(extent(box)) < manyVoxels) return;
  const file = fileOf(last);
  await stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
}
