/** IEEE 754 half-precision floats: 16 bits to numbers and back. Node knows them from version 24 on alone. */

/** The value of every half by its bits: 256 KiB, made at the first use. Ten times as fast as computing each value. */
let values: Float32Array | undefined;

/** Converts the 16 bits of half-precision floats to their values. */
export function halfToFloat(bits: ArrayLike<number | bigint>): Float32Array {
  values ??= Float32Array.from({ length: 1 << 16 }, (_, half) => halfValue(half));
  const floats = new Float32Array(bits.length);
  for (let i = 0; i < floats.length; i++) floats[i] = values[Number(bits[i])]!;
  return floats;
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Largest finite half-precision float. */
export const greatestHalf = 65504;

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** Returns the 16 bits of the half-precision float nearest to a number, ties to even; infinity from 65520 on. */
function halfBits(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundedToEven(Math.abs(single[0]) * 2 ** 24);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The bits of the nearest halves. */
export function floatToHalf(floats: ArrayLike<number>): Uint16Array {
  const bits = new Uint16Array(floats.length);
  for (let i = 0; i < bits.length; i++) bits[i] = halfBits(floats[i]!);
  return bits;
}

function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
