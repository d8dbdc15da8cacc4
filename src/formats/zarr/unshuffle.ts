/** Byte unshuffling of 4-byte values, with a check for NaN and infinity on the way. */

/** Shuffled bytes of 4-byte values (all first bytes, then all second bytes, …), and the same memory as words. */
export interface ShuffledWords {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/**
 * Returns bytes together with their words.
 *
 * @param bytes must start at a multiple of 4 in their buffer
 */
export const shuffledWords = (bytes: Uint8Array): ShuffledWords => ({
  bytes,
  words: new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2),
});

/**
 * Mask of a float's exponent in its last byte. The exponent is the low seven bits of the last byte and the high bit of
 * the byte before: all ones where the float is not finite.
 */
const lowBits = 0x7f7f7f7f;
const ones = 0x01010101;
const highBits = 0x80808080;
const evenBytes = 0x00ff00ff;
const oddBytes = 0xff00ff00;

/**
 * Reassembles values [from, to) of `count` shuffled ones into `target` from index `at` on. Four values are made at a time,
 * by transposing the 4 × 4 bytes of one word of each plane, where the planes begin at whole words.
 *
 * @returns false where a value, as a float32, is NaN or infinite
 */
export function unshuffle4(
  { bytes, words }: ShuffledWords,
  count: number,
  from: number,
  to: number,
  target: Int32Array,
  at: number,
): boolean {
  let notFinite = 0;
  let i = from;
  let out = at;
  const aligned = count % 4 === 0 ? Math.min(to, (from + 3) & ~3) : to;
  for (; i < aligned; i++) {
    notFinite |= ((bytes[3 * count + i]! & lowBits) + ones) & bytes[2 * count + i]! & highBits;
    target[out++] = valueAt(bytes, count, i);
  }
  const plane = count >> 2;
  for (; i + 4 <= to; i += 4) {
    const word = i >> 2;
    const b0 = words[word]!;
    const b1 = words[word + plane]!;
    const b2 = words[word + 2 * plane]!;
    const b3 = words[word + 3 * plane]!;
    notFinite |= ((b3 & lowBits) + ones) & b2 & highBits;
    const lowEven = (b0 & evenBytes) | ((b1 & evenBytes) << 8);
    const lowOdd = ((b0 >>> 8) & evenBytes) | (b1 & oddBytes);
    const highEven = (b2 & evenBytes) | ((b3 & evenBytes) << 8);
    const highOdd = ((b2 >>> 8) & evenBytes) | (b3 & oddBytes);
    const v0 = (lowEven & 0xffff) | (highEven << 16);
    const v1 = (lowOdd & 0xffff) | (highOdd << 16);
    const v2 = (lowEven >>> 16) | (highEven & 0xffff0000);
    const v3 = (lowOdd >>> 16) | (highOdd & 0xffff0000);
    target[out] = v0;
    target[out + 1] = v1;
    target[out + 2] = v2;
    target[out + 3] = v3;
    out += 4;
  }
  for (; i < to; i++) {
    notFinite |= ((bytes[3 * count + i]! & lowBits) + ones) & bytes[2 * count + i]! & highBits;
    target[out++] = valueAt(bytes, count, i);
  }
  return notFinite === 0;
}

const valueAt = (bytes: Uint8Array, count: number, i: number): number =>
  bytes[i]! | (bytes[count + i]! << 8) | (bytes[2 * count + i]! << 16) | (bytes[3 * count + i]! << 24);
