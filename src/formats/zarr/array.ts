/** Zarr arrays in folders, v2 and v3: metadata, and chunks decoded one by one. */
import { join } from "node:path";
import * as zarr from "zarrita";
import { z } from "zod";
import { messageOf, PickbenchError } from "../../system/errors.js";
import { openFile, readBytes } from "../../system/opening.js";
import { undecodable, unreadable, wrongLength } from "./chunkGrid.js";
import {
  type Codec,
  checkCodecs,
  checkFilters,
  checkIndex,
  codecSchema,
  codecV2Schema,
  hasIndexChecksum,
  useCheckedBlosc,
} from "./codecs.js";
import { parseJson, readIfThere } from "./ome.js";

useCheckedBlosc();

/** A numeric Zarr array, v2 or v3, in a folder. Unlike other readers it never fills in missing chunks. */
export interface ZarrArray {
  readonly shape: readonly number[];
  /** Shape of the chunks that are decoded one by one; inside a shard, the inner chunks. */
  readonly chunkShape: readonly number[];
  /** Type of the values by Zarr v3's name: `float32`, `int16`, … */
  readonly dataType: string;
  /** Whether the values are the bits of 16-bit floats. */
  readonly half: boolean;
  /** Whether a chunk's file is one Blosc frame of float32, little-endian, in the order of the axes. */
  readonly isBloscFloats: boolean;
  /**
   * Decodes a chunk, whole even at the edges: the value at a coordinate has the flat index Σ coordinate·stride. An inner
   * chunk that a shard's index declares empty is filled with the fill value: the index says so, nothing has been lost.
   *
   * @throws PickbenchError BadDataset with the file where it is missing, short or undecodable
   */
  readChunk(coordinates: readonly number[]): Promise<zarr.Chunk<zarr.NumberDataType | zarr.BigintDataType>>;
  /** Returns the file that holds a chunk. */
  chunkFile(coordinates: readonly number[]): string;
}

const sizes = z.array(z.number().int().positive()).min(1).max(8);
const arrayV2Schema = z.looseObject({
  zarr_format: z.literal(2),
  shape: sizes,
  chunks: sizes,
  dtype: z.string(),
  dimension_separator: z.enum([".", "/"]).default("."),
  order: z.string().optional(),
  compressor: codecV2Schema.nullish(),
  filters: z.array(codecV2Schema).nullish(),
});
const arrayV3Schema = z.looseObject({
  zarr_format: z.literal(3),
  node_type: z.literal("array"),
  shape: sizes,
  data_type: z.string(),
  chunk_grid: z.looseObject({
    name: z.literal("regular"),
    configuration: z.looseObject({ chunk_shape: sizes }),
  }),
  chunk_key_encoding: z.looseObject({
    name: z.enum(["default", "v2"]),
    configuration: z.looseObject({ separator: z.enum([".", "/"]).optional() }).optional(),
  }),
  codecs: z.array(codecSchema).min(1),
});

/**
 * Opens the array in a folder.
 *
 * @throws PickbenchError BadDataset where it is not a numeric Zarr array, Unsupported for an unknown codec
 */
export async function openZarrArray(folder: string): Promise<ZarrArray> {
  const v3Path = join(folder, "zarr.json");
  const v3 = await readIfThere(v3Path);
  if (v3 !== undefined) return openV3(folder, v3Path, v3);
  const v2Path = join(folder, ".zarray");
  const v2 = await readIfThere(v2Path);
  if (v2 !== undefined) return openV2(folder, v2Path, v2);
  throw new PickbenchError("BadDataset", `${folder}: no .zarray and no zarr.json; the level is missing`, {
    path: folder,
  });
}

async function openV2(folder: string, path: string, text: string): Promise<ZarrArray> {
  const metadata = parseJson(path, text, arrayV2Schema, "a Zarr v2 array");
  checkChunks(path, metadata.shape, metadata.chunks);
  checkFilters(path, [...(metadata.filters ?? []), ...(metadata.compressor ? [metadata.compressor] : [])]);
  const kind = /^[<>|]([fiub])([1248])$/.exec(metadata.dtype);
  if (!kind) throw notNumeric(path, metadata.dtype);
  const half = kind[1] === "f" && kind[2] === "2";
  const stored = half || kind[1] === "b" ? metadata.dtype.replace(/[fb]/, "u") : metadata.dtype;
  const rewritten = { ...metadata, dtype: stored, ...(stored === metadata.dtype ? {} : { fill_value: 0 }) };
  const separator = metadata.dimension_separator;
  const chunkFile = (at: readonly number[]) => join(folder, at.join(separator));
  const { dtype, order, compressor, filters } = metadata;
  const isBloscFloats = dtype === "<f4" && order === "C" && compressor?.id === "blosc" && !filters?.length;
  const dataType = kind[1] === "b" ? "bool" : `${kindsV2[kind[1]!]}${8 * Number(kind[2])}`;
  return opened(folder, path, JSON.stringify(rewritten), { dataType, half, isBloscFloats, chunkFile });
}

const kindsV2: Readonly<Record<string, string>> = { f: "float", i: "int", u: "uint" };

async function openV3(folder: string, path: string, text: string): Promise<ZarrArray> {
  const metadata = parseJson(path, text, arrayV3Schema, "a Zarr v3 array");
  const outer = metadata.chunk_grid.configuration.chunk_shape;
  if (!/^(bool|u?int(8|16|32|64)|float(16|32|64))$/.test(metadata.data_type))
    throw notNumeric(path, metadata.data_type);
  checkCodecs(path, metadata.codecs);
  const half = metadata.data_type === "float16";
  const stored = half ? "uint16" : metadata.data_type === "bool" ? "uint8" : metadata.data_type;
  const rewritten = {
    ...metadata,
    data_type: stored,
    ...(stored === metadata.data_type ? {} : { fill_value: 0 }),
  };
  const { name, configuration } = metadata.chunk_key_encoding;
  const separator = configuration?.separator ?? (name === "v2" ? "." : "/");
  const perShard = innerPerShard(path, metadata.codecs, outer);
  const inner = outer.map((size, axis) => size / perShard[axis]!);
  checkChunks(path, metadata.shape, outer, inner);
  const chunkFile = (at: readonly number[]) => {
    const shard = at.map((index, axis) => Math.floor(index / perShard[axis]!));
    return join(folder, [...(name === "v2" ? [] : ["c"]), ...shard].join(separator));
  };
  const sharding = metadata.codecs.find(({ name: codec }) => codec === "sharding_indexed");
  const shardIndex = {
    isFirst: sharding?.configuration.index_location === "start",
    hasChecksum: sharding !== undefined && hasIndexChecksum(sharding),
  };
  const isBloscFloats = metadata.data_type === "float32" && isLittleEndianBlosc(metadata.codecs);
  const layout = { dataType: metadata.data_type, half, isBloscFloats, chunkFile, shardIndex };
  return opened(folder, path, JSON.stringify(rewritten), layout);
}

const isLittleEndianBlosc = (codecs: readonly Codec[]): boolean =>
  codecs.length === 2 &&
  codecs[0]!.name === "bytes" &&
  codecs[0]!.configuration.endian === "little" &&
  codecs[1]!.name === "blosc";

/** Returns how many inner chunks a shard holds along each axis; 1 without sharding. */
function innerPerShard(path: string, codecs: Codec[], outer: number[]): number[] {
  const sharding = codecs.find((codec) => codec.name === "sharding_indexed");
  if (!sharding) return outer.map(() => 1);
  const inner = sizes.safeParse(sharding.configuration.chunk_shape);
  if (!inner.success || inner.data.length !== outer.length || inner.data.some((n, i) => outer[i]! % n !== 0))
    throw new PickbenchError("BadDataset", `${path}: inner chunks do not divide the shard [${outer}]`, {
      path,
    });
  return outer.map((size, axis) => size / inner.data[axis]!);
}

const mostChunkValues = 2 ** 31;

/**
 * Checks that chunks fit the array's rank and into memory.
 *
 * @param decoded sizes of a chunk that is decoded in one piece; inside a shard, an inner chunk
 */
function checkChunks(
  path: string,
  shape: readonly number[],
  chunks: readonly number[],
  decoded = chunks,
): void {
  const values = decoded.reduce((product, size) => product * size, 1);
  if (chunks.length === shape.length && values <= mostChunkValues) return;
  const fault =
    chunks.length === shape.length ? `are too large to be held (${values} values)` : "differ in length";
  throw new PickbenchError("BadDataset", `${path}: shape [${shape}] and chunks [${decoded}] ${fault}`, {
    path,
  });
}

const notNumeric = (path: string, dtype: string) =>
  new PickbenchError("BadDataset", `${path}: values are ${dtype}; wanted a numeric type`, { path });

async function opened(
  folder: string,
  path: string,
  metadata: string,
  layout: Pick<ZarrArray, "dataType" | "half" | "isBloscFloats" | "chunkFile"> & {
    readonly shardIndex?: ShardIndex;
  },
): Promise<ZarrArray> {
  const { shardIndex = { isFirst: false, hasChecksum: false }, ...fields } = layout;
  const store = new FolderStore(folder, metadata, shardIndex);
  let array: zarr.Array<zarr.DataType, FolderStore>;
  try {
    array = await zarr.open(store, { kind: "array" });
  } catch (error) {
    throw new PickbenchError("BadDataset", `${path}: not a readable Zarr array: ${messageOf(error)}`, {
      path,
      cause: error,
    });
  }
  if (!array.is("number") && !array.is("bigint")) throw notNumeric(path, array.dtype);
  const numeric: zarr.Array<zarr.NumberDataType | zarr.BigintDataType, FolderStore> = array;
  const wanted = array.chunks.reduce((product, size) => product * size, 1);
  return {
    shape: array.shape,
    chunkShape: array.chunks,
    ...fields,
    async readChunk(coordinates) {
      const chunk = await decoded(numeric, coordinates, fields.chunkFile(coordinates));
      if (chunk.data.length === wanted) return chunk;
      throw wrongLength(fields.chunkFile(coordinates), chunk.data.length, wanted);
    },
  };
}

async function decoded<D extends zarr.DataType>(
  array: zarr.Array<D, FolderStore>,
  coordinates: readonly number[],
  file: string,
): Promise<zarr.Chunk<D>> {
  try {
    return await array.getChunk([...coordinates]);
  } catch (error) {
    if (error instanceof PickbenchError) throw error;
    throw undecodable(file, error);
  }
}

/** Where a shard's index lies, and whether a checksum follows it. */
interface ShardIndex {
  readonly isFirst: boolean;
  readonly hasChecksum: boolean;
}

/** A folder as zarrita's store; missing and short files are errors. */
class FolderStore implements zarr.AsyncReadable {
  readonly #folder: string;
  readonly #metadata: string;
  readonly #shardIndex: ShardIndex;

  constructor(folder: string, metadata: string, shardIndex: ShardIndex) {
    this.#folder = folder;
    this.#metadata = metadata;
    this.#shardIndex = shardIndex;
  }

  async get(key: zarr.AbsolutePath): Promise<Uint8Array | undefined> {
    const name = key.slice(1);
    if (name === ".zattrs") return undefined;
    if (name === "zarr.json" || name === ".zarray") {
      const isV3 = this.#metadata.includes('"zarr_format":3');
      return isV3 === (name === "zarr.json") ? new TextEncoder().encode(this.#metadata) : undefined;
    }
    const file = join(this.#folder, name);
    try {
      return await readBytes(file);
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  /** Reads part of a file. zarrita asks for a shard's index as a suffix, even where the metadata puts the index first. */
  async getRange(key: zarr.AbsolutePath, range: zarr.RangeQuery): Promise<Uint8Array> {
    const file = join(this.#folder, key.slice(1));
    const handle = await openFile(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    try {
      const { size } = await handle.stat();
      const length = "suffixLength" in range ? range.suffixLength : range.length;
      const suffixOffset = this.#shardIndex.isFirst ? 0 : size - length;
      const offset = "suffixLength" in range ? suffixOffset : range.offset;
      if (offset < 0 || offset + length > size)
        throw new PickbenchError(
          "BadDataset",
          `${file}: shard has ${size} bytes; wanted ${length} at ${offset}: the file is damaged, copy it again`,
          { path: file },
        );
      const bytes = new Uint8Array(length);
      await handle.read(bytes, 0, length, offset);
      if ("suffixLength" in range && this.#shardIndex.hasChecksum) checkIndex(file, bytes);
      return bytes;
    } finally {
      await handle.close();
    }
  }
}
