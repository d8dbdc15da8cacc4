import { promisify } from "node:util";
import { inflate } from "node:zlib";
import Blosc from "numcodecs/blosc";
import LZ4 from "numcodecs/lz4";
import Zstd from "numcodecs/zstd";
import { registry } from "zarrita";

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

type Stream = (bytes: Buffer, size: number) => Promise<Uint8Array>;
const lz4 = LZ4.fromConfig({ id: "lz4", acceleration: 1 });
const zstd = Zstd.fromConfig({ id: "zstd" });
const unzip = promisify(inflate);

/** Decoders by the three highest bits of a frame's flags; blosclz (0) and snappy (2) have none outside Blosc. */
const streamDecoders: Readonly<Record<number, Stream>> = {
  1: async (bytes, size) => {
    const sized = Buffer.allocUnsafe(4 + bytes.length);
    sized.writeUInt32LE(size, 0);
    bytes.copy(sized, 4);
    return lz4.decode(sized);
  },
  3: (bytes, size) => unzip(bytes, { maxOutputLength: size }),
  4: async (bytes) => zstd.decode(bytes),
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
  for (let block = 0; block * blockSize < size; block++) {
    const target = out.subarray(block * blockSize, Math.min((block + 1) * blockSize, size));
    const shuffled = await decodeBlock(frame, block, target.length, decode);
    if (flags & shuffledBytes && frame.typeSize > 1) unshuffle(shuffled, target, frame.typeSize);
    else target.set(shuffled);
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
  size: number,
  decode: Stream | undefined,
): Promise<Uint8Array> {
  const splits =
    !(flags & notSplit) &&
    size === blockSize &&
    typeSize <= mostSplits &&
    blockSize / typeSize >= leastSplitSize
      ? typeSize
      : 1;
  const streamSize = size / splits;
  const out = new Uint8Array(size);
  let at = uintAt(bytes, headerSize + 4 * block);
  for (let split = 0; split < splits; split++) {
    const length = uintAt(bytes, at);
    at += 4;
    if (at + length > bytes.length) throw new Error(`Blosc block ${block} ends outside the frame`);
    const stream = bytes.subarray(at, at + length);
    at += length;
    if (length === streamSize) out.set(stream, split * streamSize);
    else if (decode) {
      const values = await decode(stream, streamSize);
      if (values.length !== streamSize)
        throw new Error(`Blosc block ${block} decodes to ${values.length} bytes; wanted ${streamSize}`);
      out.set(values, split * streamSize);
    }
  }
  return out;
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
