import { describe, expect, test } from "vitest";
import { allowedDensity } from "../../../src/train/fit/densities.js";

const run = (particles: number, size = 1000) => ({ particles, size });

describe("the density of picks that annotated runs allow", () => {
  test("is that of the tune runs' picks where all runs are equally dense", () => {
    const tune = run(16);
    expect(allowedDensity([run(32, 2000), run(16), tune], [tune], 40)).toEqual({ least: 0.04, most: 0.04 });
  });

  test("is as wide as densities differ", () => {
    const tune = run(20);
    expect(allowedDensity([run(10), run(30), tune], [tune], 40)).toEqual({ least: 0.02, most: 0.06 });
  });

  test("pools the tune runs", () => {
    const tunes = [run(10), run(30, 3000)];
    expect(allowedDensity([run(20), ...tunes], tunes, 80)).toEqual({ least: 0.02, most: 0.04 });
  });

  test("is unknown for fewer than three runs, and without particles or picks on the tune runs", () => {
    expect(allowedDensity([run(16), run(16)], [run(16)], 40)).toBeUndefined();
    expect(allowedDensity([run(16), run(16), run(0)], [run(0)], 40)).toBeUndefined();
    expect(allowedDensity([run(16), run(16), run(16)], [run(16)], 0)).toBeUndefined();
  });
});
