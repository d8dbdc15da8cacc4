import { expect, test } from "vitest";
import { floatToHalf, greatestHalf, halfToFloat } from "../../src/formats/halfFloat.js";

const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

test("values of bits are those of the standard", () => {
  const bits = [
    0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x7e00,
  ];
  const values = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 0.333251953125, greatestHalf];
  const [infinity, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
  expect([...halfToFloat(bits)]).toEqual([...values, infinity, -infinity, nan]);
  expect([...halfToFloat(bits.map(BigInt))]).toEqual([...halfToFloat(bits)]);
});

test("every half that is a number comes back by its bits", () => {
  const values = halfToFloat(all);
  const again = floatToHalf(values);
  const wrong = all.filter((bits) => !Number.isNaN(values[bits]) && again[bits] !== bits);
  expect([...wrong]).toEqual([]);
  expect(all.filter((bits) => Number.isNaN(values[bits]))).toHaveLength(2 * 1023);
});

test("a number between two halves becomes the nearest, ties the even one, and infinite from 65520 on", () => {
  const numbers = [
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -11 + 2 ** -20,
    65519.99,
    65520,
    2 ** -25,
    3 * 2 ** -25,
  ];
  expect([...floatToHalf(numbers)]).toEqual([0x3c00, 0x3c02, 0x3c01, 0x7bff, 0x7c00, 0x0000, 0x0002]);
});
