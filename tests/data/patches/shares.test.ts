import { describe, expect, test } from "vitest";
import { makeBatch } from "../../../src/data/patches/batch.js";
import { cropCentres, drawCrop } from "../../../src/data/patches/crops.js";
import type { PatchSource, PatchSpec } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import { chiSquareShare } from "../../support/chiSquare.js";
import { large, pickAt, small, sourceOf, specOf } from "../../support/patchScenes.js";

const drawn = (spec: PatchSpec, sources: readonly PatchSource[], count: number): (string | undefined)[] => {
  const centres = cropCentres(spec, sources);
  return Array.from(
    { length: count },
    (_, k) => drawCrop(spec, sources, centres, randomFor(3, "shares", k)).pick?.type,
  );
};

describe("weights of types", () => {
  const third = { ...small, name: "third" };
  const types = [small, large, third];
  const sources = [sourceOf(), sourceOf({ run: "R2", picks: [pickAt("third", 50, 50, 50)] })];

  test("draw types as often as they say, those that are not named as often as 1", () => {
    const types3 = drawn(specOf({ types, weights: { large: 2, third: 0.5 } }), sources, 6000);
    const counts = [undefined, "small", "large", "third"].map(
      (type) => types3.filter((each) => each === type).length,
    );
    const rest = 0.75 / 3.5;
    expect(chiSquareShare(counts, [0.25, rest, 2 * rest, rest / 2])).toBeLessThan(1);
    expect(chiSquareShare(counts, [0.25, 0.25, 0.25, 0.25])).toBeGreaterThan(1);
  });

  test("of 1 each, and none, make the same bytes", () => {
    const [none, ones] = [undefined, { small: 1, large: 1 }].map((weights) =>
      [0, 1, 2].map((step) => makeBatch(specOf({ types, weights }), sources, step)),
    );
    expect(ones).toEqual(none);
  });

  test("of a type that has no particles are left out", () => {
    const two = drawn(specOf({ types, weights: { third: 9 }, backgroundShare: 0 }), [sourceOf()], 400);
    const counts = ["small", "large"].map((type) => two.filter((each) => each === type).length);
    expect(chiSquareShare(counts, [1, 1])).toBeLessThan(1);
    expect(two).not.toContain("third");
  });
});
