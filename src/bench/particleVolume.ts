/** Artificial volumes for the bench: probability maps with balls, and tomograms of noise. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Random, randomFor } from "../domain/random.js";
import { angstrom } from "../domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../domain/volume.js";
import { createOmeZarr } from "../formats/zarr/writer.js";

/** A ball's centre in continuous indices, and whether another ball touches it. */
export interface Ball {
  readonly centre: readonly [z: number, y: number, x: number];
  readonly touching: boolean;
}

/** Radius of every ball in voxels. */
export const ballRadius = 9;
/** Distance in voxels between the centres of a touching pair. */
const pairDistance = 16;
/** Edge in voxels of the cells that hold one ball or one pair each; nothing in one cell touches anything in another. */
const cellEdge = 50;
const jitter = 5;
const mostCells = 50;
/** Of five cells, four hold a single ball and the fifth a pair. */
const pairEvery = 5;
/** Upper bound of a network's output where there is no particle. */
const backgroundValue = 0.3;

/**
 * Makes a probability map: noise, and balls that fade from 1 at their centre through ½ at their radius; 40 single ones
 * and 10 touching pairs where the volume has room for them.
 */
export function particleVolume(shape: Shape3): { volume: Volume; balls: Ball[] } {
  const random = randomFor(0, "bench/particles");
  const data = new Float32Array(voxelCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = (random.bits() / 2 ** 32) * backgroundValue;
  const balls = placeBalls(shape, random);
  for (const { centre } of balls) paint(data, shape, centre);
  return { volume: { data, shape, spacing: [challengeSpacing, challengeSpacing, challengeSpacing] }, balls };
}

function placeBalls(shape: Shape3, random: Random): Ball[] {
  const cells = shape.map((size) => Math.max(1, Math.floor(size / cellEdge))) as [number, number, number];
  const order = random.shuffle([...Array(voxelCount(cells)).keys()]).slice(0, mostCells);
  return order.flatMap((cell, i): Ball[] => {
    const place = [
      Math.floor(cell / (cells[1] * cells[2])),
      Math.floor(cell / cells[2]) % cells[1],
      cell % cells[2],
    ];
    const middle = place.map(
      (at, axis) => ((at + 0.5) * shape[axis]!) / cells[axis]! + random.between(-jitter, jitter),
    );
    const half = direction(random).map((step) => (step * pairDistance) / 2);
    const shifted = (sign: number) =>
      middle.map((at, axis) => at + sign * half[axis]!) as [number, number, number];
    if ((i + 1) % pairEvery !== 0) return [{ centre: shifted(0), touching: false }];
    return [-1, 1].map((sign) => ({ centre: shifted(sign), touching: true }));
  });
}

/** Draws a direction uniformly from the sphere. */
function direction(random: Random): number[] {
  const steps = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(...steps);
  return steps.map((step) => step / length);
}

function paint(data: Float32Array, shape: Shape3, centre: Ball["centre"]): void {
  const reach = 2 * ballRadius;
  const low = (axis: 0 | 1 | 2) => Math.max(0, Math.ceil(centre[axis] - reach));
  const high = (axis: 0 | 1 | 2) => Math.min(shape[axis] - 1, Math.floor(centre[axis] + reach));
  for (let z = low(0); z <= high(0); z++)
    for (let y = low(1); y <= high(1); y++)
      for (let x = low(2); x <= high(2); x++) {
        const distance = Math.hypot(z - centre[0], y - centre[1], x - centre[2]);
        const at = (z * shape[1] + y) * shape[2] + x;
        data[at] = Math.max(data[at]!, 1 - distance / reach);
      }
}

/** Writes a NumPy file, version 1.0: magic, header padded to a multiple of 64 bytes, values. */
export async function writeNpy(path: string, { data, shape: [z, y, x] }: Volume): Promise<void> {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${z}, ${y}, ${x}), }`;
  const header = Buffer.alloc(Math.ceil((11 + text.length) / 64) * 64, " ");
  header.write("\x93NUMPY\x01\x00", 0, "latin1");
  header.writeUInt16LE(header.length - 10, 8);
  header.write(text, 10, "latin1");
  header.write("\n", header.length - 1, "latin1");
  const file = await open(path, "w");
  try {
    await file.writeFile(header);
    await file.writeFile(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await file.close();
  }
}

/** Å per voxel of the challenge's tomograms. */
export const challengeSpacing = angstrom(10.012);
/** Standard deviation of the challenge's grey values. */
const standardDeviation = 7e-6;
const slabDepth = 16;
/** Voxels after which noise is no longer drawn but repeated: drawing takes longer than writing. */
const mostDrawn = 2 ** 27;

/**
 * Writes an OME-Zarr store of noise, chunked and compressed (Blosc, LZ4) as the challenge's stores.
 *
 * @param signal ends it between two slabs; its reason is thrown then
 */
export async function writeNoiseTomogram(path: string, shape: Shape3, signal?: AbortSignal): Promise<void> {
  const [depth, height, width] = shape;
  const random = randomFor(0, "bench/tomogram");
  const writer = await createOmeZarr(path, {
    shape,
    spacing: [challengeSpacing, challengeSpacing, challengeSpacing],
    chunkShape: [256, 256, 256],
  });
  const noise = new Float32Array(Math.min(slabDepth, depth) * height * width);
  for (let z = 0; z < depth; z += slabDepth) {
    signal?.throwIfAborted();
    const slab = noise.subarray(0, (depth - z) * height * width);
    if (z * height * width < mostDrawn)
      for (let voxel = 0; voxel < slab.length; voxel++) slab[voxel] = random.normal() * standardDeviation;
    await writer.writeSlab(z, slab.slice());
  }
  await writer.close();
}

/** Returns the path of a run's tomogram in a data set of the challenge's layout. */
export const tomogramPath = (dataset: string, run: string): string =>
  join(dataset, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr");

/** Returns the greatest size of a tomogram on disk, compressed or not, in bytes. */
export const tomogramBytes = (shape: Shape3): number => voxelCount(shape) * Float32Array.BYTES_PER_ELEMENT;
