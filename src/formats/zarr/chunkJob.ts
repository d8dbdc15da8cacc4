/** Jobs of decoding chunks into a box, worked on part by part by several threads. */
import { type Box, type Shape3, voxelCount } from "../../domain/volume.js";
import { type ErrorTag, isPickbenchError } from "../../system/errors.js";
import type { ZarrArray } from "./array.js";
import { BloscRows } from "./bloscRows.js";
import { copyOverlap, fillOverlap, type Overlap, overlapOf, unreadable } from "./chunkGrid.js";
import { numbersOf } from "./codecs/numbers.js";
import type { ArrayAxes } from "./ome.js";

/** A job: chunks to be decoded into the voxels of a box. */
export interface ChunkJob {
  /** Folder of the array. */
  readonly folder: string;
  /** The box's voxels, z slowest, in shared memory. */
  readonly target: Float32Array;
  readonly box: Box;
  readonly chunkShape: Shape3;
  /** Count of channels in a chunk; `channel` is the index of the wanted one. */
  readonly channelDepth: number;
  readonly channel: number;
  readonly axes: ArrayAxes;
  /** Whether the array has `ZarrArray.isBloscFloats` and plain axes: z, y, x after the channels. */
  readonly isBloscFloats: boolean;
  /** Value of chunks that are absent; undefined where an absent chunk is lost. */
  readonly fill: number | undefined;
  readonly places: readonly ChunkPlace[];
}

interface ChunkPlace {
  /** Indices of the chunk along z, y, x. */
  readonly at: Shape3;
  /** Indices of the chunk along all axes of the array, with that of the channels where there are any. */
  readonly coordinates: readonly number[];
  readonly file: string;
}

/** A part that failed, in a form that can be sent between threads. */
export interface ChunkFailure {
  readonly part: number;
  readonly tag: ErrorTag;
  readonly message: string;
  readonly path: string;
}

/** What a part of a job was: read, or absent and filled; and whether none of its voxels is NaN or infinite. */
export interface DonePart {
  readonly allFinite: boolean;
  readonly isAbsent: boolean;
}

/** Progress that the threads of a job share: four numbers in shared memory. */
export class ChunkProgress {
  readonly counts: Int32Array<ArrayBufferLike>;

  constructor(
    counts: Int32Array<ArrayBufferLike> = new Int32Array(
      new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT),
    ),
  ) {
    this.counts = counts;
  }

  /** Takes the next part, in order. */
  take(): number {
    return Atomics.add(this.counts, 0, 1);
  }

  /** Ends the job before the given part, by setting the next part to it. */
  stopAt(part: number): void {
    Atomics.store(this.counts, 0, part);
  }

  finish({ allFinite, isAbsent }: DonePart): void {
    if (!allFinite) Atomics.store(this.counts, 2, 1);
    if (isAbsent) Atomics.add(this.counts, 3, 1);
    Atomics.add(this.counts, 1, 1);
  }

  get finished(): number {
    return Atomics.load(this.counts, 1);
  }

  /** Whether no voxel so far was NaN or infinite. */
  get allFinite(): boolean {
    return Atomics.load(this.counts, 2) === 0;
  }

  /** Whether a chunk was absent. */
  get hasAbsent(): boolean {
    return Atomics.load(this.counts, 3) > 0;
  }
}

/** Parts of a Blosc chunk: chunks are few and large (nine a tomogram in the challenge), so threads would end far apart. */
const segmentsPerChunk = 4;

/** Returns the count of a job's parts, which threads take one by one. */
export const partCount = ({ isBloscFloats, places }: ChunkJob): number =>
  places.length * (isBloscFloats ? segmentsPerChunk : 1);

/**
 * Decodes parts until none is left, together with all other threads that share `progress`. Parts are taken in order and
 * every taken part is finished, so that the first broken chunk is found however many threads work; after a failure no
 * further part is taken.
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
    // Decoding is mostly synchronous: let timers and signals run between parts.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

type PartDecoder = (part: number) => Promise<DonePart>;

/** Fills the part of the target where a chunk is absent. */
const filled = ({ target, fill }: ChunkJob, overlap: Overlap): DonePart => ({
  allFinite: fillOverlap(target, overlap, fill!),
  isAbsent: true,
});

function bloscDecoder(job: ChunkJob): PartDecoder {
  const { chunkShape, channelDepth, channel, target, box, places, fill } = job;
  const voxels = voxelCount(chunkShape);
  const layout = { chunkShape, valueCount: channelDepth * voxels, firstValue: channel * voxels };
  const rows = new BloscRows(layout, target);
  return async (part) => {
    const { at, file } = places[Math.floor(part / segmentsPerChunk)]!;
    const segment = part % segmentsPerChunk;
    const overlap = overlapOf(box, at, chunkShape);
    const allFinite = await rows.decode(file, overlap, segment, segmentsPerChunk);
    if (allFinite !== undefined) return { allFinite, isAbsent: false };
    if (fill === undefined) throw unreadable(file, undefined);
    return segment > 0 ? { allFinite: true, isAbsent: true } : filled(job, overlap);
  };
}

function zarrDecoder(job: ChunkJob, openArray: () => Promise<ZarrArray>): PartDecoder {
  const { chunkShape, channel, target, box, places, axes } = job;
  let array: ZarrArray | undefined;
  return async (part) => {
    array ??= await openArray();
    const { at, coordinates } = places[part]!;
    const overlap = overlapOf(box, at, chunkShape);
    const chunk = await array.readChunk(coordinates);
    if (chunk === undefined) return filled(job, overlap);
    const { stride } = chunk;
    const first = axes.channel === undefined ? 0 : channel * stride[axes.channel]!;
    const strides = axes.space.map((axis) => stride[axis]!) as [number, number, number];
    const values = numbersOf(array.dataType, chunk.values);
    return { allFinite: copyOverlap(target, overlap, values, first, strides), isAbsent: false };
  };
}
