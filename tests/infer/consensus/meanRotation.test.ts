import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { multiply, type Rotation, rotationAbout } from "../../../src/domain/rotation.js";
import { symmetryOf } from "../../../src/domain/symmetry.js";
import { angleBetween, meanRotation } from "../../../src/infer/consensus/meanRotation.js";
import fc from "../../support/properties.js";

const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/fusion/rotations.json", import.meta.url), "utf8"),
) as { symmetry: string; weights: number[]; rotations: Rotation[]; mean: Rotation; angles: number[] }[];

/** Greatest difference of two matrices, of which one may be any symmetric copy. */
const farthest = (a: Rotation, b: Rotation, group: readonly Rotation[]): number =>
  Math.min(
    ...group.map((element) => Math.max(...multiply(a, element).map((part, i) => Math.abs(part - b[i]!)))),
  );

test.each(cases.map((each, i) => [each.symmetry, each.rotations.length, i, each] as const))(
  "%s of %i pickers is SciPy's mean of the nearest copies (case %i)",
  (_, __, ___, { symmetry, weights, rotations, mean, angles }) => {
    const group = symmetryOf(symmetry);
    const found = meanRotation(
      rotations.map((rotation, i) => ({ rotation, weight: weights[i]! })),
      group,
    );
    expect(farthest(found, mean, group.group)).toBeLessThan(1e-12);
    for (const [i, angle] of angles.entries())
      expect(angleBetween(rotations[i]!, mean, group)).toBeCloseTo(angle, 5);
  },
);

const none = symmetryOf("C1");

describe("a mean", () => {
  test("of two is half way between them, in their plane", () => {
    const turns = [10, 50].map((degrees) => ({ rotation: rotationAbout([1, 2, 3], degrees), weight: 0.5 }));
    expect(farthest(meanRotation(turns, none), rotationAbout([1, 2, 3], 30), none.group)).toBeLessThan(1e-14);
  });

  test("of 170 and −170 degrees is 180, not 0", () => {
    const turns = [170, -170].map((degrees) => ({ rotation: rotationAbout([0, 0, 1], degrees), weight: 1 }));
    expect(farthest(meanRotation(turns, none), rotationAbout([0, 0, 1], 180), none.group)).toBeLessThan(
      1e-14,
    );
  });

  test("modulo C2 of 5 and 165 degrees is −5, which without symmetry is 85", () => {
    const turns = [5, 165].map((degrees) => ({ rotation: rotationAbout([0, 0, 1], degrees), weight: 1 }));
    const two = symmetryOf("C2");
    expect(farthest(meanRotation(turns, two), rotationAbout([0, 0, 1], -5), two.group)).toBeLessThan(1e-14);
    expect(angleBetween(meanRotation(turns, none), rotationAbout([0, 0, 1], 85), none)).toBeLessThan(1e-6);
  });

  test("of equal orientations, and of a lone one, is that one to the bit, whatever they weigh", () => {
    const rotation = rotationAbout([0.3, -1, 2], 77);
    for (const weights of [[0.3], [0, 0], [0.1, 0.7, 0.2]])
      expect(
        meanRotation(
          weights.map((weight) => ({ rotation, weight })),
          symmetryOf("O"),
        ),
      ).toBe(rotation);
  });

  test("of what weighs nothing is that of equal weights", () => {
    const of = (weight: number) =>
      meanRotation(
        [0, 40].map((degrees) => ({ rotation: rotationAbout([0, 1, 0], degrees), weight })),
        none,
      );
    expect(of(0)).toEqual(of(1));
  });

  test("stays the same copy or another of it, whichever copies the pickers chose", () => {
    const axis = fc.tuple(
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
    );
    const near = fc.array(fc.tuple(axis, fc.double({ min: 0, max: 9, noNaN: true })), {
      minLength: 2,
      maxLength: 4,
    });
    const octahedron = symmetryOf("O");
    const choices = fc.array(fc.nat(23), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(near, choices, axis, (turns, copies, at) => {
        const base = rotationAbout(at, 100);
        const plain = turns.map(([about, degrees]) => ({
          rotation: multiply(rotationAbout(about, degrees), base),
          weight: 1,
        }));
        const copied = plain.map(({ rotation, weight }, i) => ({
          rotation: multiply(rotation, octahedron.group[copies[i]!]!),
          weight,
        }));
        const [a, b] = [meanRotation(plain, octahedron), meanRotation(copied, octahedron)];
        expect(farthest(a, b, octahedron.group)).toBeLessThan(1e-9);
      }),
      { numRuns: 60 },
    );
  });
});
