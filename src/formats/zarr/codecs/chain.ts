/** Chains of codecs: the ordered list of a Zarr v3 array, and the filters and the compressor of a v2 array. */
import { z } from "zod";
import { PickbenchError } from "../../../system/errors.js";
import { checkLimit, limits } from "../../../system/limits.js";
import {
  type ArrayCodec,
  type ArraySpec,
  type Block,
  plainBlock,
  straightened,
  transpose,
  valueCount,
} from "./arrays.js";
import { checksumCodec } from "./checksums.js";
import { compressor } from "./compressors.js";
import { arrayFilter, byteFilter, bytesFilter, castValue, isFilter, scaleOffset } from "./filters.js";
import { bytesPer, type StoredType, valuesOf } from "./numbers.js";
import { ShardLayout } from "./shards.js";
import {
  type BytesCodec,
  compressedSize,
  decodeStages,
  type StageSize,
  stageSizes,
  unsupportedCodec,
} from "./stage.js";

/** Schema of Zarr v3's extension points: an object with a name, or since 3.1 the name alone. */
export const namedSchema = z.union([
  z.string().transform((name) => ({ name, configuration: {} as Record<string, unknown> })),
  z.looseObject({ name: z.string(), configuration: z.looseObject({}).default({}) }),
]);
type Named = z.infer<typeof namedSchema>;

/** Schema of a filter or compressor in Zarr v2's metadata. */
export const codecV2Schema = z.looseObject({ id: z.string() });

/** How a block of values became bytes: one by one in a byte order, or as a shard. */
type ToBytes = { readonly spec: ArraySpec } & ({ readonly isBig: boolean } | { readonly shard: ShardLayout });

/** The codecs of a chunk, in the order of encoding. */
export interface Chain {
  /** Codecs from array to array, each with what it decodes to. */
  readonly arrays: readonly { readonly codec: ArrayCodec; readonly spec: ArraySpec }[];
  readonly toBytes: ToBytes;
  readonly bytes: readonly BytesCodec[];
}

/** Returns the size of a chain's bytes before its codecs of bytes. */
function plainSize({ toBytes }: Chain): StageSize {
  if ("shard" in toBytes) return toBytes.shard.encodedSize;
  return { bytes: valueCount(toBytes.spec.shape) * bytesPer(toBytes.spec.type), isExact: true };
}

/** Most bytes of an encoded chunk that is decoded whole. */
const mostEncoded = compressedSize({ bytes: limits.chunkBytes.most, isExact: true }).bytes;

/** Returns the most bytes of a stage, counted from 0 before the codecs of bytes. */
const mostOf = ({ bytes }: Chain, stage: number): number =>
  stage > 0 && stage === bytes.length ? mostEncoded : limits.chunkBytes.most;

/**
 * Lists the sizes of a chain's bytes, from its codecs of bytes' decoded to the encoded chunk. What is stated as a most is
 * held within the limit of a chunk; exact sizes were checked when the chain was made.
 */
function chainSizes(chain: Chain): StageSize[] {
  return stageSizes(chain.bytes, plainSize(chain)).map((size, stage) =>
    size.isExact ? size : { bytes: Math.min(size.bytes, mostOf(chain, stage)), isExact: false },
  );
}

/** Returns the size of an encoded chunk: exactly so many bytes, or at most. */
export const chainSize = (chain: Chain): StageSize => chainSizes(chain).at(-1)!;

/** Returns the shard that a file is, where its inner chunks can be read one by one; undefined for other files. */
export function shardInFile({ arrays, toBytes, bytes }: Chain): ShardLayout | undefined {
  return "shard" in toBytes && bytes.length === 0 && arrays.every(({ codec }) => codec.order)
    ? toBytes.shard
    : undefined;
}

/**
 * Checks that every stage of a chunk, from its values to its encoded bytes, fits into memory where it is decoded whole. What
 * a shard is made of was checked when its own chains were made.
 *
 * @throws PickbenchError BadDataset
 */
function checkStages(path: string, chain: Chain): Chain {
  if (shardInFile(chain)) return chain;
  const { arrays, toBytes, bytes } = chain;
  for (const { type, shape } of [...arrays.map(({ spec }) => spec), toBytes.spec]) {
    const what = `${path}: a chunk of [${shape}] values`;
    checkLimit("chunkBytes", valueCount(shape) * bytesPer(type), { what, path });
  }
  for (const [stage, size] of stageSizes(bytes, plainSize(chain)).entries())
    if (stage > 0 && size.isExact && size.bytes > mostOf(chain, stage))
      checkLimit("chunkBytes", size.bytes, {
        what: `${path}: a chunk before ${bytes[stage - 1]!.name}`,
        path,
      });
  return chain;
}

/**
 * Decodes a chunk.
 *
 * @throws Error where it is damaged, or a checksum is another than stated
 */
export async function decodeChain(chain: Chain, encoded: Uint8Array): Promise<Block> {
  const bytes = await decodeStages(encoded, chain.bytes, chainSizes(chain));
  const { toBytes } = chain;
  if ("shard" in toBytes) return undoArrays(chain, await toBytes.shard.decode(bytes));
  const { spec, isBig } = toBytes;
  return undoArrays(chain, plainBlock(spec, valuesOf({ type: spec.type, isBig }, bytes)));
}

/** Undoes the codecs from array to array, the last one first. */
export function undoArrays({ arrays, toBytes }: Chain, stored: Block): Block {
  let block = stored;
  let { type } = toBytes.spec;
  for (const { codec, spec } of [...arrays].reverse()) {
    block = codec.decode(codec.order ? block : straightened(block, type), spec);
    type = spec.type;
  }
  return block;
}

/** Names under which Zarr v3 registers codecs of numcodecs, without what they have in front. */
const plainName = (name: string): string => name.replace(/^(https:\/\/codec\.zarr\.dev\/)?numcodecs[./]/, "");

/**
 * Makes the chain of a Zarr v3 array.
 *
 * @throws PickbenchError Unsupported with the name of a codec that is not read, BadDataset where the chain is not legal
 * or a stage of it does not fit into memory
 */
export function chainV3(path: string, codecs: readonly Named[], array: ArraySpec): Chain {
  const arrays: Chain["arrays"][number][] = [];
  const bytes: BytesCodec[] = [];
  let spec = array;
  let toBytes: ToBytes | undefined;
  for (const { name, configuration } of codecs) {
    const arrayCodec = arrayCodecOf(path, name, configuration, spec);
    const toBytesCodec = arrayCodec ? undefined : toBytesOf(path, name, configuration, spec);
    const isEarly = toBytes === undefined;
    if (arrayCodec && isEarly) {
      arrays.push({ codec: arrayCodec, spec });
      spec = arrayCodec.encoded(spec);
    } else if (toBytesCodec && isEarly) toBytes = toBytesCodec;
    else if (arrayCodec || toBytesCodec)
      throw illegal(path, `codec ${name} stands behind one that makes bytes`);
    else {
      const codec = bytesCodecOf(name, configuration, spec);
      if (!codec) throw unsupportedCodec(path, `codec ${name}`);
      if (isEarly) throw illegal(path, `codec ${name} stands before one that makes bytes`);
      bytes.push(codec);
    }
  }
  if (!toBytes) throw illegal(path, "no codec makes bytes");
  return checkStages(path, { arrays, toBytes, bytes });
}

const illegal = (path: string, fault: string): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: not a chain of Zarr codecs: ${fault}; write the array again with zarr-python`,
    { path },
  );

type Configuration = Readonly<Record<string, unknown>>;

function arrayCodecOf(
  path: string,
  name: string,
  configuration: Configuration,
  spec: ArraySpec,
): ArrayCodec | undefined {
  if (name === "transpose") return transpose(orderOf(path, configuration.order, spec));
  const plain = plainName(name);
  const isZarrs = name === "scale_offset" || name === "cast_value";
  if (!isZarrs && !isFilter(plain)) return undefined;
  const codec =
    name === "scale_offset"
      ? scaleOffset(configuration, spec)
      : name === "cast_value"
        ? castValue(configuration, spec)
        : arrayFilter(plain, configuration, spec);
  if (!codec) throw unsupportedCodec(path, `codec ${name} with ${JSON.stringify(configuration)}`);
  return codec;
}

function orderOf(path: string, order: unknown, { shape }: ArraySpec): number[] {
  const axes = shape.map((_, axis) => axis);
  if (order === "C") return axes;
  if (order === "F") return axes.reverse();
  if (Array.isArray(order) && order.length === axes.length && axes.every((axis) => order.includes(axis)))
    return order as number[];
  throw illegal(
    path,
    `transpose has the order ${JSON.stringify(order)}; wanted each of ${axes.join(", ")} once`,
  );
}

function toBytesOf(
  path: string,
  name: string,
  configuration: Configuration,
  spec: ArraySpec,
): ToBytes | undefined {
  if (name === "sharding_indexed") return { spec, shard: shardOf(path, configuration, spec) };
  if (name !== "bytes" && name !== "endian") return undefined;
  const { endian } = configuration;
  const isOne = bytesPer(spec.type) === 1;
  if (endian !== "little" && endian !== "big" && !(isOne && (endian === undefined || endian === null)))
    throw illegal(
      path,
      `${name} of ${spec.type} has the endian ${JSON.stringify(endian)}; wanted little or big`,
    );
  return { spec, isBig: endian === "big" };
}

function bytesCodecOf(
  name: string,
  configuration: Configuration,
  { type }: ArraySpec,
): BytesCodec | undefined {
  const plain = plainName(name);
  // numcodecs.packbits of Zarr v3 goes from array to array.
  if (plain === "packbits") return undefined;
  return (
    compressor(plain) ??
    checksumCodec(plain, configuration.location) ??
    byteFilter(plain, configuration, type)
  );
}

const shardSchema = z.looseObject({
  chunk_shape: z.array(z.number().int().positive()),
  codecs: z.array(namedSchema).min(1),
  index_codecs: z.array(namedSchema).min(1),
  index_location: z.enum(["start", "end"]).default("end"),
});

function shardOf(path: string, configuration: Configuration, spec: ArraySpec): ShardLayout {
  const parsed = shardSchema.safeParse(configuration);
  if (!parsed.success)
    throw illegal(
      path,
      "a shard without chunk_shape, codecs or index_codecs, or with an unknown index_location",
    );
  const {
    chunk_shape: chunkShape,
    codecs,
    index_codecs: indexCodecs,
    index_location: location,
  } = parsed.data;
  if (
    chunkShape.length !== spec.shape.length ||
    chunkShape.some((size, axis) => spec.shape[axis]! % size !== 0)
  )
    throw illegal(path, `inner chunks [${chunkShape}] do not divide the shard [${spec.shape}]`);
  const inner = chainV3(path, codecs, { ...spec, shape: chunkShape });
  const grid = spec.shape.map((size, axis) => size / chunkShape[axis]!);
  const index = chainV3(path, indexCodecs, { type: "uint64", shape: [...grid, 2], fill: undefined });
  const { bytes: indexSize, isExact } = chainSize(index);
  if (!isExact) throw unsupportedCodec(path, "a shard's index of no fixed size");
  return new ShardLayout({
    spec,
    chunkShape,
    isIndexFirst: location === "start",
    indexSize,
    decodeIndex: (bytes) => decodeChain(index, bytes),
    innerSize: chainSize(inner),
    decodeInner: (bytes) => decodeChain(inner, bytes),
  });
}

/**
 * Makes the chain of a Zarr v2 array.
 *
 * @param codecs its filters and its compressor
 * @param order of its values: "F" for the first axis fastest
 * @throws PickbenchError Unsupported with the name of a codec that is not read, BadDataset where a stage of the chain does
 * not fit into memory
 */
export function chainV2(
  path: string,
  codecs: readonly z.infer<typeof codecV2Schema>[],
  { isBig }: StoredType,
  order: "C" | "F",
  spec: ArraySpec,
): Chain {
  const own = { type: spec.type, isBig };
  const bytes = codecs.map((configuration) => {
    const name = plainName(configuration.id);
    const codec = isFilter(name)
      ? bytesFilter(name, configuration, own)
      : (compressor(name) ??
        checksumCodec(name, configuration.location) ??
        byteFilter(name, { elementsize: 4, ...configuration }, spec.type));
    if (!codec) throw unsupportedCodec(path, `codec ${configuration.id}`);
    return codec;
  });
  const turned = transpose(spec.shape.map((_, axis) => spec.shape.length - 1 - axis));
  return checkStages(
    path,
    order === "C"
      ? { arrays: [], toBytes: { spec, isBig }, bytes }
      : { arrays: [{ codec: turned, spec }], toBytes: { spec: turned.encoded(spec), isBig }, bytes },
  );
}
