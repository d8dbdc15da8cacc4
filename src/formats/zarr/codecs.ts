/** Zarr codecs: the check that all are known, Blosc with checked lengths, and CRC-32C of shard indices. */
import Blosc from "numcodecs/blosc";
import { registry } from "zarrita";
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { decodeBlosc } from "./blosc.js";

/** Schema of a codec in Zarr v3's metadata. */
export const codecSchema = z.looseObject({
  name: z.string(),
  configuration: z.looseObject({}).default({}),
});
export type Codec = z.infer<typeof codecSchema>;
/** Schema of a filter or compressor in Zarr v2's metadata. */
export const codecV2Schema = z.looseObject({ id: z.string() });

/** A codec of Zarr v2 that zarrita replaces by two codecs of v3. */
const translated = "fixedscaleoffset";

/**
 * Checks that every codec of Zarr v2 is known before zarrita loads them: of two unknown codecs zarrita leaves the second
 * one's error unhandled, which would end the process.
 *
 * @throws PickbenchError Unsupported with the first unknown codec
 */
export function checkFilters(path: string, filters: readonly z.infer<typeof codecV2Schema>[]): void {
  for (const { id } of filters)
    if (id.replace("numcodecs.", "") !== translated) checkKnown(path, `numcodecs.${id}`);
}

/**
 * Checks that every codec of Zarr v3, also inside shards, is known.
 *
 * @throws PickbenchError Unsupported with the first unknown codec, BadDataset where a shard lacks its codecs
 */
export function checkCodecs(path: string, codecs: readonly Codec[]): void {
  for (const { name, configuration } of codecs) {
    if (name !== "sharding_indexed") {
      checkKnown(path, name);
      continue;
    }
    for (const part of [configuration.codecs, configuration.index_codecs]) {
      const inner = z.array(codecSchema).min(1).safeParse(part);
      if (inner.success) checkCodecs(path, inner.data);
      else
        throw new PickbenchError(
          "BadDataset",
          `${path}: a shard without codecs and index_codecs; wanted both`,
          {
            path,
          },
        );
    }
  }
}

function checkKnown(path: string, name: string): void {
  if (registry.has(name)) return;
  throw new PickbenchError(
    "Unsupported",
    `${path}: codec ${name} is unknown; write the array again with Blosc, gzip or zstd`,
    { path },
  );
}

/** Tells whether a shard's index ends with its CRC-32C, which zarrita does not check. */
export const hasIndexChecksum = (sharding: Codec): boolean =>
  z.array(codecSchema).safeParse(sharding.configuration.index_codecs).data?.at(-1)?.name === "crc32c";

/**
 * Checks a shard's index, checksum included.
 *
 * @throws PickbenchError BadDataset where the last four bytes are not the CRC-32C of the others
 */
export function checkIndex(file: string, index: Uint8Array): void {
  const body = index.subarray(0, -4);
  const stated = new DataView(index.buffer, index.byteOffset + body.length, 4).getUint32(0, true);
  if (crc32c(body) === stated) return;
  throw new PickbenchError(
    "BadDataset",
    `${file}: the shard's index does not fit its checksum: the file is damaged, copy it again`,
    { path: file },
  );
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

/** Makes zarrita decode Blosc with the checks of blosc.ts. */
export function useCheckedBlosc(): void {
  for (const name of ["blosc", "numcodecs.blosc"]) registry.set(name, async () => checkedBlosc);
}

/** CRC-32C's polynomial (Castagnoli) with its bits reversed: RFC 3720, 12.1. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** Computes the CRC-32C of bytes, which Zarr's codec of that name appends to them. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}
