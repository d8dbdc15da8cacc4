/** Blosc frames, decoded block by block with every length checked. */
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { decodeBloscLz } from "./codecs/blosclz.js";
import { decodeSnappy } from "./codecs/snappy.js";
import { checkSize, type StageSize } from "./codecs/stage.js";
import { decodeLz4Block } from "./lz4Block.js";
import { shuffledWords, unshuffle4 } from "./unshuffle.js";

/**
 * Header of a Blosc frame (c-blosc's README_CHUNK_FORMAT.rst). numcodecs' own decoder returns whatever lay in its memory,
 * and no error, where a frame is cut short or its streams are broken; here each stream goes to its own decoder, which
 * throws.
 */
export interface BloscFrame {
  readonly flags: number;
  readonly typeSize: number;
  /** Bytes of the decoded frame. */
  readonly size: number;
  /** Bytes of a decoded block; the last one may be shorter. */
  readonly blockSize: number;
}

/** Bytes of a frame's header. */
export const bloscHeaderSize = 16;
const shuffledBytes = 0x1;
const storedPlain = 0x2;
const shuffledBits = 0x4;
const reserved = 0x8;
const notSplit = 0x10;
const mostSplits = 16;
const leastSplitSize = 128;

/**
 * Reads and checks a frame's header.
 *
 * @param header the frame's first bytes
 * @param length bytes of the whole frame
 * @throws Error where the frame is cut short or is no Blosc frame
 */
export function readBloscHeader(header: Buffer, length: number): BloscFrame {
  if (length < bloscHeaderSize) throw cut(length, bloscHeaderSize);
  const [version, streamVersion, flags, typeSize] = header as unknown as [number, number, number, number];
  if (version !== 2 || streamVersion !== 1)
    throw new Error(`not a Blosc frame: version ${version}, streams of version ${streamVersion}`);
  if (flags & reserved || streamDecoders[flags >> 5] === undefined || typeSize === 0)
    throw new Error(`not a Blosc frame: flags ${flags}, values of ${typeSize} bytes`);
  const size = header.readUInt32LE(4);
  const blockSize = header.readUInt32LE(8);
  const frameSize = header.readUInt32LE(12);
  if (length !== frameSize) throw cut(length, frameSize);
  if (size > 2 ** 31 || (size > 0 && (blockSize === 0 || blockSize > size)))
    throw new Error(`not a Blosc frame: ${size} bytes in blocks of ${blockSize}`);
  return { flags, typeSize, size, blockSize };
}

const cut = (got: number, wanted: number) => new Error(`Blosc frame has ${got} bytes; wanted ${wanted}`);

/** Decodes a stream that must fill `out` exactly. */
type StreamDecoder = (stream: Buffer, out: Uint8Array) => void | Promise<void>;
const unzip = promisify(inflate);

/** Decodes zstd, which is loaded on first use: worker threads that decode only LZ4 start without it. */
async function unzstd(stream: Buffer, bytes: number): Promise<Uint8Array> {
  const { decodeZstd } = await import("./codecs/zstd.js");
  return decodeZstd(stream, { bytes, isExact: true });
}

function fill(out: Uint8Array, values: Uint8Array): void {
  if (values.length !== out.length)
    throw new Error(`Blosc stream decodes to ${values.length} bytes; wanted ${out.length}`);
  out.set(values);
}

/** Decoders by the three highest bits of a frame's flags. */
const streamDecoders: Readonly<Record<number, StreamDecoder>> = {
  0: decodeBloscLz,
  1: decodeLz4Block,
  2: decodeSnappy,
  3: async (stream, out) => fill(out, await unzip(stream, { maxOutputLength: out.length })),
  4: async (stream, out) => fill(out, await unzstd(stream, out.length)),
};

/** Tells whether the blocks can be decoded one by one, each to the shuffled bytes of values of `typeSize`. */
export const isByShuffledBlocks = ({ flags, typeSize, blockSize }: BloscFrame): boolean =>
  (flags & shuffledBytes) !== 0 &&
  (flags & (storedPlain | shuffledBits)) === 0 &&
  typeSize > 1 &&
  blockSize % typeSize === 0;

/**
 * Decodes a whole frame.
 *
 * @param wanted bytes of the decoded frame
 * @throws Error where the frame is cut short or broken, or states another size
 */
export async function decodeBlosc(encoded: Uint8Array, wanted: StageSize): Promise<Uint8Array> {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const frame = readBloscHeader(bytes, bytes.length);
  const { flags, size, blockSize, typeSize } = frame;
  checkSize("the Blosc frame", size, wanted);
  if (flags & storedPlain) {
    if (bytes.length !== bloscHeaderSize + size) throw cut(bytes.length, bloscHeaderSize + size);
    return new Uint8Array(bytes.subarray(bloscHeaderSize, bloscHeaderSize + size));
  }
  const out = new Uint8Array(size);
  const isByBytes = (flags & shuffledBytes) !== 0 && typeSize > 1;
  const isShuffled = isByBytes || (flags & shuffledBits) !== 0;
  const shuffled = new Uint8Array(isShuffled ? blockSize : 0);
  for (let block = 0; block * blockSize < size; block++) {
    const target = out.subarray(block * blockSize, Math.min((block + 1) * blockSize, size));
    const scratch = isShuffled ? shuffled.subarray(0, target.length) : target;
    const start = uintAt(bytes, bloscHeaderSize + 4 * block);
    if (start > bytes.length) throw outsideFrame();
    await decodeBloscBlock(frame, bytes.subarray(start), scratch);
    if (isByBytes) unshuffle(scratch, target, typeSize);
    else if (isShuffled) unshuffleBits(scratch, target, typeSize);
  }
  return out;
}

/**
 * Decodes a block's consecutive streams.
 *
 * @param bytes the frame from the block's first stream on
 * @param out the decoded block, of its exact length
 */
export async function decodeBloscBlock(
  { flags, typeSize, blockSize }: BloscFrame,
  bytes: Buffer,
  out: Uint8Array,
): Promise<void> {
  const decode = streamDecoders[flags >> 5]!;
  const isSplit =
    !(flags & notSplit) &&
    out.length === blockSize &&
    typeSize <= mostSplits &&
    blockSize / typeSize >= leastSplitSize;
  const streamSize = isSplit ? out.length / typeSize : out.length;
  let at = 0;
  for (let filled = 0; filled < out.length; filled += streamSize) {
    const length = uintAt(bytes, at);
    at += 4;
    if (at + length > bytes.length) throw outsideFrame();
    const stream = bytes.subarray(at, at + length);
    at += length;
    const target = out.subarray(filled, filled + streamSize);
    if (length === streamSize) target.set(stream);
    else await decode(stream, target);
  }
}

function uintAt(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw outsideFrame();
  return bytes.readUInt32LE(at);
}

/** Makes the error of a frame with offsets or lengths beyond its end. */
export const outsideFrame = () => new Error("Blosc frame points outside itself");

/** Reassembles values from all their first bytes, then all second bytes, … */
function unshuffle(shuffled: Uint8Array, out: Uint8Array, typeSize: number): void {
  const count = Math.floor(out.length / typeSize);
  if (typeSize === 4 && out.byteOffset % 4 === 0)
    unshuffle4(
      shuffledWords(shuffled),
      count,
      0,
      count,
      new Int32Array(out.buffer, out.byteOffset, count),
      0,
    );
  else
    for (let byte = 0; byte < typeSize; byte++)
      for (let i = 0; i < count; i++) out[i * typeSize + byte] = shuffled[byte * count + i]!;
  out.set(shuffled.subarray(count * typeSize), count * typeSize);
}

/**
 * Reassembles values from the lowest bits of all their first bytes, then the second lowest, …: Bitshuffle's order, eight
 * values to a byte. Blosc leaves blocks of other counts than multiples of eight as they are.
 */
function unshuffleBits(shuffled: Uint8Array, out: Uint8Array, typeSize: number): void {
  const count = Math.floor(out.length / typeSize);
  out.set(shuffled);
  if (count % 8 !== 0) return;
  const row = count / 8;
  out.fill(0, 0, count * typeSize);
  for (let byte = 0; byte < typeSize; byte++)
    for (let bit = 0; bit < 8; bit++) {
      const from = (8 * byte + bit) * row;
      for (let eight = 0; eight < row; eight++) {
        const bits = shuffled[from + eight]!;
        if (bits === 0) continue;
        for (let i = 0; i < 8; i++) {
          const at = (8 * eight + i) * typeSize + byte;
          out[at] = out[at]! | (((bits >> i) & 1) << bit);
        }
      }
    }
}
