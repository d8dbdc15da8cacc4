import { describe, expect, test } from "vitest";
import { type Crop, cropCentres, drawCrop } from "../../../src/data/patches/crops.js";
import { patchVoxel, transform, type Vector3 } from "../../../src/data/patches/map.js";
import { checkPatches, type PatchSource, type PatchSpec } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import { positionToIndex } from "../../../src/domain/volume.js";
import { large, noAugment, pickAt, small, sourceOf, specOf, volumeOf } from "../../support/patchScenes.js";
import fc from "../../support/properties.js";

function drawMany(spec: PatchSpec, sources: readonly PatchSource[], count: number): Crop[] {
  const centres = cropCentres(spec, sources);
  return Array.from({ length: count }, (_, k) => drawCrop(spec, sources, centres, randomFor(1, "test", k)));
}

const inPatch = ({ map, pick, volume }: Crop): Vector3 =>
  patchVoxel(map, positionToIndex(pick!, volume.spacing));

/** Volume indices of a patch's eight corner voxels. */
const corners = (crop: Crop, shape: Vector3): Vector3[] =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => {
    const corner = shape.map((size, axis) => ((bits >> axis) & 1) * (size - 1));
    const at = transform(crop.map.matrix, [corner[0]!, corner[1]!, corner[2]!]);
    return [at[0] + crop.map.offset[0], at[1] + crop.map.offset[1], at[2] + crop.map.offset[2]];
  });

/** Four standard deviations of a share. */
const slack = (share: number, count: number): number => 4 * Math.sqrt((share * (1 - share)) / count);

describe("balance", () => {
  const picks = [
    ...Array.from({ length: 40 }, (_, k) => pickAt("small", 80, 100, 20 + 3 * k)),
    pickAt("large", 80, 60, 60),
    pickAt("large", 80, 130, 60),
    pickAt("ignored", 80, 100, 100),
    pickAt("unknown", 80, 100, 100),
  ];
  const second = sourceOf({ run: "R2", picks: [pickAt("large", 50, 50, 50)] });
  const sources = [sourceOf({ picks }), second];
  const spec = specOf({ types: [small, large, { ...small, name: "ignored" }], ignore: ["ignored"] });
  const crops = drawMany(spec, sources, 4000);
  const shareOf = (test: (crop: Crop) => boolean): number => crops.filter(test).length / crops.length;

  test("background has its share and the scored types the same share each", () => {
    expect(Math.abs(shareOf(({ pick }) => pick === undefined) - 0.25)).toBeLessThan(slack(0.25, 4000));
    for (const type of ["small", "large"]) {
      expect(Math.abs(shareOf(({ pick }) => pick?.type === type) - 0.375)).toBeLessThan(slack(0.375, 4000));
    }
    expect(shareOf(({ pick }) => pick?.type === "ignored" || pick?.type === "unknown")).toBe(0);
  });

  test("particles of a type have the same share each, over all runs", () => {
    expect(Math.abs(shareOf(({ pick }) => pick === second.picks[0]) - 0.125)).toBeLessThan(
      slack(0.125, 4000),
    );
    const drawn = new Set(crops.map(({ pick }) => pick));
    expect(drawn.size).toBe(1 + 40 + 3);
  });

  test("each reconstruction of a run is drawn", () => {
    const volumes = [...sourceOf().volumes, ...sourceOf().volumes];
    const halves = drawMany(spec, [sourceOf({ volumes })], 400);
    const share = halves.filter(({ volume }) => volume === volumes[0]).length / 400;
    expect(Math.abs(share - 0.5)).toBeLessThan(slack(0.5, 400));
  });
});

describe("place", () => {
  const position = fc.tuple(
    fc.double({ min: 0, max: 159.9, noNaN: true }),
    fc.double({ min: 0, max: 199.9, noNaN: true }),
    fc.double({ min: 0, max: 179.9, noNaN: true }),
  );

  test("the particle lies in its patch wherever it is in the volume, under every augmentation", () => {
    const augment = fc.record({
      flip: fc.boolean(),
      rotate90: fc.boolean(),
      rotation: fc.constantFrom(0, 15, 90),
    });
    fc.assert(
      fc.property(position, augment, fc.integer(), (at, change, seed) => {
        const spec = specOf({ backgroundShare: 0, augment: { ...noAugment, ...change } });
        const sources = [sourceOf({ picks: [pickAt("large", ...at)] })];
        const crop = drawCrop(spec, sources, cropCentres(spec, sources), randomFor(seed, "test"));
        inPatch(crop).forEach((voxel, axis) => {
          expect(voxel).toBeGreaterThanOrEqual(-0.5 - 1e-9);
          expect(voxel).toBeLessThanOrEqual(spec.patchShape[axis]! - 0.5 + 1e-9);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("a crop without free rotation lies on whole voxels inside the volume, also turned by 90°", () => {
    const augment = { ...noAugment, flip: true, rotate90: true };
    for (const patchShape of [[8, 10, 12] as const, [16, 20, 18] as const, [16, 1, 18] as const]) {
      for (const crop of drawMany(specOf({ patchShape, augment }), [sourceOf()], 300)) {
        expect(crop.map.aligned).toBe(true);
        const inside = corners(crop, patchShape).every((corner) =>
          corner.every(
            (index, axis) => Number.isInteger(index) && index >= 0 && index < crop.volume.shape[axis]!,
          ),
        );
        expect(inside).toBe(true);
      }
    }
  });

  test("a particle away from the faces is uniform over the inside of the patch, its radius from the faces", () => {
    const spec = specOf({ patchShape: [12, 12, 12], backgroundShare: 0, types: [small] });
    const volumes = [volumeOf([30, 30, 30], [10, 10, 10], () => 0)];
    const crops = drawMany(spec, [sourceOf({ volumes, picks: [pickAt("small", 145, 155, 165)] })], 1500);
    for (const axis of [0, 1, 2] as const) {
      const along = crops.map((crop) => inPatch(crop)[axis]);
      // 12 voxels with 3 left free on each side: 3 to 8, and half a voxel for falling on whole voxels.
      expect([Math.min(...along), Math.max(...along)]).toEqual([3, 8]);
      expect(along.reduce((sum, at) => sum + at) / along.length).toBeCloseTo(5.5, 0.5);
    }
  });

  test("background crops reach every corner of the volume", () => {
    const spec = specOf({ backgroundShare: 1, patchShape: [15, 19, 17] });
    const offsets = new Set(
      drawMany(spec, [sourceOf({ picks: [] })], 200).map(({ map }) => String(map.offset)),
    );
    expect(offsets.size).toBe(8);
  });
});

describe("refused", () => {
  const cases: [string, Partial<PatchSpec>, readonly PatchSource[], RegExp][] = [
    ["a patch larger than a volume", { patchShape: [17, 8, 8] }, [sourceOf()], /17×8×8.*R1.*16×20×18/],
    ["a patch without voxels", { patchShape: [0, 8, 8] }, [sourceOf()], /patch\.shape: got 0/],
    ["half an example", { batchSize: 0.5 }, [sourceOf()], /patch\.batch: got 0\.5/],
    ["no runs", {}, [], /no runs/],
    ["a run without reconstructions", {}, [sourceOf({ volumes: [] })], /R1.*no reconstruction/],
    ["no particles", {}, [sourceOf({ picks: [pickAt("other", 50, 50, 50)] })], /no picks of small, large/],
    ["an unknown ignored type", { ignore: ["betaamylase"] }, [sourceOf()], /"betaamylase".*beta-amylase/],
  ];
  test.each(cases)("%s", (_, change, sources, message) => {
    expect(() => checkPatches(specOf(change), sources)).toThrow(message);
    expect(() => checkPatches(specOf(change), sources)).toThrow(
      expect.objectContaining({ tag: expect.stringMatching(/^Bad(Experiment|Dataset)$/) }),
    );
  });

  test("not: a volume that holds exactly one patch, an ignored type of the challenge that has no channel", () => {
    const volumes = [volumeOf([8, 10, 12], [10, 10, 10], () => 0)];
    checkPatches(specOf({ ignore: ["beta-amylase"] }), [sourceOf({ volumes })]);
  });
});
