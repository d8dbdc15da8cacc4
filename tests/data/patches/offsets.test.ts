import { expect, test } from "vitest";
import { makeBatch } from "../../../src/data/patches/batch.js";
import { offsetUnit } from "../../../src/data/patches/offsets.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { countVotes } from "../../../src/infer/predict/votes.js";
import { large, pickAt, small, specOf, volumeOf } from "../../support/patchScenes.js";

const spacing = 10;
const shape: Shape3 = [16, 20, 24];
/** One large and one small particle, neither on a voxel's centre nor near the other. */
const picks = [pickAt("large", 61, 73, 68), pickAt("small", 118, 142, 187)];
const source = {
  run: "run",
  volumes: [volumeOf(shape, [spacing, spacing, spacing], (z, y, x) => Math.sin(z + 2 * y + 3 * x))],
  picks,
};

const batchOf = (stride: 1 | 2) =>
  makeBatch(specOf({ patchShape: shape, head: { stride, offsets: true } }), [source], 0);

test.each([1, 2] as const)(
  "offsets of stride %i point from every voxel of a ball to its centre",
  (stride) => {
    const { target } = batchOf(stride);
    const [depth, height, width] = shape.map((size) => size / stride) as [number, number, number];
    const voxels = depth * height * width;
    let seen = 0;
    for (const [at, { x, y, z }] of picks.entries()) {
      const kind = at === 0 ? 2 : 1;
      for (let voxel = 0; voxel < voxels; voxel++) {
        if (target[kind * voxels + voxel] !== 1) continue;
        seen++;
        const index = [
          Math.floor(voxel / (height * width)),
          Math.floor(voxel / width) % height,
          voxel % width,
        ];
        const centre = index.map((value, axis) => {
          const way = target[(3 + axis) * voxels + voxel]! * offsetUnit;
          return (value * stride + (stride - 1) / 2 + way + 0.5) * spacing;
        });
        expect(Math.hypot(centre[0]! - z, centre[1]! - y, centre[2]! - x)).toBeLessThan(1e-3);
      }
    }
    const inBalls = [large, small].reduce(
      (sum, { radius }) => sum + (4 / 3) * Math.PI * (0.7 * radius) ** 3,
      0,
    );
    expect((seen * (stride * spacing) ** 3) / inBalls).toBeCloseTo(1, 0);
  },
);

test.each([1, 2] as const)(
  "votes of a perfect output of stride %i peak at the particles' centres, near 1",
  (stride) => {
    const { target } = batchOf(stride);
    const [depth, height, width] = shape.map((size) => size / stride) as [number, number, number];
    const plane = height * width;
    const output = new Float32Array(target.length);
    target.forEach((value, at) => {
      const channel = Math.floor(at / (depth * plane));
      const z = Math.floor((at % (depth * plane)) / plane);
      output[(z * 6 + channel) * plane + (at % plane)] = value;
    });
    const radii = [null, 0.7 * small.radius, 0.7 * large.radius];
    const votes = countVotes(output, { radii, spacing, patch: shape, stride });
    for (const [kind, { x, y, z }] of [
      [2, picks[0]!],
      [1, picks[1]!],
    ] as const) {
      let best = 0;
      let place = [0, 0, 0];
      for (let at = 0; at < votes.length; at++) {
        if (Math.floor(at / (shape[1] * shape[2])) % 3 !== kind || votes[at]! <= best) continue;
        best = votes[at]!;
        const inSlice = at % (shape[1] * shape[2]);
        place = [
          Math.floor(at / (3 * shape[1] * shape[2])),
          Math.floor(inSlice / shape[2]),
          inSlice % shape[2],
        ];
      }
      expect(best).toBeGreaterThan(0.6);
      expect(best).toBeLessThan(1.4);
      const found = place.map((index) => (index + 0.5) * spacing);
      expect(Math.max(...[z, y, x].map((value, axis) => Math.abs(found[axis]! - value)))).toBeLessThanOrEqual(
        spacing / 2,
      );
    }
    expect(votes.every((value, at) => Math.floor(at / (shape[1] * shape[2])) % 3 !== 0 || value === 0)).toBe(
      true,
    );
  },
);

test("a coarse target has the fine one's classes at the middle of its voxels, and the least weight under it", () => {
  const fine = batchOf(1);
  const coarse = batchOf(2);
  const count = (values: Float32Array, start: number, length: number) =>
    values.subarray(start, start + length).reduce((sum, value) => sum + value, 0);
  const voxels = shape[0] * shape[1] * shape[2];
  for (const kind of [1, 2]) {
    const share = count(coarse.target, (kind * voxels) / 8, voxels / 8) * 8;
    expect(share / count(fine.target, kind * voxels, voxels)).toBeCloseTo(1, 0);
  }
  expect(coarse.weight.length).toBe(voxels / 8);
  expect(coarse.weight.every((weight) => weight === 1)).toBe(true);
});
