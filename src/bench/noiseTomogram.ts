import { join } from "node:path";
import { createOmeZarr } from "../data/omeZarrWriter.js";
import { randomFor } from "../random.js";
import { angstrom } from "../units.js";
import { type Shape3, voxelCount } from "../volume.js";

/** The challenge's tomograms, voxels along z, y, x. */
export const challengeShape: Shape3 = [184, 630, 630];
/** Å per voxel, as the challenge's. */
export const challengeSpacing = angstrom(10.012);
/** Of its grey values. */
const standardDeviation = 7e-6;
const slabDepth = 16;

/** Writes an OME-Zarr store of noise, chunked and compressed (Blosc, LZ4) as the challenge's are. */
export async function writeNoiseTomogram(path: string, shape: Shape3): Promise<void> {
  const [depth, height, width] = shape;
  const random = randomFor(0, "bench/tomogram");
  const writer = await createOmeZarr(path, {
    shape,
    spacing: [challengeSpacing, challengeSpacing, challengeSpacing],
    chunkShape: [256, 256, 256],
  });
  for (let z = 0; z < depth; z += slabDepth) {
    const slab = new Float32Array(Math.min(slabDepth, depth - z) * height * width);
    for (let voxel = 0; voxel < slab.length; voxel++) slab[voxel] = random.normal() * standardDeviation;
    await writer.writeSlab(z, slab);
  }
  await writer.close();
}

/** Where a run's tomogram lies in a data set of the challenge's layout. */
export const tomogramPath = (dataset: string, run: string): string =>
  join(dataset, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr");

/** On disk, compressed or not. */
export const tomogramBytes = (shape: Shape3): number => voxelCount(shape) * Float32Array.BYTES_PER_ELEMENT;
