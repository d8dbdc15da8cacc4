/** Metadata of Zarr arrays, v2 and v3: what their chunks are, where they lie, and how they are decoded. */
import { join } from "node:path";
import { z } from "zod";
import { PickbenchError } from "../../system/errors.js";
import { checkLimit } from "../../system/limits.js";
import { valueCount } from "./codecs/arrays.js";
import { type Chain, chainV2, chainV3, codecV2Schema, namedSchema } from "./codecs/chain.js";
import { fillOf, isNumberType, type NumberType, numpyType } from "./codecs/numbers.js";
import { unsupportedCodec } from "./codecs/stage.js";
import { parseJson } from "./omeDocument.js";

/** What the metadata of an array say. */
export interface ArrayMetadata {
  /** The file of the metadata. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Shape of what one file holds: a chunk or a shard. */
  readonly fileShape: readonly number[];
  readonly dataType: NumberType;
  /** Value of chunks that are absent; undefined where there is none, so that absent ones are lost. */
  readonly fill: number | bigint | undefined;
  readonly chain: Chain;
  /** Whether a chunk's file is one Blosc frame of float32, little-endian, in the order of the axes. */
  readonly isBloscFloats: boolean;
  /** Returns the file of a chunk or shard. */
  fileOf(at: readonly number[]): string;
  /** Returns other names that the file would have under other rules for keys. */
  otherFilesOf(at: readonly number[]): readonly string[];
}

const sizes = z.array(z.number().int().positive()).min(1).max(8);
const arrayV2Schema = z.looseObject({
  zarr_format: z.literal(2),
  shape: sizes,
  chunks: sizes,
  dtype: z.string(),
  dimension_separator: z.enum([".", "/"]).default("."),
  /** Required, as in the specification: a store written in F and read in C would be other voxels. */
  order: z.enum(["C", "F"]),
  compressor: codecV2Schema.nullish(),
  filters: z.array(codecV2Schema).nullish(),
  fill_value: z.unknown(),
});
const arrayV3Schema = z.looseObject({
  zarr_format: z.literal(3),
  node_type: z.literal("array"),
  shape: sizes,
  data_type: namedSchema,
  chunk_grid: namedSchema,
  chunk_key_encoding: namedSchema,
  codecs: z.array(namedSchema).min(1),
  fill_value: z.unknown(),
  storage_transformers: z.array(z.unknown()).optional(),
});

/**
 * Reads the metadata of a Zarr v2 array.
 *
 * @param path its `.zarray`
 * @throws PickbenchError BadDataset where it is no array of numbers, Unsupported for a codec that is not read
 */
export function metadataV2(folder: string, path: string, text: string): ArrayMetadata {
  const metadata = parseJson(path, text, arrayV2Schema, "a Zarr v2 array");
  const { shape, chunks, order, compressor, dimension_separator: separator } = metadata;
  const stored = numpyType(metadata.dtype);
  if (!stored) throw notNumeric(path, metadata.dtype);
  checkSizes(path, shape, chunks);
  const codecs = [...(metadata.filters ?? []), ...(compressor ? [compressor] : [])];
  const fill = fillOf(stored.type, metadata.fill_value);
  const chain = chainV2(path, codecs, stored, order, { type: stored.type, shape: chunks, fill });
  const isPlain = stored.type === "float32" && !stored.isBig && order === "C";
  const named = (by: string) => (at: readonly number[]) => join(folder, at.join(by));
  return {
    path,
    shape,
    fileShape: chunks,
    dataType: stored.type,
    fill,
    chain,
    isBloscFloats: isPlain && compressor?.id === "blosc" && codecs.length === 1,
    fileOf: named(separator),
    otherFilesOf: (at) => [named(separator === "." ? "/" : ".")(at)],
  };
}

/**
 * Reads the metadata of a Zarr v3 array.
 *
 * @param path its `zarr.json`
 * @throws PickbenchError BadDataset where it is no array of numbers, Unsupported for what is not read
 */
export function metadataV3(folder: string, path: string, text: string): ArrayMetadata {
  const metadata = parseJson(path, text, arrayV3Schema, "a Zarr v3 array");
  refuseUnknown(path, metadata);
  const { name: dataType } = metadata.data_type;
  if (!isNumberType(dataType)) throw notNumeric(path, dataType);
  const fileShape = gridOf(path, metadata.chunk_grid);
  checkSizes(path, metadata.shape, fileShape);
  const fill = fillOf(dataType, metadata.fill_value);
  const chain = chainV3(path, metadata.codecs, { type: dataType, shape: fileShape, fill });
  const { bytes, toBytes, arrays } = chain;
  const isPlain = dataType === "float32" && arrays.length === 0 && "isBig" in toBytes && !toBytes.isBig;
  return {
    path,
    shape: metadata.shape,
    fileShape,
    dataType,
    fill,
    chain,
    isBloscFloats: isPlain && bytes.length === 1 && bytes[0]!.name === "blosc",
    ...keysOf(folder, path, metadata.chunk_key_encoding),
  };
}

type Named = z.infer<typeof namedSchema>;

function gridOf(path: string, { name, configuration }: Named): number[] {
  if (name !== "regular")
    throw new PickbenchError(
      "Unsupported",
      `${path}: chunk grid ${name} is not read; write the array again with a regular grid`,
      { path },
    );
  const parsed = sizes.safeParse(configuration.chunk_shape);
  if (parsed.success) return parsed.data;
  throw new PickbenchError(
    "BadDataset",
    `${path}: not a Zarr v3 array: chunk_grid has the chunk_shape ${JSON.stringify(configuration.chunk_shape)}; wanted sizes above 0`,
    { path },
  );
}

function keysOf(
  folder: string,
  path: string,
  { name, configuration }: Named,
): Pick<ArrayMetadata, "fileOf" | "otherFilesOf"> {
  const { separator = name === "v2" ? "." : "/" } = configuration;
  if ((name !== "default" && name !== "v2") || (separator !== "." && separator !== "/"))
    throw new PickbenchError(
      "Unsupported",
      `${path}: chunk keys by ${name} and ${JSON.stringify(separator)} are not read; wanted default or v2 with . or /`,
      { path },
    );
  const named = (prefix: readonly string[], by: string) => (at: readonly number[]) =>
    join(folder, [...prefix, ...at].join(by));
  const own = name === "v2" ? [] : ["c"];
  const all = [[], ["c"]].flatMap((prefix) => [".", "/"].map((by) => ({ prefix, by })));
  const others = all.filter(({ prefix, by }) => prefix.length !== own.length || by !== separator);
  return {
    fileOf: named(own, separator),
    otherFilesOf: (at) => others.map(({ prefix, by }) => named(prefix, by)(at)),
  };
}

const knownKeys = new Set([
  "zarr_format",
  "node_type",
  "shape",
  "data_type",
  "chunk_grid",
  "chunk_key_encoding",
  "codecs",
  "fill_value",
  "attributes",
  "dimension_names",
  "storage_transformers",
]);

/** Refuses what must be understood and is not (Zarr v3, extension points). */
function refuseUnknown(path: string, metadata: z.infer<typeof arrayV3Schema>): void {
  if (metadata.storage_transformers?.length)
    throw unsupportedCodec(path, "an array with storage_transformers");
  for (const [key, value] of Object.entries(metadata)) {
    const isOptional =
      value !== null &&
      typeof value === "object" &&
      "must_understand" in value &&
      value.must_understand === false;
    if (!knownKeys.has(key) && !isOptional)
      throw unsupportedCodec(path, `an array with the extension ${key}`);
  }
}

function checkSizes(path: string, shape: readonly number[], chunks: readonly number[]): void {
  if (chunks.length !== shape.length)
    throw new PickbenchError(
      "BadDataset",
      `${path}: shape [${shape}] and chunks [${chunks}] differ in length`,
      {
        path,
      },
    );
  for (const size of shape) checkLimit("axisVoxels", size, { what: `${path}: an axis`, path });
  checkLimit("volumeVoxels", valueCount(shape), { what: `${path}: the array`, path });
}

const notNumeric = (path: string, dtype: string) =>
  new PickbenchError("BadDataset", `${path}: values are ${dtype}; wanted a numeric type`, { path });
