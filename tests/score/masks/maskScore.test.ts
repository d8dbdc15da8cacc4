import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Shape3, type Spacing3, voxelCount } from "../../../src/domain/volume.js";
import { type MaskScore, maskMeasures, scoreMask } from "../../../src/score/masks/maskScore.js";
import { spacingOf, unpacked } from "../../support/pickingFixtures.js";
import fc from "../../support/properties.js";

interface Case {
  readonly name: string;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly truth: string;
  readonly prediction: string;
  readonly score: MaskScore;
}

const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/score/masks/masks.json", import.meta.url), "utf8"),
) as Case[];

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 7 }),
);

/** Masks of one shape, the truth with unknown voxels. */
const pairs = shapes.chain((shape) => {
  const size = { minLength: voxelCount(shape), maxLength: voxelCount(shape) };
  return fc.record({
    shape: fc.constant(shape as Shape3),
    spacing: fc.constantFrom(spacingOf(10), spacingOf(20, 5, 7.5)),
    truth: fc.uint8Array({ ...size, max: 2 }),
    prediction: fc.uint8Array({ ...size, max: 1 }),
  });
});

describe("scoreMask", () => {
  it.each(cases)("equals what NumPy, SciPy and scikit-image make of it: $name", (made) => {
    const { shape, spacing, score: expected } = made;
    const got = scoreMask({
      truth: unpacked(made.truth),
      prediction: unpacked(made.prediction),
      shape,
      spacing,
    });
    for (const name of maskMeasures) {
      if (expected[name] === null) expect(got[name], name).toBeNull();
      else expect(got[name], name).toBeCloseTo(expected[name], 5);
    }
    const { known, tp, fp, fn, surfaceVoxels, skeletons } = expected;
    expect(got).toMatchObject({ known, tp, fp, fn, surfaceVoxels, skeletons });
  });

  it("does not look at predictions in unknown voxels", () => {
    fc.assert(
      fc.property(pairs, fc.uint8Array({ minLength: 210, maxLength: 210, max: 1 }), (pair, other) => {
        const elsewhere = pair.prediction.map((value, i) => (pair.truth[i] === 2 ? other[i]! : value));
        expect(scoreMask({ ...pair, prediction: elsewhere })).toEqual(scoreMask(pair));
      }),
    );
  });

  it("exchanges precision and recall with its masks, and keeps what is symmetric", () => {
    fc.assert(
      fc.property(pairs, ({ truth: partly, prediction, ...grid }) => {
        const truth = partly.map((value) => (value === 1 ? 1 : 0));
        const one = scoreMask({ truth, prediction, ...grid });
        const other = scoreMask({ truth: prediction, prediction: truth, ...grid });
        expect(other.dice).toBe(one.dice);
        expect(other.precision).toBe(one.recall);
        expect(other.surface95).toBe(one.surface95);
        expect(other.surfaceVoxels).toBe(one.surfaceVoxels);
        if (one.clDice !== null) expect(other.clDice).toBeCloseTo(one.clDice, 12);
        if (one.surfaceMean !== null) expect(other.surfaceMean).toBeCloseTo(one.surfaceMean, 9);
      }),
    );
  });

  it("finds no fault in a prediction that equals the truth, and keeps shares between 0 and 1", () => {
    fc.assert(
      fc.property(pairs, ({ truth, prediction, ...grid }) => {
        const perfect = scoreMask({ truth, prediction: truth.map((value) => value & 1), ...grid });
        for (const name of ["dice", "iou", "precision", "recall", "clDice"] as const)
          expect([1, null]).toContain(perfect[name]);
        for (const name of ["surfaceMean", "surface95"] as const) expect([0, null]).toContain(perfect[name]);
        const { surfaceMean: _, surface95: __, ...shares } = scoreMask({ truth, prediction, ...grid });
        for (const name of ["dice", "iou", "precision", "recall", "clDice"] as const) {
          expect(shares[name] ?? 0).toBeGreaterThanOrEqual(0);
          expect(shares[name] ?? 0).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("refuses masks of another size than their shape", () => {
    const pair = { truth: new Uint8Array(8), prediction: new Uint8Array(7), shape: [2, 2, 2] as Shape3 };
    expect(() => scoreMask({ ...pair, spacing: spacingOf(1) })).toThrow(/8 \(truth\) and 7/);
  });
});
