import { expect, test } from "vitest";
import { tilesAtOnce } from "../../../src/infer/predict/tileRunners.js";

test("tiles are run at a time, one a thread, where there are many", () => {
  expect(tilesAtOnce(2, 108, 100)).toBe(2);
  expect(tilesAtOnce(8, 400, 100)).toBe(8);
  expect(tilesAtOnce(1, 108, 100)).toBe(1);
});

test("few tiles have all threads, one after another, and more several each, so that none is last and alone", () => {
  expect(tilesAtOnce(8, 1, 100)).toBe(1);
  expect(tilesAtOnce(2, 3, 100)).toBe(1);
  expect(tilesAtOnce(2, 8, 100)).toBe(1);
  expect(tilesAtOnce(8, 9, 100)).toBe(1);
  expect(tilesAtOnce(8, 17, 100)).toBe(4);
});

test("no more tiles are run at a time than memory allows, and always one", () => {
  expect(tilesAtOnce(8, 400, 3)).toBe(2);
  expect(tilesAtOnce(8, 400, 0)).toBe(1);
});
