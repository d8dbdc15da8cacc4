import { expect, test } from "vitest";
import { randomFor } from "../../src/domain/random.js";
import { ByteText } from "../../src/formats/byteText.js";
import { shortestText, sixDigitsText } from "../../src/formats/decimalText.js";

const edges = [
  ...[0, -0, 1, -1, 0.1, 0.0005, 0.001, 0.0015, 1e-7, 5e-7, 4.9e-7, 1e-9, 0.0000005, 1.0000005, 2.5e-6],
  ...[999999.9995, 999999.999999, 999999.9999995, 1e6, 1e9, 999999999.999, 1e12, 2 ** 53, 1e21, 1e22, 1e300],
  ...[5e-324, 0.3, 0.1 + 0.2, 123.456, 1.005, 8.345, 0.5, 1.5, 2.0000015, 1234.0000005],
];

/** Numbers of all sizes, with few digits and with all. */
function* numbers(): Generator<number> {
  for (const edge of edges) {
    yield edge;
    yield -edge;
  }
  const random = randomFor(0, "test/decimalText");
  for (let i = 0; i < 200_000; i++) {
    const value = random.between(-1, 1) * 10 ** random.between(-9, 13);
    const places = 10 ** Math.floor(random.between(0, 10));
    yield value;
    yield Math.round(value * places) / places;
    yield (Math.round(value * 1e6) + 0.5) / 1e6;
  }
}

test("a number has the digits that the language prints, and with six after the point those of toFixed", () => {
  for (const value of numbers()) {
    if (shortestText(value) !== String(value)) expect(shortestText(value)).toBe(String(value));
    if (sixDigitsText(value) !== value.toFixed(6)) expect(sixDigitsText(value)).toBe(value.toFixed(6));
  }
});

test("numbers written as bytes between pieces are the same text, however long it grows", () => {
  const text = new ByteText(1);
  const expected: string[] = [];
  for (const value of numbers()) {
    text.number(value);
    text.piece(Buffer.from(" Å"));
    expected.push(`${value} Å`);
  }
  expect(text.bytes().equals(Buffer.from(expected.join("")))).toBe(true);
});

test("what is not finite is printed as the language does", () => {
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    expect(shortestText(value)).toBe(String(value));
    expect(sixDigitsText(value)).toBe(value.toFixed(6));
  }
});
