import { describe, expect, test } from "vitest";
import { maskOf } from "../../../src/data/masks/mask.js";
import type { PatchSource, PatchSpec } from "../../../src/data/patches/spec.js";
import { challengeParticles, type ParticlePick } from "../../../src/domain/particles.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Volume } from "../../../src/domain/volume.js";
import type { Trainer } from "../../../src/engines/engine.js";
import { watchedCrops } from "../../../src/train/watch/crops.js";
import { countCrop, judgeCrops } from "../../../src/train/watch/judge.js";
import { lookAt } from "../../../src/train/watch/look.js";
import { spacingOf } from "../../support/pickingFixtures.js";

const types = ["apo-ferritin", "ribosome", "virus-like-particle"].map(
  (name) => challengeParticles.find((particle) => particle.name === name)!,
);
const [ferritin] = types;

function sourceOf(run: string, seed: number): PatchSource {
  const shape = [40, 48, 64] as const;
  const random = randomFor(seed, "test");
  const data = Float32Array.from({ length: 40 * 48 * 64 }, () => random.normal());
  const volume: Volume = { data, shape, spacing: spacingOf(10) };
  const picks = Array.from({ length: 30 }, (_, k): ParticlePick => {
    const [z, y, x] = shape.map((size) => angstrom(10 * random.between(2, size - 2)));
    return { type: types[k % 3]!.name, x: x!, y: y!, z: z! };
  });
  return { run, volumes: [volume], picks };
}

const spec: PatchSpec = {
  seed: 7,
  patchShape: [16, 24, 24],
  batchSize: 2,
  types,
  background: true,
  target: { kind: "ball", fraction: 0.5 },
  head: { stride: 1, offsets: false },
  ignore: [],
  backgroundShare: 0.5,
  augment: {
    flip: true,
    rotate90: true,
    rotation: 30,
    intensity: { scale: 0.5, shift: 0.5, noise: 1 },
    mixup: 0.5,
  },
};
const sources = [sourceOf("A", 1), sourceOf("B", 2)];

describe("crops to watch", () => {
  test("are always the same for a seed, and others for another", () => {
    const starts = (seed: number) => watchedCrops({ ...spec, seed }, sources, 9).map(({ start }) => start);
    expect(starts(7)).toEqual(starts(7));
    expect(starts(7)).not.toEqual(starts(8));
  });

  test("hold the tomogram's own voxels, and a particle of each type in turn", () => {
    for (const [k, crop] of watchedCrops(spec, sources, 9).entries()) {
      const { start, example, volume } = crop;
      const { data, shape } = volume;
      const voxel = (z: number, y: number, x: number) =>
        data[((start[0] + z) * shape[1] + start[1] + y) * shape[2] + start[2] + x];
      expect(example.input[0]).toBe(voxel(0, 0, 0));
      expect(example.input.at(-1)).toBe(voxel(15, 23, 23));
      const voxels = 16 * 24 * 24;
      const painted = example.target.subarray((1 + (k % 3)) * voxels, (2 + (k % 3)) * voxels);
      expect(painted.includes(1)).toBe(true);
      const { tp, fn } = countCrop(crop, types[k % 3]!, [], [0, 0, 0]);
      expect([tp, fn > 0]).toEqual([0, true]);
    }
  });

  test("are cut anywhere where there is no particle, and not at all where no tomogram holds a patch", () => {
    const empty = sources.map((source) => ({ ...source, picks: [] }));
    expect(watchedCrops(spec, empty, 4)).toHaveLength(4);
    expect(watchedCrops({ ...spec, patchShape: [48, 24, 24] }, sources, 4)).toEqual([]);
    expect(watchedCrops(spec, [], 4)).toEqual([]);
  });
});

test("a feature's Dice on a crop counts the known voxels alone", async () => {
  const shape = [4, 4, 4] as const;
  const mask = new Uint8Array(64).fill(2);
  mask.fill(1, 0, 16);
  mask.fill(0, 16, 32);
  const source = {
    run: "A",
    volumes: [{ data: new Float32Array(64), shape, spacing: spacingOf(10) }],
    picks: [],
    masks: new Map([["membrane", maskOf(mask, shape)]]),
  };
  const small = { ...spec, types: [], background: false, features: ["membrane"], patchShape: shape };
  const [crop] = watchedCrops(small, [source], 1);
  const output = Float32Array.from({ length: 64 }, (_, at) => (at < 8 || (at >= 16 && at < 20) ? 0.9 : 0.1));
  const trainer = { watch: async () => ({ loss: 1, parts: {}, output }) } as unknown as Trainer;
  const settings = {
    ...({ activation: "sigmoid", radii: null, stride: 1, patch: shape, picking: [] } as const),
    features: [{ name: "membrane", channel: 0 }],
    threshold: 0.5,
  };
  const look = await lookAt(trainer, { example: crop!.example, spacing: spacingOf(10) }, settings);
  expect(look.voxels).toEqual({ membrane: { tp: 8, fp: 4, fn: 8 } });
});

describe("F4 on crops", () => {
  const at = (z: number, y: number, x: number) => ({ x: angstrom(x), y: angstrom(y), z: angstrom(z) });
  const [volume] = sources[0]!.volumes;
  const truthOf = (...places: ReturnType<typeof at>[]) =>
    places.map((place): ParticlePick => ({ type: "apo-ferritin", ...place }));
  // From voxel 10, 10, 20 on; the radius of 60 Å is 6 voxels, a quarter of the patch 4, 6 and 6.
  const cropOf = (truth: readonly ParticlePick[]) => ({
    example: { input: new Float32Array(0), target: new Float32Array(0), weight: new Float32Array(0) },
    ...{ volume: volume!, truth },
    start: [10, 10, 20] as const,
    shape: [16, 24, 24] as const,
  });

  test("counts truths of the inner part by any pick near them, and picks there that are near no truth", () => {
    const inner = at(180, 220, 320);
    const outer = at(180, 120, 320);
    const crop = cropOf(truthOf(inner, outer));
    const none = [0, 0, 0] as const;
    expect(countCrop(crop, ferritin!, [], none)).toEqual({ tp: 0, fp: 0, fn: 1 });
    // In Å from the crop's corner at 100, 100, 200.
    expect(countCrop(crop, ferritin!, [at(80, 120, 149)], none)).toEqual({ tp: 1, fp: 0, fn: 0 });
    expect(countCrop(crop, ferritin!, [at(80, 120, 151)], none)).toEqual({ tp: 0, fp: 1, fn: 1 });
    expect(countCrop(crop, ferritin!, [at(80, 120, 151)], [-10, 0, 0])).toEqual({ tp: 1, fp: 0, fn: 0 });
    expect(countCrop(crop, ferritin!, [at(80, 20, 120), at(5, 5, 5)], none)).toEqual({ tp: 0, fp: 0, fn: 1 });
  });

  test("takes each type's best threshold over all crops, and leaves out types without a truth", () => {
    const crops = [cropOf(truthOf(at(180, 220, 320))), cropOf(truthOf(at(180, 220, 320)))];
    const hit = [at(80, 120, 120)];
    const picks = [
      { "apo-ferritin": [hit, []], ribosome: [[], []] },
      { "apo-ferritin": [hit, hit], ribosome: [[], []] },
    ];
    expect(judgeCrops(crops, types.slice(0, 2), picks, [0, 0, 0])).toEqual({ "apo-ferritin": 1 });
    const half = picks.map((each) => ({ ...each, "apo-ferritin": [each["apo-ferritin"][1]!] }));
    // Precision 1, recall ½: 17 · 1 · ½ / (16 · 1 + ½) = 0.51515.
    expect(judgeCrops(crops, types.slice(0, 2), half, [0, 0, 0])["apo-ferritin"]).toBeCloseTo(8.5 / 16.5, 12);
  });
});
