/** Compressors of chunks, none of which writes more than the metadata declare. */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { Bzip2Reader } from "../../bzip2.js";
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

function decodeBzip2(encoded: Uint8Array, size: StageSize): Uint8Array {
  if (encoded.length === 0) throw new Error("bzip2 stream is empty");
  let isGiven = false;
  const next = (): Uint8Array => {
    if (isGiven) throw new Error("bzip2 stream is cut short");
    isGiven = true;
    return encoded;
  };
  const out = new Uint8Array(size.bytes);
  let length = 0;
  const reader = new Bzip2Reader(next, (byte) => {
    if (length === out.length)
      throw new Error(`bzip2 decodes to more than the ${size.bytes} bytes that are wanted`);
    out[length++] = byte;
  });
  while (reader.isInside || reader.bytesRead < encoded.length) reader.readPart();
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
