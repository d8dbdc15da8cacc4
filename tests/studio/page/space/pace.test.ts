import { expect, test } from "vitest";
import { budgetMs, Pace } from "../../../../src/web/studio/space/pace.js";

test("a slow renderer draws fewer pixels and rows, a quick one all", () => {
  const pace = new Pace(100);
  expect(pace.scaleFor(100 * budgetMs * 4)).toBeCloseTo(2, 9);
  expect(pace.rowsFor(100)).toBe(budgetMs);
  for (let i = 0; i < 20; i++) pace.learn(1_000_000, 10);
  expect(pace.scaleFor(1_000_000)).toBe(1);
  expect(pace.rowsFor(1000)).toBeGreaterThan(1000);
});

test("it converges on what it measures, and never draws coarser than 8 or fewer than 8 rows", () => {
  const pace = new Pace();
  for (let i = 0; i < 30; i++) pace.learn(2000, 20);
  expect(pace.rate).toBeCloseTo(100, 3);
  for (let i = 0; i < 30; i++) pace.learn(1, 1000);
  expect(pace.scaleFor(1e6)).toBe(8);
  expect(pace.rowsFor(1e6)).toBe(8);
});

test("no time is read as the clock's grain, and no pixels teach nothing", () => {
  const pace = new Pace(10);
  pace.learn(0, 50);
  expect(pace.rate).toBe(10);
  pace.learn(500, 0);
  expect(pace.rate).toBeCloseTo(304, 9);
});
