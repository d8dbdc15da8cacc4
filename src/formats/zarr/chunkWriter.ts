/** Written chunks of a Zarr array: their compression, and their files, one a chunk or one shard for all. */
import { type FileHandle, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import Blosc from "numcodecs/blosc";
import type { Shape3 } from "../../domain/volume.js";
import { makeFolders } from "../../system/paths/replacing.js";
import { crc32c } from "../crc.js";
import { type CompressorName, compressors } from "./writtenMetadata.js";

/** Receiver of a channel's encoded chunks, which it writes to files. */
export interface ChunkSink {
  write(at: Shape3, encoded: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Closes open files without finishing them. */
  abandon(): Promise<void>;
}

type EncodeChunk = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Returns the compression of chunks by the named compressor. */
export function chunkEncoder(compressor: CompressorName): EncodeChunk {
  if (compressor === "gzip") {
    const packed = promisify(gzip) as (bytes: Uint8Array, options: object) => Promise<Buffer>;
    return (bytes) => packed(bytes, compressors.gzip);
  }
  const codec = Blosc.fromConfig({ id: "blosc", ...compressors[compressor] });
  return async (bytes) => codec.encode(bytes);
}

/** Makes a sink that writes one file a chunk, in folders by the chunk's indices. */
export function fileSink(folder: string, prefix: readonly string[]): ChunkSink {
  return {
    async write(at, encoded) {
      const file = join(folder, ...prefix, ...at.map(String));
      await makeFolders(dirname(file));
      await writeFile(file, encoded);
    },
    finish: async () => undefined,
    abandon: async () => undefined,
  };
}

const absent = 2n ** 64n - 1n;

/**
 * Makes a sink that writes one file for all chunks (a shard, ZEP 2), in the order in which they come. The index at the
 * file's end, followed by its checksum, has each chunk's offset and length in the order of the grid.
 */
export function shardSink(folder: string, prefix: readonly string[], grid: Shape3): ChunkSink {
  const path = join(folder, ...prefix, "0", "0", "0");
  const index = new BigUint64Array(2 * grid[0] * grid[1] * grid[2]).fill(absent);
  let file: FileHandle | undefined;
  let length = 0;
  const append = async (bytes: Uint8Array): Promise<void> => {
    if (file === undefined) {
      await makeFolders(dirname(path));
      file = await open(path, "w");
    }
    await file.appendFile(bytes);
    length += bytes.length;
  };
  return {
    async write([z, y, x], encoded) {
      const place = 2 * ((z * grid[1] + y) * grid[2] + x);
      index[place] = BigInt(length);
      index[place + 1] = BigInt(encoded.length);
      await append(encoded);
    },
    async finish() {
      const places = Buffer.from(index.buffer);
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32LE(crc32c(places));
      await append(places);
      await append(checksum);
      await file?.close();
    },
    async abandon() {
      await file?.close().catch(() => undefined);
    },
  };
}
