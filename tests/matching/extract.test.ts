import { describe, expect, test } from "vitest";
import { candidatesIn, pickGreatest } from "../../src/matching/extract.js";

const slab = (scores: number[], { std = 1, cutOff = 0, none = [] as number[] } = {}) => ({
  scores: Float32Array.from(scores),
  rotations: Float32Array.from(scores, (_, at) => (none.includes(at) ? -1 : 10 * at)),
  ...{ std, cutOff },
});

/** Candidates of a row of scores of one template. */
const row = (scores: number[]) => candidatesIn([slab(scores)], 0);
const places = (scores: number[], radius: number) =>
  pickGreatest(row(scores), [1, 1, scores.length], [radius]).map(({ voxel }) => voxel);

describe("candidates", () => {
  test("are above the cut-off, searched, and of the best template by score/std", () => {
    const first = slab([0.5, 0.4, 0.2, 0.6], { std: 0.1, cutOff: 0.3, none: [3] });
    const second = slab([0.9, 0.9, 0.9, 0.1], { std: 0.2, cutOff: 0.85 });
    expect(
      candidatesIn([first, second], 100).map(({ voxel, template, score }) => [voxel, template, score]),
    ).toEqual([
      [100, 0, 0.5],
      [101, 1, Math.fround(0.9)],
      [102, 1, Math.fround(0.9)],
    ]);
  });

  test("of two equal templates belong to the first", () => {
    expect(candidatesIn([slab([1]), slab([1])], 0)[0]!.template).toBe(0);
  });
});

describe("picks", () => {
  test("are the greatest, and take away what is as near as the radius", () => {
    expect(places([1, 5, 4, 3, 9, 8], 2)).toEqual([4, 1]);
    expect(places([1, 5, 4, 3, 9, 8], 1)).toEqual([4, 1]);
    expect(places([9, 1, 8], 2)).toEqual([0]);
    expect(places([9, 1, 8], 1.99)).toEqual([0, 2]);
    expect(places([3, 2, 1], 0)).toEqual([0, 1, 2]);
  });

  test("of equal scores are the first voxel's", () => {
    expect(places([7, 7, 7], 1)).toEqual([0, 2]);
  });

  test("erase balls: within radius 2 lies a distance of 2, not √5", () => {
    const scores = new Array<number>(125).fill(0.1);
    scores[62] = 9;
    const picks = pickGreatest(row(scores), [5, 5, 5], [2]).map(({ voxel }) => voxel);
    expect(picks[0]).toBe(62);
    expect(picks).not.toContain(60);
    expect(picks).not.toContain(2 * 25 + 3 * 5 + 3);
    expect(picks[1]).toBe(0);
    const far = (voxel: number) =>
      (Math.floor(voxel / 25) - 2) ** 2 + ((Math.floor(voxel / 5) % 5) - 2) ** 2 + ((voxel % 5) - 2) ** 2;
    expect(picks.slice(1).every((voxel) => far(voxel) > 4)).toBe(true);
    expect(picks.some((voxel) => far(voxel) === 5)).toBe(true);
  });

  test("of several templates take each other away, by their z", () => {
    const slabs = [slab([0, 3, 0, 0], { cutOff: 1 }), slab([0, 0, 4, 5], { std: 2, cutOff: 1 })];
    const picks = pickGreatest(candidatesIn(slabs, 0), [1, 1, 4], [1, 2]);
    expect(picks.map(({ voxel, template }) => [voxel, template])).toEqual([
      [1, 0],
      [3, 1],
    ]);
  });
});
