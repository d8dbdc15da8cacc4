/** Features in patches: targets, weights, and what crops are drawn around. */
import { describe, expect, test } from "vitest";
import { maskOf } from "../../../src/data/masks/mask.js";
import { makeBatch } from "../../../src/data/patches/batch.js";
import { cropCentres, drawCrop } from "../../../src/data/patches/crops.js";
import { paintFeature } from "../../../src/data/patches/features.js";
import { alignedMap, orientation, patchVoxel } from "../../../src/data/patches/map.js";
import { checkPatches, type PatchSource, type PatchSpec } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { noAugment, pickAt, small, sourceOf, specOf, volumeOf } from "../../support/patchScenes.js";

const shape: Shape3 = [16, 20, 18];
type At = (z: number, y: number, x: number) => number;

function maskBy(at: At) {
  const voxels = new Uint8Array(voxelCount(shape));
  for (let z = 0, i = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++, i++) voxels[i] = at(z, y, x);
  return maskOf(voxels, shape);
}

/** Yes on a sheet, unknown in the last slices. */
const sheet: At = (z, y, x) => (z >= 12 ? 2 : Number((z + 2 * y + 3 * x) % 7 < 2));
const masks = new Map([["membrane", maskBy(sheet)]]);
const featured = (change: Partial<PatchSpec> = {}): PatchSpec =>
  specOf({ background: false, features: ["membrane", "carbon"], ...change });
/** A volume whose grey values tell their voxel, so that a patch says where each of its voxels comes from. */
const numbered = volumeOf(shape, [10, 10, 10], (z, y, x) => (z * 20 + y) * 18 + x);
const source = (change: Partial<PatchSource> = {}): PatchSource =>
  sourceOf({ volumes: [numbered], masks, ...change });
const whereOf = (value: number): Shape3 => [Math.floor(value / 360), Math.floor(value / 18) % 20, value % 18];

describe("targets", () => {
  test("follow the grey values through flips and turns; unknown voxels and features without a mask have no weight", () => {
    const spec = featured({ augment: { ...noAugment, flip: true, rotate90: true }, batchSize: 6 });
    const { input, target, weight } = makeBatch(spec, [source()], 3);
    const voxels = 8 * 10 * 12;
    expect([target.length, weight.length]).toEqual([6 * 4 * voxels, 6 * 4 * voxels]);
    let unknown = 0;
    for (let k = 0; k < 6; k++)
      for (let at = 0; at < voxels; at++) {
        const truth = sheet(...whereOf(input[k * voxels + at]!));
        const channel = (of: Float32Array, number: number) => of[(4 * k + number) * voxels + at];
        expect([channel(target, 2), channel(weight, 2)]).toEqual(truth === 2 ? [0, 0] : [truth, 1]);
        expect([channel(target, 3), channel(weight, 3)]).toEqual([0, 0]);
        expect([channel(weight, 0), channel(weight, 1)]).toEqual([1, 1]);
        if (truth === 2) unknown++;
      }
    expect(unknown).toBeGreaterThan(100);
  });

  test("the types' channels are those of an experiment without features, bit by bit", () => {
    const augment = {
      ...noAugment,
      flip: true,
      rotation: 30,
      intensity: { scale: 0.1, shift: 0.1, noise: 0.1 },
    };
    const change = { augment, background: false, ignore: ["beta-amylase"], backgroundShare: 0 };
    const picks = sourceOf().picks.map((pick) => ({
      ...pick,
      type: pick.type === "large" ? "beta-amylase" : pick.type,
    }));
    const plain = makeBatch(
      specOf({ ...change, types: [small], backgroundShare: 1 }),
      [source({ picks })],
      2,
    );
    const none = source({ picks, masks: new Map([["carbon", maskBy(() => 0)]]) });
    const spec = featured({ ...change, types: [small], features: ["carbon"], backgroundShare: 1 });
    const { input, target, weight } = makeBatch(spec, [none], 2);
    const voxels = voxelCount([8, 10, 12]);
    expect(input).toEqual(plain.input);
    expect(target.subarray(0, voxels)).toEqual(plain.target);
    expect(weight.subarray(0, voxels)).toEqual(plain.weight);
    expect(plain.weight).toContain(0);
    expect(Math.max(...target.subarray(voxels))).toBe(0);
    expect(
      [...weight.subarray(voxels)].filter((each, at) => each !== plain.weight[at]).length,
    ).toBeGreaterThan(0);
  });

  test("turned by any angle are the mask's nearest voxels, unknown where the patch leaves the volume", () => {
    const augment = { ...noAugment, rotation: 180 };
    const spec = featured({ augment, types: [], features: ["membrane"], backgroundShare: 0 });
    const sources = [source()];
    const centres = cropCentres(spec, sources);
    const random = randomFor(spec.seed, "patch", 5, 0);
    const { map } = drawCrop(spec, sources, centres, random);
    const { target, weight } = makeBatch(spec, sources, 5);
    let at = 0;
    for (let z = 0; z < 8; z++)
      for (let y = 0; y < 10; y++)
        for (let x = 0; x < 12; x++, at++) {
          const [row, column, depth] = map.matrix.map((of, axis) =>
            Math.round(map.offset[axis]! + of[0] * z + of[1] * y + of[2] * x),
          ) as [number, number, number];
          const isInside = [row, column, depth].every((index, axis) => index >= 0 && index < shape[axis]!);
          const truth = isInside ? sheet(row, column, depth) : 2;
          expect([target[at], weight[at]]).toEqual(truth === 2 ? [0, 0] : [truth, 1]);
        }
  });

  test("of a coarse voxel are the majority of its known ones, and known where half of them are", () => {
    const patch: Shape3 = [4, 4, 4];
    const map = alignedMap(orientation(0, [false, false, false]), patch, [0, 0, 0]);
    const values = new Map([
      ["0,0,0", [1, 1, 1, 1, 0, 0, 0, 0]],
      ["0,0,1", [1, 1, 1, 0, 0, 0, 0, 0]],
      ["0,1,0", [1, 1, 0, 0, 2, 2, 2, 2]],
      ["0,1,1", [1, 1, 1, 2, 2, 2, 2, 2]],
      ["1,0,0", [1, 2, 2, 2, 0, 0, 0, 0]],
      ["1,0,1", [2, 2, 2, 2, 1, 1, 1, 1]],
    ]);
    const mask = maskBy((z, y, x) => {
      const eight = values.get([z >> 1, y >> 1, x >> 1].join());
      return eight?.[(z & 1) * 4 + (y & 1) * 2 + (x & 1)] ?? 0;
    });
    const into = {
      target: new Float32Array(8),
      weight: new Float32Array(8),
      inside: new Float32Array(8).fill(1),
    };
    into.inside[7] = 0;
    paintFeature(mask, map, patch, 2, into);
    expect([...into.target]).toEqual([1, 0, 1, 0, 0, 1, 0, 0]);
    expect([...into.weight]).toEqual([1, 1, 1, 0, 1, 1, 1, 0]);
  });

  test("mixed with another patch are the mean by the weights of each channel", () => {
    const spec = featured({
      types: [],
      features: ["membrane"],
      augment: { ...noAugment, mixup: 1 },
      batchSize: 4,
    });
    const scattered = new Map([["membrane", maskBy((z, y, x) => ((z + y) % 3 === 0 ? 2 : x % 2))]]);
    const { target, weight } = makeBatch(spec, [source({ masks: scattered })], 1);
    const kinds = new Set([...weight].map((each) => Number(each.toFixed(4))));
    expect(kinds.size).toBeGreaterThan(2);
    for (let at = 0; at < target.length; at++)
      if (weight[at]! > 0 && weight[at]! < 0.9999) expect([0, 1]).toContain(Number(target[at]!.toFixed(5)));
  });
});

describe("crops", () => {
  const other = new Map([["membrane", maskBy((z) => (z === 2 ? 1 : 2))]]);
  const sources = [
    source({ picks: [pickAt("small", 80, 100, 90)] }),
    source({ run: "R2", picks: [], masks: other }),
  ];
  const spec = featured({ types: [small], features: ["membrane"], backgroundShare: 0.2 });
  const centres = cropCentres(spec, sources);
  const crops = Array.from({ length: 4000 }, (_, k) =>
    drawCrop(spec, sources, centres, randomFor(1, "test", k)),
  );

  test("types and features are drawn equally often, and a feature's runs by their voxels", () => {
    const share = (of: (crop: (typeof crops)[number]) => boolean) => crops.filter(of).length / crops.length;
    expect(Math.abs(share(({ pick }) => pick !== undefined) - 0.4)).toBeLessThan(0.032);
    const yes = (run: PatchSource) => run.masks!.get("membrane")!.yesBefore.at(-1)!;
    const inSecond = yes(sources[1]!) / (yes(sources[0]!) + yes(sources[1]!));
    const features = crops.filter(({ pick }) => pick === undefined);
    const found = features.filter(({ source: { run } }) => run === "R2").length / crops.length;
    const background = 0.2 * (0.5 * 0.5 + (0.5 * 360) / (360 + 12 * 360));
    expect(Math.abs(found - 0.4 * inSecond - background)).toBeLessThan(0.032);
  });

  test("every crop of a feature holds one of its voxels", () => {
    const alone = featured({
      types: [],
      features: ["membrane"],
      backgroundShare: 0,
      augment: { ...noAugment, rotation: 40 },
    });
    const { target } = makeBatch({ ...alone, batchSize: 40 }, sources, 0);
    const size = target.length / 40;
    for (let k = 0; k < 40; k++) expect(target.subarray(k * size, (k + 1) * size)).toContain(1);
  });

  test("background of a feature that is known in part has known voxels in its middle", () => {
    const alone = featured({ types: [], features: ["membrane"], backgroundShare: 1, patchShape: [3, 3, 3] });
    const second = [sources[1]!];
    const drawn = cropCentres(alone, second);
    for (let k = 0; k < 50; k++) {
      const { map } = drawCrop(alone, second, drawn, randomFor(2, "test", k));
      expect(patchVoxel(map, [2, 0, 0])[0]).toBe(1);
    }
  });

  test("refuses runs without a pick or voxel", () => {
    const none = source({ picks: [], masks: new Map([["membrane", maskBy(() => 0)]]) });
    expect(() => checkPatches(spec, [none])).toThrow(
      /got neither a pick of small nor a voxel of membrane, wanted at least one to draw crops around/,
    );
    expect(() => checkPatches(spec, [sources[1]!])).not.toThrow();
  });
});
