/** Checksums beside a chunk's bytes, compared before the bytes are used. */
import { crc32, crc32c } from "../../crc.js";
import type { BytesCodec } from "./stage.js";

const adlerModulus = 65521;
/** Bytes whose sums stay below 2^32 (RFC 1950, 9; zlib's NMAX). */
const adlerRun = 5552;

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length; ) {
    for (const end = Math.min(bytes.length, at + adlerRun); at < end; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= adlerModulus;
    b %= adlerModulus;
  }
  return ((b << 16) | a) >>> 0;
}

/** Folds the carries of a sum of 16-bit words back into it. */
const folded = (sum: number): number => (sum & 0xffff) + (sum >>> 16);
const fletcherRun = 360;

/** Computes HDF5's Fletcher-32: sums of big-endian 16-bit words, an odd byte as a high one. */
function fletcher32(bytes: Uint8Array): number {
  let first = 0;
  let second = 0;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; ) {
    for (const end = Math.min(even, at + 2 * fletcherRun); at < end; at += 2) {
      first += (bytes[at]! << 8) | bytes[at + 1]!;
      second += first;
    }
    first = folded(first);
    second = folded(second);
  }
  if (even < bytes.length) {
    first += bytes[even]! << 8;
    second += first;
    first = folded(first);
    second = folded(second);
  }
  return ((folded(second) << 16) | folded(first)) >>> 0;
}

type Place = "start" | "end";

/** Makes the codec of a checksum, four bytes little-endian before or behind the others. */
function checksum(name: string, compute: (bytes: Uint8Array) => number, place: Place): BytesCodec {
  return {
    name,
    encodedSize: ({ bytes, isExact }) => ({ bytes: bytes + 4, isExact }),
    decode(encoded) {
      if (encoded.length < 4) throw new Error(`${name} needs 4 bytes; ${encoded.length} are there`);
      const [from, to, at] =
        place === "start" ? [4, encoded.length, 0] : [0, encoded.length - 4, encoded.length - 4];
      const body = encoded.subarray(from, to);
      const stated = new DataView(encoded.buffer, encoded.byteOffset + at, 4).getUint32(0, true);
      if (compute(body) !== stated) throw new Error(`the ${name} of its bytes is another than it states`);
      return body;
    },
  };
}

const sums = { crc32c, crc32, adler32, fletcher32 } as const;
/** Where numcodecs puts them unless the metadata say otherwise. */
const places: Readonly<Record<keyof typeof sums, Place>> = {
  crc32c: "end",
  crc32: "start",
  adler32: "start",
  fletcher32: "end",
};

/** Returns the codec of a checksum by its name; undefined for other names. */
export function checksumCodec(name: string, location: unknown): BytesCodec | undefined {
  if (!Object.hasOwn(sums, name)) return undefined;
  const key = name as keyof typeof sums;
  const place = location === "start" || location === "end" ? location : places[key];
  return checksum(name, sums[key], place);
}
