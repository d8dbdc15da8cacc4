/** Zarr arrays in folders, v2 and v3: chunks found in their files and decoded one by one. */
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { openFile } from "../../system/paths/opening.js";
import { type ArrayMetadata, metadataV2, metadataV3 } from "./arrayMetadata.js";
import { isAbsent, undecodable, unreadable } from "./chunkGrid.js";
import type { Block } from "./codecs/arrays.js";
import { chainSize, decodeChain, shardInFile, undoArrays } from "./codecs/chain.js";
import type { NumberType } from "./codecs/numbers.js";
import type { ShardIndex, ShardLayout } from "./codecs/shards.js";
import { checkSize } from "./codecs/stage.js";
import { readIfThere } from "./omeDocument.js";

/** A numeric Zarr array, v2 or v3, in a folder. */
export interface ZarrArray {
  readonly shape: readonly number[];
  /** Shape of the chunks that are decoded one by one; inside a shard, the inner chunks where they can be. */
  readonly chunkShape: readonly number[];
  /** Shape of what one file holds: a chunk or a shard. */
  readonly fileShape: readonly number[];
  /** Type of the values by Zarr v3's name: `float32`, `int16`, … */
  readonly dataType: NumberType;
  /** Value of chunks that are absent; undefined where there is none, so that an absent chunk is lost. */
  readonly fill: number | bigint | undefined;
  /** Whether a chunk's file is one Blosc frame of float32, little-endian, in the order of the axes. */
  readonly isBloscFloats: boolean;
  /**
   * Decodes a chunk, whole even at the edges; undefined where it is absent and stands for the fill value: its file is
   * not there, or a shard's index declares it empty.
   *
   * @throws PickbenchError BadDataset with the file where it is short, undecodable or not what its checksum states, or
   * where it is absent and there is no fill value
   */
  readChunk(coordinates: readonly number[]): Promise<Block | undefined>;
  /** Returns the file that holds a chunk. */
  chunkFile(coordinates: readonly number[]): string;
  /** Returns other names that the file would have under other rules for keys. */
  otherFiles(coordinates: readonly number[]): readonly string[];
}

/**
 * Opens the array in a folder.
 *
 * @throws PickbenchError BadDataset where it is not a numeric Zarr array, Unsupported for an unknown codec
 */
export async function openZarrArray(folder: string): Promise<ZarrArray> {
  const v3Path = join(folder, "zarr.json");
  const v3 = await readIfThere(v3Path);
  if (v3 !== undefined) return opened(metadataV3(folder, v3Path, v3));
  const v2Path = join(folder, ".zarray");
  const v2 = await readIfThere(v2Path);
  if (v2 !== undefined) return opened(metadataV2(folder, v2Path, v2));
  throw new PickbenchError("BadDataset", `${folder}: no .zarray and no zarr.json; the level is missing`, {
    path: folder,
  });
}

function opened(metadata: ArrayMetadata): ZarrArray {
  const { shape, fileShape, dataType, fill, isBloscFloats, chain } = metadata;
  const shard = shardInFile(chain);
  const chunkShape = shard ? turnedBack(metadata, shard.chunkShape) : fileShape;
  const perFile = fileShape.map((size, axis) => size / chunkShape[axis]!);
  const placeIn = (at: readonly number[]) => at.map((index, axis) => Math.floor(index / perFile[axis]!));
  const chunkFile = (at: readonly number[]) => metadata.fileOf(placeIn(at));
  const indices = new IndexCache();
  const within = (at: readonly number[]) =>
    turned(
      metadata,
      at.map((index, axis) => index % perFile[axis]!),
    );
  return {
    shape,
    chunkShape,
    fileShape,
    dataType,
    fill,
    isBloscFloats,
    chunkFile,
    otherFiles: (at) => metadata.otherFilesOf(placeIn(at)),
    async readChunk(at) {
      const file = chunkFile(at);
      const chunk = await inFile(file, (handle, size) =>
        shard
          ? innerChunk({ handle, size, file, shard, indices }, within(at))
          : wholeFile(handle, size, metadata),
      );
      if (chunk === undefined && fill === undefined) throw unreadable(file, undefined);
      return chunk && shard ? undoArrays(chain, chunk) : chunk;
    },
  };
}

/** Turns indices of an array's axes to those of its shards. */
const turned = ({ chain }: ArrayMetadata, at: readonly number[]): readonly number[] =>
  chain.arrays.reduce((from, { codec }) => codec.order!.map((axis) => from[axis]!), at);

/** Turns sizes along a shard's axes to those of the array. */
const turnedBack = ({ chain }: ArrayMetadata, sizes: readonly number[]): readonly number[] =>
  chain.arrays.reduceRight(
    (from, { codec }) => from.map((_, axis) => from[codec.order!.indexOf(axis)]!),
    sizes,
  );

/**
 * Does something with a chunk's file; undefined where there is none.
 *
 * @throws PickbenchError BadDataset where it cannot be read or decoded
 */
async function inFile<T>(
  file: string,
  work: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await openFile(file);
    return await work(handle, (await handle.stat()).size);
  } catch (error) {
    if (isPickbenchError(error)) throw error;
    if (handle === undefined && isAbsent(error)) return undefined;
    const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined;
    throw isOfSystem ? unreadable(file, error) : undecodable(file, error);
  } finally {
    await handle?.close();
  }
}

async function wholeFile(handle: FileHandle, size: number, { chain }: ArrayMetadata): Promise<Block> {
  checkSize("the file", size, chainSize(chain));
  return decodeChain(chain, await bytesAt(handle, 0, size));
}

async function bytesAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0)
      throw new Error(`the file ends at byte ${offset + filled}; wanted ${offset + length}`);
    filled += bytesRead;
  }
  return bytes;
}

interface OpenShard {
  readonly handle: FileHandle;
  readonly size: number;
  readonly file: string;
  readonly shard: ShardLayout;
  readonly indices: IndexCache;
}

async function innerChunk(
  { handle, size, file, shard, indices }: OpenShard,
  at: readonly number[],
): Promise<Block | undefined> {
  const index = await indices.of(`${file} ${size}`, async () => {
    const { offset, length } = shard.indexSpan(size);
    return shard.readIndex(await bytesAt(handle, offset, length));
  });
  const span = shard.spanOf(index, at, size);
  return span && shard.decodeInner(await bytesAt(handle, span.offset, span.length));
}

/** The index of the shard that was read last: neighbouring chunks lie in one shard. */
class IndexCache {
  #key: string | undefined;
  #index: ShardIndex | undefined;

  async of(key: string, read: () => Promise<ShardIndex>): Promise<ShardIndex> {
    if (this.#key === key && this.#index !== undefined) return this.#index;
    const index = await read();
    this.#key = key;
    this.#index = index;
    return index;
  }
}
