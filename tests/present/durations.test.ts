import { expect, test } from "vitest";
import { durationOf } from "../../src/present/durations.js";

test.each([
  ["1d 2h 20m 15s", 86_400_000 + 2 * 3_600_000 + 20 * 60_000 + 15_000],
  ["12h", 43_200_000],
  ["2h20m", 8_400_000],
  ["0.5h", 1_800_000],
  ["15s", 15_000],
  ["15", 15_000],
  ["2m 5", 125_000],
  ["0s", 0],
])("%s is %d ms", (text, ms) => {
  expect(durationOf(text)).toBe(ms);
});

test.each(["", " ", "h", "2h 1d", "1h 1h", "-1h", "12 hours", "1,5h", "1e3s"])(
  "%j is no duration",
  (text) => {
    expect(durationOf(text)).toBeUndefined();
  },
);
