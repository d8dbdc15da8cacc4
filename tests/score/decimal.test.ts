import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDecimal } from "../../src/score/decimal.js";

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

test("halfway between two doubles, and a digit beside it, rounding is right", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2 ** 14, max: 2 ** 17 - 1 }),
      fc.nat({ max: 2 ** 20 - 1 }),
      (whole, low) => {
        const halfway = BigInt(whole) * 2n ** 37n + BigInt(low) * 2n + 1n;
        for (const step of [-1n, 0n, 1n]) {
          const scaled = (halfway * 10n ** 12n) / 2n ** 37n + step;
          const text = `${scaled / 10n ** 12n}.${String(scaled % 10n ** 12n).padStart(12, "0")}`;
          expect(parse(text)).toBe(Number(text));
        }
      },
    ),
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
