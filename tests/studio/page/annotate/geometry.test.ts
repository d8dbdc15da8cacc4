import { describe, expect, test } from "vitest";
import type { Box6 } from "../../../../src/studio/annotations/edits.js";
import {
  aroundIndex,
  boxBetween,
  holdsSlice,
  inSlice,
  pickAt,
  sliceAt,
  sliceBox,
  wholeSlices,
} from "../../../../src/web/studio/annotate/geometry.js";

const grid = { shape: [10, 20, 30], spacing: [10, 5, 2] } as const;

describe("places of planes in a mask", () => {
  test("are voxels by each axis' own size, kept inside", () => {
    const at = { x: 21, y: 21, z: 21 };
    expect([0, 1, 2].map((axis) => sliceAt(grid, axis as 0 | 1 | 2, at))).toEqual([2, 4, 10]);
    expect(sliceAt(grid, 0, { x: 0, y: 0, z: -5 })).toBe(0);
    expect(sliceAt(grid, 0, { x: 0, y: 0, z: 100 })).toBe(9);
    expect([0, 1, 2].map((axis) => inSlice(grid, axis as 0 | 1 | 2, at))).toEqual([
      [4.2, 10.5],
      [2.1, 10.5],
      [2.1, 4.2],
    ]);
  });

  test("whole slices are told from boxes, and what holds them", () => {
    const boxes: Box6[] = [
      sliceBox(grid, 0, 7),
      [3, 0, 0, 4, 20, 29],
      sliceBox(grid, 0, 2),
      sliceBox(grid, 2, 5),
      [4, 0, 0, 6, 20, 30],
    ];
    expect(sliceBox(grid, 1, 4)).toEqual([0, 4, 0, 10, 5, 30]);
    expect(wholeSlices(grid, boxes, 0)).toEqual([2, 7]);
    expect(wholeSlices(grid, boxes, 2)).toEqual([5]);
    expect([2, 3, 4, 5, 6].map((index) => holdsSlice(grid, boxes, 0, index))).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  test("an index lies between two slices, or on the upper one of two", () => {
    expect(aroundIndex([2, 7, 9], 4)).toEqual([2, 7]);
    expect(aroundIndex([2, 7, 9], 2)).toEqual([2, 7]);
    expect(aroundIndex([2, 7, 9], 7)).toEqual([7, 9]);
    expect(aroundIndex([2, 7], 7)).toEqual([2, 7]);
    expect(aroundIndex([2, 3], 2)).toBeUndefined();
    expect(aroundIndex([2, 7], 8)).toBeUndefined();
    expect(aroundIndex([], 8)).toBeUndefined();
  });

  test("a box is drawn between two places, as deep as asked, and ends at the mask's edge", () => {
    const [from, to] = [
      { x: 21, y: 21, z: 45 },
      { x: 3, y: 52, z: 45 },
    ];
    expect(boxBetween(grid, 0, from, to, 1)).toEqual([4, 4, 1, 5, 11, 11]);
    expect(boxBetween(grid, 0, from, to, 4)).toEqual([3, 4, 1, 7, 11, 11]);
    expect(boxBetween(grid, 0, { x: -100, y: -100, z: 5 }, { x: 1000, y: 1000, z: 5 }, 9)).toEqual([
      0, 0, 0, 5, 20, 30,
    ]);
    expect(boxBetween(grid, 0, { x: -100, y: 0, z: 5 }, { x: -50, y: 5, z: 5 }, 1)).toBeUndefined();
  });

  test("a pick is met within its radius, of several the nearest, and small ones within reach", () => {
    const picks = [
      { type: "a", at: [0, 0, 0] },
      { type: "a", at: [50, 0, 0] },
      { type: "b", at: [200, 0, 0] },
    ] as const;
    const radii = new Map([
      ["a", 60],
      ["b", 1],
    ]);
    expect(pickAt(picks, radii, { x: 20, y: 0, z: 0 }, 5)).toBe(picks[0]);
    expect(pickAt(picks, radii, { x: 30, y: 0, z: 0 }, 5)).toBe(picks[1]);
    expect(pickAt(picks, radii, { x: 0, y: 0, z: 61 }, 5)).toBeUndefined();
    expect(pickAt(picks, radii, { x: 204, y: 0, z: 0 }, 5)).toBe(picks[2]);
    expect(pickAt(picks, radii, { x: 206, y: 0, z: 0 }, 5)).toBeUndefined();
  });
});
