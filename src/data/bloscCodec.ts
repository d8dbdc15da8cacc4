import { promisify } from "node:util";
import { inflate } from "node:zlib";
import Blosc from "numcodecs/blosc";
import Zstd from "numcodecs/zstd";
import { registry } from "zarrita";
import { decodeLz4Block } from "./lz4Block.js";

/**
 * Blosc decoding that notices damage. numcodecs' own gives back whatever lay in its memory, and no error, where a Blosc
 * frame is cut short or its streams are broken; here the frame is taken apart, every length is checked, and each stream
 * goes to its own decoder, which throws. Format: c-blosc's README_CHUNK_FORMAT.rst.
 */
interface Frame {
  readonly bytes: Buffer;
  readonly flags: number;
  readonly typeSize: number;
  readonly size: number;
  readonly blockSize: number;
}

const headerSize = 16;
const shuffledBytes = 0x1;
const storedPlain = 0x2;
const shuffledBits = 0x4;
const notSplit = 0x10;
const mostSplits = 16;
const leastSplitSize = 128;

/** Decodes a stream that must fill `out` exactly. */
type StreamDecoder = (stream: Buffer, out: Uint8Array) => void | Promise<void>;
const zstd = Zstd.fromConfig({ id: "zstd" });
const unzip = promisify(inflate);

function fill(out: Uint8Array, values: Uint8Array): void {
  if (values.length !== out.length)
    throw new Error(`Blosc stream decodes to ${values.length} bytes; wanted ${out.length}`);
  out.set(values);
}

/** Decoders by the three highest bits of a frame's flags; blosclz (0) and snappy (2) have none outside Blosc. */
const streamDecoders: Readonly<Record<number, StreamDecoder>> = {
  1: decodeLz4Block,
  3: async (stream, out) => fill(out, await unzip(stream, { maxOutputLength: out.length })),
  4: async (stream, out) => fill(out, await zstd.decode(stream)),
};

const wholeFrame = Blosc.fromConfig({ id: "blosc" });

/** @throws Error saying what is wrong with the frame */
export async function decodeBlosc(encoded: Uint8Array): Promise<Uint8Array> {
  const frame = readFrame(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength));
  const { bytes, flags, size, blockSize } = frame;
  if (flags & storedPlain) {
    if (bytes.length < headerSize + size) throw cut(bytes.length, headerSize + size);
    return new Uint8Array(bytes.subarray(headerSize, headerSize + size));
  }
  const decode = streamDecoders[flags >> 5];
  const out = new Uint8Array(size);
  const isShuffled = (flags & shuffledBytes) !== 0 && frame.typeSize > 1;
  const shuffled = new Uint8Array(isShuffled ? Math.min(blockSize, size) : 0);
  for (let block = 0; block * blockSize < size; block++) {
    const target = out.subarray(block * blockSize, Math.min((block + 1) * blockSize, size));
    const scratch = isShuffled ? shuffled.subarray(0, target.length) : target;
    await decodeBlock(frame, block, scratch, decode);
    if (isShuffled) unshuffle(scratch, target, frame.typeSize);
  }
  return decode && !(flags & shuffledBits) ? out : wholeFrame.decode(encoded);
}

function readFrame(bytes: Buffer): Frame {
  if (bytes.length < headerSize) throw cut(bytes.length, headerSize);
  const version = bytes[0]!;
  if (version !== 2 && version !== 1) throw new Error(`not a Blosc frame: version ${version}`);
  const size = bytes.readUInt32LE(4);
  const blockSize = bytes.readUInt32LE(8);
  const frameSize = bytes.readUInt32LE(12);
  if (bytes.length !== frameSize) throw cut(bytes.length, frameSize);
  if (size > 2 ** 31 || (size > 0 && blockSize === 0))
    throw new Error(`not a Blosc frame: ${size} bytes in blocks of ${blockSize}`);
  return { bytes, flags: bytes[2]!, typeSize: bytes[3]!, size, blockSize };
}

const cut = (got: number, wanted: number) => new Error(`Blosc frame has ${got} bytes; wanted ${wanted}`);

/** The streams of a block, one behind the other; without a decoder only their lengths are checked. */
async function decodeBlock(
  { bytes, flags, typeSize, blockSize }: Frame,
  block: number,
  out: Uint8Array,
  decode: StreamDecoder | undefined,
): Promise<void> {
  const isSplit =
    !(flags & notSplit) &&
    out.length === blockSize &&
    typeSize <= mostSplits &&
    blockSize / typeSize >= leastSplitSize;
  const streamSize = isSplit ? out.length / typeSize : out.length;
  let at = uintAt(bytes, headerSize + 4 * block);
  for (let filled = 0; filled < out.length; filled += streamSize) {
    const length = uintAt(bytes, at);
    at += 4;
    if (at + length > bytes.length) throw new Error(`Blosc block ${block} ends outside the frame`);
    const stream = bytes.subarray(at, at + length);
    at += length;
    const target = out.subarray(filled, filled + streamSize);
    if (length === streamSize) target.set(stream);
    else await decode?.(stream, target);
  }
}

function uintAt(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Error("Blosc frame points outside itself");
  return bytes.readUInt32LE(at);
}

/** Puts the first bytes of all values, then the second bytes, … back together. */
function unshuffle(shuffled: Uint8Array, out: Uint8Array, typeSize: number): void {
  const count = Math.floor(out.length / typeSize);
  if (typeSize === 4 && out.byteOffset % 4 === 0) {
    const words = new Uint32Array(out.buffer, out.byteOffset, count);
    for (let i = 0; i < count; i++)
      words[i] =
        shuffled[i]! |
        (shuffled[count + i]! << 8) |
        (shuffled[2 * count + i]! << 16) |
        (shuffled[3 * count + i]! << 24);
  } else
    for (let byte = 0; byte < typeSize; byte++)
      for (let i = 0; i < count; i++) out[i * typeSize + byte] = shuffled[byte * count + i]!;
  out.set(shuffled.subarray(count * typeSize), count * typeSize);
}

interface BloscConfig {
  readonly cname?: string;
  readonly clevel?: number;
  readonly blocksize?: number;
}

const checkedBlosc = {
  kind: "bytes_to_bytes" as const,
  fromConfig(configuration: unknown) {
    const { cname = "lz4", clevel = 5, blocksize = 0 } = (configuration ?? {}) as BloscConfig;
    const encoder = Blosc.fromConfig({ id: "blosc", cname, clevel, blocksize });
    return {
      kind: "bytes_to_bytes" as const,
      encode: (bytes: Uint8Array) => encoder.encode(bytes),
      decode: decodeBlosc,
    };
  },
};

/** Makes zarrita decode Blosc with the checks above. */
export function useCheckedBlosc(): void {
  for (const name of ["blosc", "numcodecs.blosc"]) registry.set(name, async () => checkedBlosc);
}
