/** Blosc chunks of float32 decoded block by block straight into a volume's rows. */
import { closeSync, fstatSync, readSync } from "node:fs";
import type { Shape3 } from "../../domain/volume.js";
import { isPickbenchError } from "../../system/errors.js";
import { openFileSync } from "../../system/paths/opening.js";
import {
  type BloscFrame,
  bloscHeaderSize,
  decodeBlosc,
  decodeBloscBlock,
  isByShuffledBlocks,
  outsideFrame,
  readBloscHeader,
} from "./blosc.js";
import { copyOverlap, isAbsent, type Overlap, undecodable, unreadable, wrongLength } from "./chunkGrid.js";
import { type ShuffledWords, shuffledWords, unshuffle4 } from "./unshuffle.js";

/** Layout of a chunk of float32, z slowest, in its file. */
interface BloscLayout {
  readonly chunkShape: Shape3;
  /** Values in the whole chunk; `firstValue` is the count before the wanted channel. */
  readonly valueCount: number;
  readonly firstValue: number;
}

/**
 * Decoder of files that are one Blosc frame of little-endian float32, straight into the rows of a volume. Blocks are read,
 * decoded and unshuffled one by one, so that they stay in the processor's cache and only two are held. Blocks outside the
 * volume are decoded too, so that damage is found, but not unshuffled.
 */
export class BloscRows {
  readonly #layout: BloscLayout;
  readonly #target: Float32Array;
  readonly #words: Int32Array;
  #encoded: Buffer = Buffer.alloc(0);
  #shuffled: Uint8Array = new Uint8Array(0);

  constructor(layout: BloscLayout, target: Float32Array) {
    this.#layout = layout;
    this.#target = target;
    this.#words = new Int32Array(target.buffer, target.byteOffset, target.length);
  }

  /**
   * Decodes one of `segments` equal shares of a chunk's blocks; together the segments decode all.
   *
   * @returns false where a voxel is NaN or infinite; undefined where the file is absent
   * @throws PickbenchError BadDataset with the file where it is short or undecodable
   */
  async decode(file: string, overlap: Overlap, segment = 0, segments = 1): Promise<boolean | undefined> {
    const opened = opening(file);
    if (opened === undefined) return undefined;
    try {
      const length = sizeOf(opened);
      const header = this.#read(opened, 0, Math.min(bloscHeaderSize, length));
      const frame = readBloscHeader(header, length);
      const { valueCount } = this.#layout;
      if (frame.size !== valueCount * Float32Array.BYTES_PER_ELEMENT)
        throw wrongLength(file, frame.size / Float32Array.BYTES_PER_ELEMENT, valueCount);
      if (isByShuffledBlocks(frame) && frame.typeSize === 4)
        return await this.#decodeBlocks(opened, length, frame, overlap, segment, segments);
      return segment > 0 || (await this.#decodeWhole(opened, length, overlap));
    } catch (error) {
      throw isPickbenchError(error) ? error : undecodable(file, error);
    } finally {
      closeSync(opened.descriptor);
    }
  }

  async #decodeWhole(opened: OpenFile, length: number, overlap: Overlap): Promise<boolean> {
    const encoded = Buffer.alloc(length);
    read(opened, encoded, 0);
    const size = { bytes: this.#layout.valueCount * Float32Array.BYTES_PER_ELEMENT, isExact: true };
    const { buffer, byteOffset, byteLength } = await decodeBlosc(encoded, size);
    const values = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    const { chunkShape, firstValue } = this.#layout;
    const stride: Shape3 = [chunkShape[1] * chunkShape[2], chunkShape[2], 1];
    return copyOverlap(this.#target, overlap, values, firstValue, stride);
  }

  async #decodeBlocks(
    opened: OpenFile,
    length: number,
    frame: BloscFrame,
    overlap: Overlap,
    segment: number,
    segments: number,
  ): Promise<boolean> {
    const blockCount = Math.ceil(frame.size / frame.blockSize);
    if (bloscHeaderSize + 4 * blockCount > length) throw outsideFrame();
    const extents = blockExtents(this.#read(opened, bloscHeaderSize, 4 * blockCount), length);
    const end = Math.floor(((segment + 1) * blockCount) / segments);
    let allFinite = true;
    for (let block = Math.floor((segment * blockCount) / segments); block < end; block++) {
      const [start, stop] = extents[block]!;
      const encoded = this.#read(opened, start, stop - start);
      const begin = block * frame.blockSize;
      const shuffled = this.#shuffledOf(Math.min(frame.blockSize, frame.size - begin));
      await decodeBloscBlock(frame, encoded, shuffled.bytes);
      allFinite = this.#putTogether(shuffled, begin / 4, overlap) && allFinite;
    }
    return allFinite;
  }

  /** Unshuffles the parts of rows that lie both in this block and in the volume. */
  #putTogether(shuffled: ShuffledWords, blockStart: number, overlap: Overlap): boolean {
    const { low, high, origin, planeStride, rowStride } = overlap;
    const [depth, height, width] = this.#layout.chunkShape;
    const count = shuffled.words.length;
    const start = blockStart - this.#layout.firstValue;
    const firstRow = Math.max(0, Math.floor(start / width));
    const endRow = Math.min(depth * height, Math.ceil((start + count) / width));
    let allFinite = true;
    for (let row = firstRow; row < endRow; row++) {
      const z = Math.floor(row / height);
      const y = row % height;
      if (z < low[0] || z >= high[0] || y < low[1] || y >= high[1]) continue;
      const from = Math.max(row * width + low[2] - start, 0);
      const to = Math.min(row * width + high[2] - start, count);
      if (from >= to) continue;
      const at = origin + z * planeStride + y * rowStride + (from + start - row * width);
      allFinite = unshuffle4(shuffled, count, from, to, this.#words, at) && allFinite;
    }
    return allFinite;
  }

  /** Reads bytes into a buffer that is valid until the next call. */
  #read(opened: OpenFile, position: number, length: number): Buffer {
    if (this.#encoded.length < length) this.#encoded = Buffer.alloc(length + (length >> 2));
    const bytes = this.#encoded.subarray(0, length);
    read(opened, bytes, position);
    return bytes;
  }

  #shuffledOf(length: number): ShuffledWords {
    if (this.#shuffled.length < length) this.#shuffled = new Uint8Array(length);
    return shuffledWords(this.#shuffled.subarray(0, length));
  }
}

/** Returns each block's begin and its end, where another block begins or the frame ends: blocks may lie in any order. */
function blockExtents(table: Buffer, length: number): [start: number, stop: number][] {
  const starts = Array.from({ length: table.length / 4 }, (_, block) => table.readUInt32LE(4 * block));
  const sorted = [...starts].sort((a, b) => a - b);
  if (sorted.at(-1)! > length) throw outsideFrame();
  const stops = new Map(sorted.map((start, i) => [start, sorted[i + 1] ?? length]));
  return starts.map((start) => [start, stops.get(start)!]);
}

interface OpenFile {
  readonly file: string;
  readonly descriptor: number;
}

/** Opens a file; undefined where it is absent. */
function opening(file: string): OpenFile | undefined {
  try {
    return { file, descriptor: openFileSync(file) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(file, error);
  }
}

function sizeOf({ file, descriptor }: OpenFile): number {
  try {
    return fstatSync(descriptor).size;
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Fills `bytes` from a position of the file on. */
function read({ file, descriptor }: OpenFile, bytes: Uint8Array, position: number): void {
  let filled = 0;
  try {
    while (filled < bytes.length) {
      const got = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled);
      if (got === 0) break;
      filled += got;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (filled < bytes.length)
    throw new Error(`file has ${position + filled} bytes; wanted ${position + bytes.length}`);
}
