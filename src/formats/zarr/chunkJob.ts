import { type Box, type Shape3, voxelCount } from "../../domain/volume.js";
import { type ErrorTag, isPickbenchError } from "../../system/errors.js";
import type { ZarrArray } from "./array.js";
import { BloscRows } from "./bloscRows.js";
import { copyOverlap, overlapOf } from "./chunkGrid.js";
import type { ArrayAxes } from "./ome.js";

/** Chunks to be decoded into the voxels of a box. */
export interface ChunkJob {
  /** Of the array. */
  readonly folder: string;
  /** The box's voxels, z slowest, in shared memory. */
  readonly target: Float32Array;
  readonly box: Box;
  readonly chunkShape: Shape3;
  /** Channels in a chunk, and which of them is wanted. */
  readonly channelDepth: number;
  readonly channel: number;
  readonly axes: ArrayAxes;
  /** As in ZarrArray, and with plain axes: z, y, x behind the channels. */
  readonly isBloscFloats: boolean;
  readonly places: readonly ChunkPlace[];
}

interface ChunkPlace {
  /** The chunk's indices along z, y, x. */
  readonly at: Shape3;
  /** As in the array: with the channels' index, where there are channels. */
  readonly coordinates: readonly number[];
  readonly file: string;
}

/** The first part that failed, in a form that crosses between threads. */
export interface ChunkFailure {
  readonly part: number;
  readonly tag: ErrorTag;
  readonly message: string;
  readonly path: string;
}

/** What the threads at work on a job share: three numbers in shared memory. */
export class ChunkProgress {
  readonly counts: Int32Array<ArrayBufferLike>;

  constructor(
    counts: Int32Array<ArrayBufferLike> = new Int32Array(
      new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT),
    ),
  ) {
    this.counts = counts;
  }

  /** The next part, in order. */
  take(): number {
    return Atomics.add(this.counts, 0, 1);
  }

  /** No part from this one on is taken any more. */
  stopAt(part: number): void {
    Atomics.store(this.counts, 0, part);
  }

  finish(allFinite: boolean): void {
    if (!allFinite) Atomics.store(this.counts, 2, 1);
    Atomics.add(this.counts, 1, 1);
  }

  get finished(): number {
    return Atomics.load(this.counts, 1);
  }

  /** False once a voxel was NaN or infinite. */
  get allFinite(): boolean {
    return Atomics.load(this.counts, 2) === 0;
  }
}

/** Blosc chunks are few and large (nine in the challenge's tomograms): threads would end far apart with whole ones. */
const segmentsPerChunk = 4;

export const partCount = ({ isBloscFloats, places }: ChunkJob): number =>
  places.length * (isBloscFloats ? segmentsPerChunk : 1);

/**
 * Takes parts until none is left, together with whoever else shares `progress`. Parts are taken in order and each that
 * was taken is finished, so that the first broken chunk is found however many threads work; after it no more are taken.
 */
export async function workOn(
  job: ChunkJob,
  progress: ChunkProgress,
  openArray: () => Promise<ZarrArray>,
): Promise<ChunkFailure | undefined> {
  const decode = job.isBloscFloats ? bloscDecoder(job) : zarrDecoder(job, openArray);
  const parts = partCount(job);
  for (let part = progress.take(); part < parts; part = progress.take()) {
    try {
      progress.finish(await decode(part));
    } catch (error) {
      progress.stopAt(parts);
      if (!isPickbenchError(error)) throw error;
      const { tag, message, path = job.folder } = error;
      return { part, tag, message, path };
    }
    // Decoding is synchronous for the most part: timers and signals have their turn between parts.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

type PartDecoder = (part: number) => Promise<boolean>;

function bloscDecoder({ chunkShape, channelDepth, channel, target, box, places }: ChunkJob): PartDecoder {
  const voxels = voxelCount(chunkShape);
  const layout = { chunkShape, valueCount: channelDepth * voxels, firstValue: channel * voxels };
  const rows = new BloscRows(layout, target);
  return (part) => {
    const { at, file } = places[Math.floor(part / segmentsPerChunk)]!;
    return rows.decode(file, overlapOf(box, at, chunkShape), part % segmentsPerChunk, segmentsPerChunk);
  };
}

function zarrDecoder(
  { chunkShape, channel, target, box, places, axes }: ChunkJob,
  openArray: () => Promise<ZarrArray>,
): PartDecoder {
  let array: ZarrArray | undefined;
  return async (part) => {
    array ??= await openArray();
    const { at, coordinates } = places[part]!;
    const { data, stride } = await array.readChunk(coordinates);
    const first = axes.channel === undefined ? 0 : channel * stride[axes.channel]!;
    const values = array.half ? (await import("../halfFloat.js")).halfToFloat(data) : data;
    const strides = axes.space.map((at) => stride[at]!) as [number, number, number];
    return copyOverlap(target, overlapOf(box, at, chunkShape), values, first, strides);
  };
}
