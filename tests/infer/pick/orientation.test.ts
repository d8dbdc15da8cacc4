import { describe, expect, test } from "vitest";
import { principalAxes } from "../../../src/domain/principalAxes.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom, type Position } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { anglesOf, turned } from "../../../src/formats/positions/orientation.js";
import { axisOf, type Orienting, rotationTo, signed } from "../../../src/infer/pick/orientation.js";
import { pickParticles } from "../../../src/infer/pick/picking.js";

type Vector = readonly [number, number, number];

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, k) => sum + value * b[k]!, 0);

/** A random rotation's columns. */
function randomAxes(seed: number): [Vector, Vector, Vector] {
  const random = randomFor(seed, "axes");
  const draw = () => [random.normal(), random.normal(), random.normal()];
  const unit = (v: readonly number[]) => v.map((value) => value / Math.hypot(...v)) as unknown as Vector;
  const a = unit(draw());
  const b0 = draw();
  const b = unit(b0.map((value, k) => value - dot(a, b0) * a[k]!));
  return [a, b, [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]];
}

describe("principal axes", () => {
  test.each([1, 2, 3, 4, 5, 6])("are those that a matrix was made of (seed %i)", (seed) => {
    const axes = randomAxes(seed);
    const variances = [2, 5, 11];
    const entry = (i: number, j: number) =>
      axes.reduce((sum, axis, k) => sum + variances[k]! * axis[i]! * axis[j]!, 0);
    const found = principalAxes([
      entry(0, 0),
      entry(1, 1),
      entry(2, 2),
      entry(0, 1),
      entry(0, 2),
      entry(1, 2),
    ]);
    for (const [k, { variance, direction }] of found.entries()) {
      expect(variance).toBeCloseTo(variances[k]!, 10);
      expect(Math.abs(dot(direction, axes[k]!))).toBeCloseTo(1, 10);
    }
  });
});

describe("the rotation to a direction", () => {
  test.each([
    [[0, 0, 1], 0, 180],
    [[-0, -0, 1], 0, 180],
    [[1, 0, 0], 90, 180],
    [[0, 1, 0], 90, 90],
    [[-1, 0, 0], 90, 0],
  ] as const)("%j has Ais's tilt %d and psi %d", (direction, tilt, psi) => {
    const rotation = rotationTo(direction);
    expect(turned(rotation, [0, 0, 1])).toEqual(direction.map((value) => expect.closeTo(value, 12)));
    const [rot, ...angles] = anglesOf(rotation, "relion");
    expect(angles[0]).toBeCloseTo(tilt, 10);
    expect(Math.abs(angles[1]!)).toBeCloseTo(psi, 10);
    expect(Math.abs(rot)).toBeCloseTo(0, 10);
  });

  test("turns z there for any direction", () => {
    for (let seed = 0; seed < 50; seed++) {
      const [direction] = randomAxes(seed);
      for (const [k, value] of turned(rotationTo(direction), [0, 0, 1]).entries())
        expect(value).toBeCloseTo(direction[k]!, 12);
    }
  });
});

describe("the axis of a group", () => {
  test("is none where the next variance is nearly as great: above a ratio of 0.7", () => {
    expect(axisOf([6.9, 10, 30, 0, 0, 0], "normal")).toEqual([1, 0, 0]);
    expect(axisOf([7.1, 10, 30, 0, 0, 0], "normal")).toBeUndefined();
    expect(axisOf([1, 6.9, 10, 0, 0, 0], "long-axis")).toEqual([0, 0, 1]);
    expect(axisOf([1, 7.1, 10, 0, 0, 0], "long-axis")).toBeUndefined();
  });

  test("goes to greater z, to the centre or out of it", () => {
    const spacing = [10, 10, 10].map(angstrom) as unknown as Spacing3;
    const shape: Shape3 = [20, 20, 20];
    const at: Position = { x: angstrom(150), y: angstrom(100), z: angstrom(100) };
    const axis = [0.8, 0, -0.6] as const;
    expect(signed(axis, "z", at, shape, spacing)).toEqual([-0.8, -0, 0.6]);
    expect(signed(axis, "out", at, shape, spacing)).toEqual(axis);
    expect(signed(axis, "centre", at, shape, spacing)).toEqual([-0.8, -0, 0.6]);
    expect(signed([0, -1, 0], "z", at, shape, spacing)).toEqual([-0, 1, -0]);
  });

  const picking = { method: "watershed", threshold: 0.5, minVolume: 0, minSpacing: angstrom(400) } as const;

  test.each([
    [[10, 10, 10], "long-axis", [40, 40, 90]],
    [[14, 8, 10], "long-axis", [40, 40, 90]],
    [[10, 10, 10], "normal", [30, 80, 80]],
    [[14, 8, 10], "normal", [30, 80, 90]],
  ] as const)("is an ellipsoid's, on voxels of %j Å (%s)", (steps, axis, radii) => {
    const spacing = steps.map(angstrom) as unknown as Spacing3;
    const shape = steps.map((step) => Math.ceil(260 / step)) as unknown as Shape3;
    for (const seed of [1, 2, 3]) {
      const axes = randomAxes(seed);
      const data = new Float32Array(shape[0] * shape[1] * shape[2]);
      for (let i = 0; i < data.length; i++) {
        const z = Math.floor(i / (shape[1] * shape[2]));
        const y = Math.floor(i / shape[2]) % shape[1];
        const off = [(i % shape[2]) + 0.5, y + 0.5, z + 0.5].map((value, k) => value * spacing[2 - k]! - 130);
        const away = Math.hypot(...axes.map((each, k) => dot(each, off) / radii[k]!));
        data[i] = away <= 1 ? 0.9 : 0;
      }
      const asked: Orienting = { axis, sign: "z" };
      const { picks } = pickParticles({ data, shape, spacing }, picking, asked);
      expect(picks.length).toBe(1);
      const wanted = axes[axis === "normal" ? 0 : 2]!;
      const found = turned(picks[0]!.rotation!, [0, 0, 1]);
      expect(Math.abs(dot(found, wanted))).toBeGreaterThan(0.995);
      expect(found[2]).toBeGreaterThanOrEqual(0);
      expect(pickParticles({ data, shape, spacing }, picking).picks).toEqual(
        picks.map(({ rotation: _, ...pick }) => pick),
      );
    }
  });

  test("is none of a ball, nor of one voxel", () => {
    const spacing = [10, 10, 10].map(angstrom) as unknown as Spacing3;
    for (const radius of [0.5, 5]) {
      const data = Float32Array.from({ length: 15 ** 3 }, (_, i) =>
        Math.hypot(Math.floor(i / 225) - 7, (Math.floor(i / 15) % 15) - 7, (i % 15) - 7) <= radius ? 0.9 : 0,
      );
      const { picks } = pickParticles({ data, shape: [15, 15, 15], spacing }, picking, {
        axis: "normal",
        sign: "z",
      });
      expect(picks.map((pick) => "rotation" in pick)).toEqual([false]);
    }
  });
});
