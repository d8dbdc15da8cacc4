/** Filters of arrays (numcodecs' and Zarr's): what they change before the values become bytes. */
import { type ArrayCodec, type ArraySpec, plainBlock } from "./arrays.js";
import {
  bytesOf,
  bytesPer,
  cast,
  fillOf,
  isFloat,
  type NumberType,
  newValues,
  numbersOf,
  numpyType,
  type StoredType,
  type Values,
  valuesOf,
} from "./numbers.js";
import type { BytesCodec } from "./stage.js";

type Configuration = Readonly<Record<string, unknown>>;

/** A filter of a flat array: its decoded and its encoded type, and how it decodes. */
interface Filter {
  readonly decoded: StoredType;
  readonly encoded: StoredType;
  decode(values: Values): Values;
}

/** Makes a filter of its configuration; undefined where the configuration is not one that is read. */
type MakeFilter = (configuration: Configuration, own: StoredType) => Filter | undefined;

const typeNamed = (value: unknown): StoredType | undefined =>
  typeof value === "string" ? numpyType(value) : undefined;

/** Returns a filter's two types: `dtype`, by default the array's own, and `astype`, by default the same. */
function typesOf(
  { dtype, astype }: Configuration,
  own: StoredType,
): Pick<Filter, "decoded" | "encoded"> | undefined {
  const decoded = dtype === undefined ? own : typeNamed(dtype);
  const encoded = astype === undefined || astype === null ? decoded : typeNamed(astype);
  return decoded && encoded && { decoded, encoded };
}

function delta(configuration: Configuration, own: StoredType): Filter | undefined {
  const types = typesOf(configuration, own);
  if (!types || types.decoded.type === "float16" || types.decoded.type === "bool") return undefined;
  const decode = (values: Values): Values => {
    const sums = cast(numbersOf(types.encoded.type, values), types.decoded.type);
    if (sums instanceof BigInt64Array || sums instanceof BigUint64Array)
      for (let i = 1; i < sums.length; i++) sums[i] = sums[i - 1]! + sums[i]!;
    else for (let i = 1; i < sums.length; i++) sums[i] = sums[i - 1]! + sums[i]!;
    return sums;
  };
  return { ...types, decode };
}

function fixedScaleOffset(configuration: Configuration, own: StoredType): Filter | undefined {
  const types = typesOf(configuration, own);
  const { scale, offset } = configuration;
  if (!types || typeof scale !== "number" || typeof offset !== "number" || scale === 0) return undefined;
  if (types.encoded.type === "float16") return undefined;
  const isSingle = types.encoded.type === "float32";
  const step = isSingle ? Math.fround(scale) : scale;
  const start = isSingle ? Math.fround(offset) : offset;
  const restored = isSingle
    ? (value: number) => Math.fround(Math.fround(value / step) + start)
    : (value: number) => value / step + start;
  const decode = (values: Values): Values =>
    cast(
      Float64Array.from(numbersOf(types.encoded.type, values), (value) => restored(Number(value))),
      types.decoded.type,
    );
  return { ...types, decode };
}

/** A filter that only casts. */
function casting(decoded: StoredType | undefined, encoded: StoredType | undefined): Filter | undefined {
  if (!decoded || !encoded) return undefined;
  const decode = (values: Values): Values =>
    decoded.type === encoded.type ? values : cast(numbersOf(encoded.type, values), decoded.type);
  return { decoded, encoded, decode };
}

const makers: Readonly<Record<string, MakeFilter>> = {
  delta,
  fixedscaleoffset: fixedScaleOffset,
  astype: ({ encode_dtype, decode_dtype }, own) =>
    casting(decode_dtype === undefined ? own : typeNamed(decode_dtype), typeNamed(encode_dtype)),
  quantize(configuration, own) {
    const types = typesOf(configuration, own);
    return types && casting(types.decoded, types.encoded);
  },
  bitround: (_, own) => casting(own, own),
};

/** Names of the filters that this file decodes, besides those of bytes. */
export const isFilter = (name: string): boolean => Object.hasOwn(makers, name);

/** Returns a filter between bytes, as Zarr v2 has it; undefined where its configuration is not read. */
export function bytesFilter(
  name: string,
  configuration: Configuration,
  own: StoredType,
): BytesCodec | undefined {
  const filter = makers[name]!(configuration, own);
  if (!filter) return undefined;
  const [wide, narrow] = [bytesPer(filter.decoded.type), bytesPer(filter.encoded.type)];
  return {
    name,
    encodedSize: ({ bytes, isExact }) => ({ bytes: Math.ceil(bytes / wide) * narrow, isExact }),
    decode(encoded) {
      if (encoded.length % narrow !== 0)
        throw new Error(`${name} has ${encoded.length} bytes; wanted a multiple of ${narrow}`);
      return bytesOf(filter.decoded, filter.decode(valuesOf(filter.encoded, encoded)));
    },
  };
}

/** Returns a filter between arrays, as Zarr v3 has it; undefined where its configuration is not read. */
export function arrayFilter(
  name: string,
  configuration: Configuration,
  { type }: ArraySpec,
): ArrayCodec | undefined {
  const filter = makers[name]!(configuration, { type, isBig: false });
  if (!filter || filter.decoded.type !== type) return undefined;
  return {
    name,
    encoded: (spec) => ({ ...spec, type: filter.encoded.type }),
    decode: (block, spec) => plainBlock(spec, filter.decode(block.values)),
  };
}

/** Returns Zarr's `scale_offset` of floats, or of integers that are shifted alone; undefined where it is not read. */
export function scaleOffset(
  { scale = 1, offset = 0 }: Configuration,
  { type }: ArraySpec,
): ArrayCodec | undefined {
  const [step, start] = [fillOf(type, scale), fillOf(type, offset)];
  if (typeof step !== "number" || typeof start !== "number" || type === "float16" || type === "bool")
    return undefined;
  if (step === 0 || (!isFloat(type) && step !== 1)) return undefined;
  const round = type === "float32" ? Math.fround : (value: number) => value;
  return {
    name: "scale_offset",
    encoded: (spec) => ({ ...spec, fill: undefined }),
    decode(block, spec) {
      const values = newValues(type, block.values.length);
      for (let i = 0; i < values.length; i++) values[i] = round(Number(block.values[i]) / step) + start;
      return plainBlock(spec, values);
    },
  };
}

/** Returns Zarr's `cast_value` to floats without exceptions; undefined where it is not read. */
export function castValue(configuration: Configuration, { type }: ArraySpec): ArrayCodec | undefined {
  const { data_type: encodedType, scalar_map: exceptions, rounding = "nearest-even" } = configuration;
  if (typeof encodedType !== "string" || exceptions !== undefined || rounding !== "nearest-even")
    return undefined;
  const encoded = numpyType(encodedType)?.type;
  if (encoded === undefined || !isFloat(type)) return undefined;
  return {
    name: "cast_value",
    encoded: (spec) => ({ ...spec, type: encoded, fill: undefined }),
    decode: (block, spec) => plainBlock(spec, cast(numbersOf(encoded, block.values), type as NumberType)),
  };
}

/** Reassembles values from all their first bytes, then all second bytes, … */
function shuffle(elementSize: number): BytesCodec {
  return {
    name: "shuffle",
    encodedSize: (size) => size,
    decode(encoded) {
      if (elementSize <= 1) return encoded;
      if (encoded.length % elementSize !== 0)
        throw new Error(`shuffle has ${encoded.length} bytes; wanted a multiple of ${elementSize}`);
      const count = encoded.length / elementSize;
      const out = new Uint8Array(encoded.length);
      for (let byte = 0; byte < elementSize; byte++)
        for (let i = 0; i < count; i++) out[i * elementSize + byte] = encoded[byte * count + i]!;
      return out;
    },
  };
}

/** numcodecs' bits of bools: the first byte counts the bits that fill up the last one. */
const packBits: BytesCodec = {
  name: "packbits",
  encodedSize: ({ bytes, isExact }) => ({ bytes: 1 + Math.ceil(bytes / 8), isExact }),
  decode(encoded) {
    const padding = encoded[0] ?? 0;
    const count = 8 * (encoded.length - 1) - padding;
    if (padding > 7 || count < 0) throw new Error(`packbits states ${padding} bits of padding`);
    return Uint8Array.from({ length: count }, (_, i) => (encoded[1 + (i >> 3)]! >> (7 - (i & 7))) & 1);
  },
};

const base64: BytesCodec = {
  name: "base64",
  encodedSize: ({ bytes, isExact }) => ({ bytes: 4 * Math.ceil(bytes / 3), isExact }),
  decode(encoded) {
    const text = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength).toString("latin1");
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") !== text) throw new Error("its bytes are no Base64");
    return new Uint8Array(bytes);
  },
};

/** Returns a filter of bytes by its name; undefined for other names, and for a shuffle of elements of no whole size. */
export function byteFilter(
  name: string,
  { elementsize }: Configuration,
  own: NumberType,
): BytesCodec | undefined {
  if (name === "shuffle") {
    const size = elementsize === undefined ? bytesPer(own) : elementsize;
    return typeof size === "number" && Number.isSafeInteger(size) ? shuffle(size) : undefined;
  }
  return name === "packbits" ? packBits : name === "base64" ? base64 : undefined;
}
