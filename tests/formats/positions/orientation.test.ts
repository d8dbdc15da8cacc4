import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import {
  type AngleConvention,
  type Angles,
  anglesOf,
  isRotation,
  noRotation,
  product,
  type Quaternion,
  quaternionOf,
  rotationOf,
  rotationOfQuaternion,
  statedRotation,
} from "../../../src/formats/positions/orientation.js";
import fc from "../../support/properties.js";

interface Case {
  readonly angles: Angles;
  readonly matrix: number[];
  readonly quaternion: Quaternion;
}
const fixture = new URL("../../fixtures/formats/orientations.json", import.meta.url);
const cases = JSON.parse(readFileSync(fixture, "utf8")) as Record<AngleConvention, Case[]>;
const conventions = ["relion", "dynamo", "stopgap", "slicer"] as const;

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

test.each(conventions)("%s angles give scipy's matrices, and matrices such angles", (convention) => {
  for (const { matrix, angles } of cases[convention]) {
    expect(largestDifference(rotationOf(angles, convention), matrix)).toBeLessThan(1e-12);
    const back = anglesOf(matrix, convention);
    expect(largestDifference(rotationOf(back, convention), matrix)).toBeLessThan(1e-9);
    if (convention !== "slicer") expect(back[1]).toBeGreaterThanOrEqual(0);
  }
});

test("quaternions are scipy's, w positive", () => {
  for (const { matrix, quaternion } of Object.values(cases).flat()) {
    expect(largestDifference(rotationOfQuaternion(quaternion), matrix)).toBeLessThan(1e-12);
    const sign = quaternion[3] < -1e-9 ? -1 : 1;
    const found = quaternionOf(matrix);
    const same = largestDifference(
      found,
      quaternion.map((part) => part * sign),
    );
    const opposite = largestDifference(
      found,
      quaternion.map((part) => -part * sign),
    );
    expect(Math.min(same, Math.abs(quaternion[3]) < 1e-9 ? opposite : same)).toBeLessThan(1e-9);
  }
});

test("Dynamo and RELION angles of one particle, which both programs average alike (alisterburt/dynamo2m)", () => {
  const dynamo = rotationOf([-47.273, 1.1777, -132.3], "dynamo");
  expect(largestDifference(rotationOf([137.7, 1.1777, 42.727], "relion"), dynamo)).toBeLessThan(1e-12);
});

test("a reflection, a scaling and a number that is none are no rotations", () => {
  expect(isRotation([1, 0, 0, 0, 1, 0, 0, 0, 1])).toBe(true);
  expect(isRotation([-1, 0, 0, 0, -1, 0, 0, 0, -1])).toBe(false);
  expect(isRotation([2, 0, 0, 0, 2, 0, 0, 0, 2])).toBe(false);
  expect(isRotation([Number.NaN, 0, 0, 0, 1, 0, 0, 0, 1])).toBe(false);
});

test("angles of any rotation give it back", () => {
  const angle = fc.double({ min: -720, max: 720, noNaN: true });
  fc.assert(
    fc.property(angle, angle, angle, fc.constantFrom(...conventions), (a, b, c, convention) => {
      const rotation = rotationOf([a, b, c], convention);
      expect(isRotation(rotation)).toBe(true);
      expect(
        largestDifference(rotationOf(anglesOf(rotation, convention), convention), rotation),
      ).toBeLessThan(1e-8);
      expect(largestDifference(rotationOfQuaternion(quaternionOf(rotation)), rotation)).toBeLessThan(1e-12);
    }),
    { numRuns: 500 },
  );
});

test("of a matrix rounded to two digits, the nearest rotation; of anything further off, none", () => {
  for (let i = 0; i < 200; i++) {
    const random = randomFor(3, "rounded", i);
    const exact = rotationOf(
      [random.between(-180, 180), random.between(0, 180), random.between(-180, 180)],
      "relion",
    );
    expect(statedRotation(exact)).toBe(exact);
    const rounded = exact.map((value) => Math.round(value * 100) / 100);
    const stated = statedRotation(rounded)!;
    expect(
      product(stated, transpose(stated)).every((value, at) => Math.abs(value - noRotation[at]!) < 1e-12),
    ).toBe(true);
    for (const [at, value] of stated.entries()) expect(Math.abs(value - exact[at]!)).toBeLessThan(0.013);
  }
  for (const matrix of [
    noRotation.map((value) => 1.1 * value),
    [-1, 0, 0, 0, 1, 0, 0, 0, 1],
    [NaN, 0, 0, 0, 1, 0, 0, 0, 1],
    [],
  ])
    expect(statedRotation(matrix)).toBeUndefined();
});

const transpose = (r: readonly number[]) => [0, 3, 6, 1, 4, 7, 2, 5, 8].map((at) => r[at]!);
