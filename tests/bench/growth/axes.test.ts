import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { axisNames, growthChoice, pointsOf } from "../../../src/bench/growth/axes.js";
import { shapeOf } from "../../../src/bench/growth/submissions.js";

test("the usual points of each axis", () => {
  expect(pointsOf("voxels")).toEqual([1e5, 1e6, 1e7, 1e8, 1e9]);
  expect(pointsOf("tomograms")).toEqual([1, 10, 100, 500]);
  expect(pointsOf("features")).toEqual([1, 2, 5, 10, 25]);
  expect(pointsOf("picks")).toEqual([1e3, 1e4, 1e5, 1e6, 1e7]);
  expect(pointsOf("threads").at(-1)).toBe(availableParallelism());
});

test("an end is a point itself, and no point lies just before it", () => {
  expect(pointsOf("threads", 6)).toEqual([1, 2, 4, 6]);
  expect(pointsOf("threads", 1)).toEqual([1]);
  expect(pointsOf("voxels", 3e7)).toEqual([1e5, 1e6, 1e7, 3e7]);
  expect(pointsOf("voxels", 1.2e6)).toEqual([1e5, 1.2e6]);
  expect(pointsOf("picks", 1e3)).toEqual([1e3]);
});

test("axes and ends are read from flags; all axes to their usual ends without them", () => {
  expect(growthChoice(undefined, undefined)).toEqual({ axes: axisNames, ends: {} });
  expect(growthChoice("picks, voxels", "voxels=1e7")).toEqual({
    axes: ["picks", "voxels"],
    ends: { voxels: 1e7 },
  });
});

test.each([
  ["voxels,width", undefined, '--along names "width", wanted voxels, tomograms, features, picks, threads'],
  ["picks,picks", undefined, "--along names picks twice"],
  [undefined, "voxels", '--up-to ends voxels at "", wanted a whole number of at least 100000'],
  [undefined, "voxels=10", '--up-to ends voxels at "10"'],
  [undefined, "picks=1e3.5", '--up-to ends picks at "1e3.5"'],
  [undefined, "threads=100000", "from 1 to this machine's"],
  [undefined, "size=5", '--up-to names "size"'],
  ["picks", "voxels=1e6", "--up-to ends voxels, which --along does not name"],
])("--along %s --up-to %s is refused in a sentence", (along, upTo, message) => {
  expect(() => growthChoice(along, upTo)).toThrow(expect.objectContaining({ tag: "BadUsage" }));
  expect(() => growthChoice(along, upTo)).toThrow(message);
});

test.each([1e5, 1e7, 1e9])("%d voxels have the challenge's proportions", (voxels) => {
  const [z, y, x] = shapeOf(voxels);
  expect((z * y * x) / voxels).toBeGreaterThan(0.95);
  expect((z * y * x) / voxels).toBeLessThan(1.05);
  expect(y).toBe(x);
  expect(y / z).toBeCloseTo(630 / 184, 0);
});
