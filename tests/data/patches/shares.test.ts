import { describe, expect, test } from "vitest";
import { makeBatch } from "../../../src/data/patches/batch.js";
import { type Crop, cropCentres, drawCrop } from "../../../src/data/patches/crops.js";
import { type HardPlaces, packPlaces } from "../../../src/data/patches/hardPlaces.js";
import { patchVoxel } from "../../../src/data/patches/map.js";
import type { PatchSource, PatchSpec } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import { positionToIndex } from "../../../src/domain/volume.js";
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

describe("hard places", () => {
  const double = { ...large, weight: 2 };
  const types = [small, double];
  const sources = [sourceOf(), sourceOf({ run: "R2" })];
  const place = (source: number, type: number, z: number) => ({ source, type, at: pickAt("", z, 90, 90) });
  const places = packPlaces([place(0, 0, 40), place(1, 0, 60), place(1, 0, 80), place(1, 1, 100)]);
  const spec = specOf({ types, backgroundShare: 0.2, hardShare: 0.3 });
  const centres = cropCentres(spec, sources, places);
  const crops = Array.from({ length: 6000 }, (_, k) =>
    drawCrop(spec, sources, centres, randomFor(3, "hard", k)),
  );
  const count = (test: (crop: Crop) => boolean): number => crops.filter(test).length;
  const isHard = ({ pick }: Crop) => pick !== undefined && pick.y === 90;

  test("have their share, taken from that of particles, types by their weight in the score", () => {
    const counts = [
      count(({ pick }) => pick === undefined),
      count((crop) => !isHard(crop) && crop.pick?.type === "small"),
      count((crop) => !isHard(crop) && crop.pick?.type === "large"),
      ...[40, 60, 80, 100].map((z) => count((crop) => isHard(crop) && crop.pick?.z === z)),
    ];
    const third = 0.1 / 3;
    expect(chiSquareShare(counts, [0.2, 0.25, 0.25, third, third, third, 0.2])).toBeLessThan(1);
  });

  test("lie in the patch, in the run where they were found", () => {
    for (const { pick, map, source, volume } of crops.filter(isHard)) {
      expect(source).toBe(pick!.z === 40 ? sources[0] : sources[1]);
      const inside = patchVoxel(map, positionToIndex(pick!, volume.spacing));
      expect(inside.every((voxel, axis) => voxel >= -0.5 && voxel <= spec.patchShape[axis]! - 0.5)).toBe(
        true,
      );
    }
  });

  test("change nothing where there are none, or no share is theirs", () => {
    const bytes = (changed: PatchSpec, of?: HardPlaces) =>
      [0, 1, 2, 3].map((step) => makeBatch(changed, sources, step, of));
    const plain = specOf({ types, backgroundShare: 0.2 });
    expect(bytes(spec)).toEqual(bytes(plain));
    expect(bytes(spec, packPlaces([]))).toEqual(bytes(plain));
    expect(bytes(plain, places)).toEqual(bytes(plain));
  });
});
