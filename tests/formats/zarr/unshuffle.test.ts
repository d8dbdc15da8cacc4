import { expect, test } from "vitest";
import { shuffledWords, unshuffle4 } from "../../../src/formats/zarr/unshuffle.js";
import fc from "../../support/properties.js";

/** All first bytes, then all second bytes, …, byte by byte. */
function shuffle(values: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytes.map((_, i) => bytes[4 * (i % values.length) + Math.floor(i / values.length)]!);
}

test("any stretch of any number of values comes back, at any place, and nothing beside it is touched", () => {
  fc.assert(
    fc.property(
      fc.uint32Array({ minLength: 1, maxLength: 70 }),
      fc.nat(70),
      fc.nat(70),
      fc.nat(5),
      (values, a, b, at) => {
        const from = Math.min(a, b, values.length);
        const to = Math.min(Math.max(a, b), values.length);
        const target = new Int32Array(values.length + 8).fill(7);
        unshuffle4(shuffledWords(shuffle(values)), values.length, from, to, target, at);
        const expected = new Uint32Array(values.length + 8).fill(7);
        expected.set(values.subarray(from, to), at);
        expect(new Uint32Array(target.buffer)).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test("values that are no finite float32 are noticed wherever they stand, and no others", () => {
  const floats = Float32Array.of(0, -0, 1.5, -1e-42, 3.4028234663852886e38, -3.4028234663852886e38, 7e-6, -2);
  const target = new Int32Array(16);
  const read = (values: Float32Array, from: number, to: number) =>
    unshuffle4(shuffledWords(shuffle(new Uint32Array(values.buffer))), values.length, from, to, target, 0);
  expect(read(floats, 0, 8)).toBe(true);
  for (const wrong of [Number.NaN, -Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    for (let i = 0; i < 8; i++) {
      const values = floats.with(i, wrong);
      expect(read(values, 0, 8)).toBe(false);
      expect(read(values, 1, 7)).toBe(i === 0 || i === 7);
    }
});
