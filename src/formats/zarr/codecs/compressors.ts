/** Compressors of chunks, none of which writes more than the metadata declare. */
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { decodeBlosc } from "../blosc.js";
import { decodeLz4Block } from "../lz4Block.js";
import { type BytesCodec, checkSize, compressedSize, type StageSize } from "./stage.js";
import { decodeZstd } from "./zstd.js";

type Decode = BytesCodec["decode"];
type ZlibResult = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
type Unzip = (bytes: Uint8Array, options: object) => Promise<ZlibResult>;
const gunzipped = promisify(gunzip) as unknown as Unzip;
const inflated = promisify(inflate) as unknown as Unzip;

async function bounded(
  name: string,
  unzip: Unzip,
  encoded: Uint8Array,
  size: StageSize,
): Promise<ZlibResult> {
  try {
    return await unzip(encoded, { maxOutputLength: Math.max(1, size.bytes), info: true });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge
      ? new Error(`${name} decodes to more than the ${size.bytes} bytes that are wanted`)
      : error;
  }
}

async function decodeGzip(encoded: Uint8Array, size: StageSize): Promise<Uint8Array> {
  const { buffer, engine } = await bounded("gzip", gunzipped, encoded, size);
  if (encoded.subarray(engine.bytesWritten).some((byte) => byte !== 0))
    throw new Error("bytes follow the gzip stream that are no part of it");
  return buffer;
}

const decodeZlib: Decode = async (encoded, size) => (await bounded("zlib", inflated, encoded, size)).buffer;

function decodeLz4(encoded: Uint8Array, size: StageSize): Uint8Array {
  if (encoded.length < 4) throw new Error("LZ4 lacks its size");
  const stated = new DataView(encoded.buffer, encoded.byteOffset, 4).getUint32(0, true);
  checkSize("lz4", stated, size);
  const out = new Uint8Array(stated);
  decodeLz4Block(encoded.subarray(4), out);
  return out;
}

interface Bzip2 {
  header(bits: BitReader): number;
  decompress(
    bits: BitReader,
    write: (byte: number) => void,
    work: Int32Array,
    workSize: number,
    checksum: number,
  ): number | null;
}
interface BitReader {
  (count: number | null): number | undefined;
  readonly bytesRead: number;
}

/**
 * Decodes bzip2 by the parts of unbzip2-stream: its stream holds a whole block as an array of numbers, which a few bytes
 * swell to hundreds of megabytes.
 */
function decodeBzip2(encoded: Uint8Array, size: StageSize): Uint8Array {
  const require = createRequire(import.meta.url);
  const bzip2 = require("unbzip2-stream/lib/bzip2") as Bzip2;
  const bitReader = require("unbzip2-stream/lib/bit_iterator") as (next: () => Uint8Array) => BitReader;
  if (encoded.length === 0) throw new Error("bzip2 stream is empty");
  let isGiven = false;
  const bits = bitReader(() => {
    if (isGiven) throw new Error("bzip2 stream is cut short");
    isGiven = true;
    return encoded;
  });
  const out = new Uint8Array(size.bytes);
  let length = 0;
  const write = (byte: number): void => {
    if (length === out.length)
      throw new Error(`bzip2 decodes to more than the ${size.bytes} bytes that are wanted`);
    out[length++] = byte;
  };
  while (bits.bytesRead < encoded.length) {
    const workSize = 100_000 * bzip2.header(bits);
    const work = new Int32Array(workSize);
    for (let sum: number | null = 0; sum !== null; ) sum = bzip2.decompress(bits, write, work, workSize, sum);
  }
  return out.subarray(0, length);
}

const decoders: Readonly<Record<string, Decode>> = {
  blosc: decodeBlosc,
  gzip: decodeGzip,
  zlib: decodeZlib,
  zstd: decodeZstd,
  lz4: decodeLz4,
  bz2: decodeBzip2,
};

/** Returns a compressor by its name; undefined for other names. */
export function compressor(name: string): BytesCodec | undefined {
  const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
  return decode && { name, decode, encodedSize: compressedSize };
}
