import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { defaultRanges, rangesSchema } from "../../../../src/data/simulate/rangesFile.js";
import { contentKeys, drawContents, drawKinds } from "../../../../src/data/simulate/solution/contents.js";
import { randomFor } from "../../../../src/domain/random.js";

const pool = Array.from({ length: 56 }, (_, i) => `kind ${i + 1}`);
const drawn = Array.from({ length: 400 }, (_, i) => drawContents(defaultRanges, pool, randomFor(2, "c", i)));

it("draws within the ranges, over their whole width", () => {
  const spans = [
    [drawn.map(({ particles }) => particles), defaultRanges.particles],
    [drawn.map(({ perParticle }) => perParticle), defaultRanges.distractors.perParticle],
    [drawn.map(({ kinds }) => Object.keys(kinds).length), defaultRanges.distractors.kinds],
    [drawn.map(({ flexibility }) => flexibility.bend), defaultRanges.flexibility.bend],
    [drawn.map(({ flexibility }) => flexibility.missing), defaultRanges.flexibility.missing],
  ] as const;
  for (const [values, range] of spans) {
    const [least, greatest] = range as [number, number];
    const width = greatest - least;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...values)).toBeLessThanOrEqual(greatest);
    expect(Math.min(...values)).toBeLessThan(least + 0.1 * width);
    expect(Math.max(...values)).toBeGreaterThan(greatest - 0.1 * width);
  }
  for (const negative of ["vesicles", "gold", "carbon"] as const)
    expect(
      Math.abs(drawn.filter((one) => one[negative]).length / 400 - defaultRanges.negatives[negative]),
    ).toBeLessThan(0.08);
});

it("draws another subset each time, some of it rare and some common", () => {
  expect(new Set(drawn.map(({ kinds }) => Object.keys(kinds).toSorted().join())).size).toBe(400);
  for (const { kinds } of drawn) {
    const shares = Object.values(kinds);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(Math.max(...shares)).toBeGreaterThan(3 * Math.min(...shares));
  }
});

it("draws as many of each kind as its share says", () => {
  const counts = drawKinds({ a: 0.7, b: 0.25, c: 0.05 }, 4000, randomFor(3, "kinds"));
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(4000);
  expect(counts.get("a")! / 4000).toBeCloseTo(0.7, 1);
  expect(counts.get("b")! / 4000).toBeCloseTo(0.25, 1);
  expect(counts.get("c")! / 4000).toBeCloseTo(0.05, 1);
  expect(drawKinds({}, 10, randomFor(3, "kinds")).size).toBe(0);
});

it("has the defaults that docs/solutions.md shows", () => {
  const [, shown] = /```text\n(.*?)```/s.exec(readFileSync("docs/solutions.md", "utf8"))!;
  expect(rangesSchema.parse(parse(shown!))).toEqual(defaultRanges);
  expect(Object.keys(parse(shown!) as object)).toEqual(Object.keys(contentKeys));
});
