/** Types of numbers in Zarr arrays, by the names of v3 and of NumPy, and their bytes. */
import { floatToHalf, halfToFloat } from "../../halfFloat.js";

/** Values in memory; halves are their bits. */
export type Values =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

type ValuesOf = new (buffer: ArrayBuffer, offset: number, length: number) => Values;

const types = {
  bool: [1, Uint8Array, "b1"],
  int8: [1, Int8Array, "i1"],
  uint8: [1, Uint8Array, "u1"],
  int16: [2, Int16Array, "i2"],
  uint16: [2, Uint16Array, "u2"],
  int32: [4, Int32Array, "i4"],
  uint32: [4, Uint32Array, "u4"],
  int64: [8, BigInt64Array, "i8"],
  uint64: [8, BigUint64Array, "u8"],
  float16: [2, Uint16Array, "f2"],
  float32: [4, Float32Array, "f4"],
  float64: [8, Float64Array, "f8"],
} as const satisfies Record<string, readonly [number, ValuesOf, string]>;

/** A type by its name in Zarr v3. */
export type NumberType = keyof typeof types;

export const isNumberType = (name: string): name is NumberType => Object.hasOwn(types, name);
export const bytesPer = (type: NumberType): number => types[type][0];
const isBigint = (type: NumberType): boolean => type === "int64" || type === "uint64";
export const isFloat = (type: NumberType): boolean => type.startsWith("float");

/** A type with its byte order. */
export interface StoredType {
  readonly type: NumberType;
  readonly isBig: boolean;
}

/** Parses NumPy's name of a type, such as `<f4` or `float32`; undefined for what is no number. */
export function numpyType(name: string): StoredType | undefined {
  if (isNumberType(name)) return { type: name, isBig: false };
  const parts = /^([<>|=]?)([fiub][1248])$/.exec(name);
  const found = (Object.keys(types) as NumberType[]).find((type) => types[type][2] === parts?.[2]);
  return found && { type: found, isBig: parts![1] === ">" };
}

/** Makes values, all 0. */
export const newValues = (type: NumberType, count: number): Values =>
  new types[type][1](new ArrayBuffer(count * bytesPer(type)), 0, count);

/** Views bytes as values; copies them where the byte order or the alignment asks for it. */
export function valuesOf({ type, isBig }: StoredType, bytes: Uint8Array): Values {
  const size = bytesPer(type);
  const isAligned = bytes.byteOffset % size === 0;
  const own = isBig && size > 1 ? swapped(bytes, size) : isAligned ? bytes : new Uint8Array(bytes);
  return new types[type][1](own.buffer as ArrayBuffer, own.byteOffset, Math.floor(own.length / size));
}

/** Returns the bytes of values. */
export function bytesOf({ type, isBig }: StoredType, values: Values): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return isBig && bytesPer(type) > 1 ? swapped(bytes, bytesPer(type)) : bytes;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const whole = bytes.length - (bytes.length % size);
  const copy = Buffer.from(bytes.subarray(0, whole));
  if (size === 2) copy.swap16();
  else if (size === 4) copy.swap32();
  else copy.swap64();
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length).slice();
}

/** Returns values as numbers: those of halves by their bits, of bools 0 and 1. */
export function numbersOf(type: NumberType, values: Values): ArrayLike<number | bigint> {
  if (type === "bool") return (values as Uint8Array).map((value) => (value === 0 ? 0 : 1));
  return type === "float16" ? halfToFloat(values) : values;
}

/** Casts numbers to a type as C does: fractions of integers are cut off, and what is too large wraps. */
export function cast(numbers: ArrayLike<number | bigint>, type: NumberType): Values {
  if (type === "float16") return floatToHalf(Array.from(numbers, Number));
  const out = newValues(type, numbers.length);
  if (type === "bool") for (let i = 0; i < out.length; i++) out[i] = Number(numbers[i]) === 0 ? 0 : 1;
  else if (isBigint(type))
    for (let i = 0; i < out.length; i++) out[i] = BigInt.asIntN(64, bigint(numbers[i]!));
  else for (let i = 0; i < out.length; i++) out[i] = Number(numbers[i]);
  return out;
}

const bigint = (value: number | bigint): bigint =>
  typeof value === "bigint" ? value : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;

/**
 * Returns a fill value as values of the type hold it; undefined where it is absent, null or no number of the type.
 *
 * @param value of the metadata: a number, a bool, "NaN", "Infinity", "-Infinity", or a float's bits as `0x…`
 */
export function fillOf(type: NumberType, value: unknown): number | bigint | undefined {
  const number =
    typeof value === "boolean" ? Number(value) : typeof value === "string" ? namedNumber(type, value) : value;
  if (typeof number !== "number") return undefined;
  if (!isFloat(type) && !Number.isInteger(number)) return undefined;
  const [held] = Array.from(numbersOf(type, cast([number], type)));
  const isHeld = isFloat(type) || Number(held) === number;
  return isHeld ? held : undefined;
}

const floatNames: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

function namedNumber(type: NumberType, name: string): number | undefined {
  if (Object.hasOwn(floatNames, name)) return floatNames[name];
  const size = bytesPer(type);
  if (!isFloat(type) || !new RegExp(`^0x[0-9a-fA-F]{${2 * size}}$`).test(name)) return undefined;
  const bits = new Uint8Array(Buffer.from(name.slice(2), "hex"));
  return Number(numbersOf(type, valuesOf({ type, isBig: true }, bits))[0]);
}
