import { expect, test } from "vitest";
import { parseDecimal } from "../../../src/formats/csv/decimal.js";
import fc from "../../support/properties.js";

const parse = (text: string): number => {
  const bytes = Buffer.from(`,${text},`);
  return parseDecimal(bytes, 1, bytes.length - 1);
};

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: most });

test("every double is read back from its shortest digits, to the last bit", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parse(String(value))).toBe(value + 0);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.double({ min: -7000, max: 7000, noNaN: true }), (value) => {
      expect(parse(String(value))).toBe(value + 0);
    }),
    { numRuns: 3000 },
  );
});

test("any digits are read as the language reads them", () => {
  fc.assert(
    fc.property(fc.constantFrom("", "+", "-"), digits(12), digits(14), (sign, whole, fraction) => {
      for (const text of [
        `${sign}${whole}.${fraction}`,
        `${sign}${whole}`,
        `${sign}.${fraction}`,
        `${sign}${whole}.`,
      ])
        expect(parse(text)).toBe(Number(text));
    }),
    { numRuns: 3000 },
  );
});

/**
 * Between 4 and 8 the middles of two doubles are odd multiples of 2⁻⁵¹. N / 10¹⁶ lies δ / (2³⁵ 10¹⁶) from one where
 * 2³⁵ N ≡ δ modulo 5¹⁶, δ odd: no arithmetic of doubles can tell on which side.
 */
test("a hair from the middle of two doubles, rounding is right", () => {
  const modulus = 5n ** 16n;
  const half = (modulus + 1n) / 2n;
  let inverse = 1n;
  for (let i = 0; i < 35; i++) inverse = (inverse * half) % modulus;
  fc.assert(
    fc.property(fc.nat({ max: 250_000 }), fc.integer({ min: -50, max: 50 }), (turn, side) => {
      const delta = BigInt(2 * side + 1);
      const residue = (((delta * inverse) % modulus) + modulus) % modulus;
      const first = 4n * 10n ** 16n;
      const scaled = first - (first % modulus) + modulus * BigInt(turn + 1) + residue;
      const text = `${scaled / 10n ** 16n}.${String(scaled % 10n ** 16n).padStart(16, "0")}`;
      expect(parse(text)).toBe(Number(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  "",
  "+",
  "-",
  ".",
  "1.2.3",
  "1e",
  "--1",
  "1 2",
  "NaN",
  "Infinity",
  "1e999",
  "0x10",
  "1_0",
  "12345678901a",
  "1234567890.1.2",
])("%j is no number", (text) => expect(parse(text)).toBeNaN());
