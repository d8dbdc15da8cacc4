import fc from "fast-check";
import { expect, test } from "vitest";
import { alternatingMedians, median } from "../../src/bench/medians.js";

test("a median has as many values below as above", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

test("the peer's runs and ours take turns, and warm-up runs count for neither", async () => {
  const turns: string[] = [];
  const result = await alternatingMedians(
    3,
    async () => {
      turns.push("ours");
    },
    async () => {
      turns.push("peer");
      return turns.length <= 4 ? 1000 : turns.length;
    },
  );
  expect(turns).toEqual(Array.from({ length: 5 }, () => ["peer", "ours"]).flat());
  expect(result.peer).toBe(7);
  expect(result.ours).toBeLessThan(100);
});

test("a failing run is not timed but thrown", async () => {
  const failing = alternatingMedians(
    2,
    async () => {
      throw new Error("out of memory");
    },
    null,
  );
  await expect(failing).rejects.toThrow("out of memory");
});
