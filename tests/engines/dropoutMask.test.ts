import { expect, test } from "vitest";
import { dropoutMask } from "../../src/engines/dropoutMask.js";

const dims = [2, 8, 5, 33, 31];
const count = dims.reduce((a, b) => a * b, 1);
const drawn = (name = "low.dropout", seed = 3, step = 7, rate = 0.3): Float32Array =>
  dropoutMask({ name, rate, dims }, seed, step);

test("the same seed, name and step give the same mask", () => {
  expect(drawn()).toEqual(drawn());
});

test.each([
  ["step", drawn("low.dropout", 3, 8)],
  ["seed", drawn("low.dropout", 4, 7)],
  ["name", drawn("high.dropout", 3, 7)],
])("another %s gives one that agrees with it only as often as chance does", (_, other) => {
  const mask = drawn();
  const agreeing = mask.filter((value, i) => value === other[i]).length / count;
  expect(agreeing).toBeCloseTo(0.7 ** 2 + 0.3 ** 2, 2);
});

test.each([0.1, 0.3, 0.5])(
  "rate %s: numbers are 0 at that rate, else as much larger as keeps the mean",
  (rate) => {
    const mask = drawn("low.dropout", 3, 7, rate);
    expect(mask).toHaveLength(count);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    const dropped = mask.filter((value) => value === 0).length / count;
    const deviation = Math.sqrt((rate * (1 - rate)) / count);
    expect(Math.abs(dropped - rate)).toBeLessThan(4 * deviation + 1 / 65536);
  },
);
