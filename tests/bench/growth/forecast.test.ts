import { expect, test } from "vitest";
import { forecast, whyNot } from "../../../src/bench/growth/forecast.js";

const at = (point: number, ms: number, peakMb = 100) => ({ point, ms, peakMb });

test("nothing is known before the first point; by one alone time grows in proportion, memory not at all", () => {
  expect(forecast([], 10)).toBeUndefined();
  expect(forecast([at(10, 500)], 100)).toEqual({ ms: 5000, peakMb: 100 });
});

test("a line through the last two points: time and memory of y = 100 + 2x", () => {
  const line = (point: number) => at(point, 100 + 2 * point, 50 + 3 * point);
  expect(forecast([at(1, 9999), line(10), line(100)], 1000)).toEqual({ ms: 2100, peakMb: 3050 });
});

test("what became less is not forecast to become less still, and more threads take no longer", () => {
  expect(forecast([at(1, 900, 200), at(10, 300, 150)], 100)).toEqual({ ms: 300, peakMb: 150 });
  expect(forecast([at(1, 900, 100), at(2, 500, 120)], 4, true)).toEqual({ ms: 500, peakMb: 160 });
});

const room = { ms: 10_000, memoryMb: 1000, diskMb: 500 };

test("a point is left out for time, memory and disk, each in words", () => {
  expect(whyNot({ ms: 9000, peakMb: 900 }, 400, room)).toBeNull();
  expect(whyNot({ ms: 11_000, peakMb: 900 }, 400, room)).toBe(
    "it would have taken about 11 s, and 10 s were left",
  );
  expect(whyNot({ ms: 9000, peakMb: 1200 }, 400, room)).toBe(
    "it would have taken about 1,200 MB of memory, and 1,000 MB were free",
  );
  expect(whyNot(undefined, 600, room)).toBe("its files would have taken up to 600 MB, and 500 MB were free");
  expect(whyNot(undefined, 0, room)).toBeNull();
  expect(whyNot(undefined, 0, { ...room, ms: -1 })).toBe("the time is over");
});
