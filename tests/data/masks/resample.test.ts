import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nearestVoxels, rangeWithin } from "../../../src/data/masks/resample.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { cubic } from "../../support/masks.js";

type Triple = readonly [number, number, number];

interface Case {
  readonly name: string;
  readonly shape: Shape3;
  readonly spacing: Triple;
  readonly offset: Triple;
  readonly tomogram: Shape3;
  readonly wanted: Triple;
  readonly labels: readonly number[];
  readonly nearest: readonly number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../fixtures/data/masks.json", import.meta.url), "utf8"),
) as { cases: readonly Case[] };
const lengths = ([z, y, x]: Triple) => [angstrom(z), angstrom(y), angstrom(x)] as const;

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  test("has SciPy's nearest voxels", () => {
    const { shape, spacing, offset, tomogram, wanted, labels, nearest } = each;
    const declared = offset.some((length) => length !== 0) ? offset : undefined;
    const [alongZ, alongY, alongX] = nearestVoxels(
      { shape: tomogram, spacing: lengths(wanted) },
      { shape, spacing: lengths(spacing) },
      declared,
      "mask.zarr",
    );
    const found = [];
    for (const z of alongZ)
      for (const y of alongY)
        for (const x of alongX)
          found.push(Math.min(z, y, x) < 0 ? 255 : labels[(z * shape[1] + y) * shape[2] + x]);
    expect(found).toEqual(nearest);
  });
});

const grid = (shape: Shape3, spacing: number) => ({ shape, spacing: cubic(spacing) });

test("a mask of the tomogram's shape lies on its voxels, whatever its spacing", () => {
  const found = nearestVoxels(grid([3, 4, 5], 10), grid([3, 4, 5], 1), undefined, "m");
  expect(found.map((along) => [...along])).toEqual([
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ]);
});

test("halfway between two voxels the next one counts, whatever rounding does", () => {
  const [along] = nearestVoxels(grid([60, 60, 60], 20.024), grid([120, 120, 120], 10.012), undefined, "m");
  expect([...along!]).toEqual(Array.from({ length: 60 }, (_, at) => 2 * at + 1));
});

test("refuses a mask of another extent, and one whose offset leads outside", () => {
  const tomogram = grid([40, 64, 64], 10);
  expect(() => nearestVoxels(tomogram, grid([38, 64, 64], 10), undefined, "m.mrc")).toThrow(
    "m.mrc: the mask has 38×64×64 voxels (z×y×x) of 10 Å, wanted the tomogram's 40×64×64 voxels (z×y×x) of 10 Å, or another grid of the same extent; resample it, or declare with a translation which part it covers",
  );
  expect(() => nearestVoxels(tomogram, grid([40, 64, 63], 10), undefined, "m")).toThrow(/wanted/);
  expect(() => nearestVoxels(tomogram, grid([4, 4, 4], 10), [0, 0, 900], "m")).toThrow(
    /outside its tomogram/,
  );
  expect(() => nearestVoxels(tomogram, grid([4, 4, 4], 10), [0, 0, 600], "m")).not.toThrow();
});

test("gives the range of voxels within a chunk", () => {
  const along = Int32Array.of(-1, -1, 0, 0, 1, 1, 2, 3, -1);
  expect(rangeWithin(along, 0, 2)).toEqual([2, 6]);
  expect(rangeWithin(along, 2, 8)).toEqual([6, 8]);
  expect(rangeWithin(along, 4, 8)).toEqual([9, 9]);
});
