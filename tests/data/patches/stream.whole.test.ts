import { describe, expect, test } from "vitest";
import { packPlaces } from "../../../src/data/patches/hardPlaces.js";
import { alignedMap, orientation } from "../../../src/data/patches/map.js";
import { type Batch, makeBatch, openPatchStream, type PatchSpec } from "../../../src/data/patches/stream.js";
import { paintTarget, type TargetSpec } from "../../../src/data/patches/targets.js";
import type { ParticlePick } from "../../../src/domain/particles.js";
import { type Shape3, type Volume, voxelCount } from "../../../src/domain/volume.js";
import { isPickbenchError } from "../../../src/system/errors.js";
import { large, noAugment, pickAt, sourceOf, specOf, volumeOf } from "../../support/patchScenes.js";
import fc from "../../support/properties.js";

const everything: PatchSpec["augment"] = {
  flip: true,
  rotate90: true,
  rotation: 15,
  intensity: { scale: 0.1, shift: 0.1, noise: 0.1 },
  mixup: 1,
};

/** A volume that is its own label: large particles painted in it. */
function labelled(
  shape: Shape3,
  spacing: readonly [number, number, number],
  picks: readonly ParticlePick[],
  target: TargetSpec,
): Volume {
  const volume = volumeOf(shape, spacing, () => 0);
  const map = alignedMap(orientation(0, [false, false, false]), shape, [0, 0, 0]);
  const scene = { shape, map, spacing: volume.spacing, picks };
  const into = { target: volume.data, weight: new Float32Array(voxelCount(shape)) };
  paintTarget(target, false, [{ particle: large, channel: 0 }], scene, into);
  return volume;
}

describe("labels move with the volume", () => {
  const shape = [16, 22, 24] as const;
  const spacing = [10, 9, 12] as const;
  const position = fc
    .tuple(
      ...shape.map((size, axis) => fc.double({ min: 0, max: size * spacing[axis]! - 1e-6, noNaN: true })),
    )
    .map((at) => pickAt("large", at[0]!, at[1]!, at[2]!));
  const picks = fc.array(position, { minLength: 1, maxLength: 5 });
  const batchOf = (target: TargetSpec, around: readonly ParticlePick[], change: Partial<PatchSpec>): Batch =>
    makeBatch(
      specOf({ target, types: [large], background: false, patchShape: [7, 9, 12], ...change }),
      [{ run: "R1", volumes: [labelled(shape, spacing, around, target)], picks: around }],
      0,
    );

  test.each<TargetSpec>([
    { kind: "ball", fraction: 0.7 },
    { kind: "gaussian", sigma: 2 },
    { kind: "centre" },
  ])("bitwise under flips and turns of an oblong patch: $kind", (target) => {
    fc.assert(
      fc.property(picks, fc.integer(), fc.boolean(), fc.boolean(), (around, seed, flip, rotate90) => {
        const { input, target: label } = batchOf(target, around, {
          seed,
          augment: { ...noAugment, flip, rotate90 },
        });
        expect(label).toEqual(input);
      }),
      { numRuns: 200 },
    );
  });

  test("to a twentieth of a heat map's height under free rotations, in voxels that are not cubes", () => {
    let compared = 0;
    fc.assert(
      fc.property(picks, fc.integer(), (around, seed) => {
        const augment = { ...noAugment, flip: true, rotate90: true, rotation: 30 };
        const { input, target, weight } = batchOf({ kind: "gaussian", sigma: 4 }, around, { seed, augment });
        const errors = target.map((label, voxel) =>
          weight[voxel] === 0 ? 0 : Math.abs(label - input[voxel]!),
        );
        compared += weight.reduce((sum, value) => sum + value, 0);
        expect(Math.max(...errors)).toBeLessThan(0.05);
      }),
      { numRuns: 100 },
    );
    expect(compared).toBeGreaterThan(50_000);
  });

  test("a centre voxel is the hottest of the heat map under free rotations", () => {
    const around = [pickAt("large", 80, 101, 137)];
    for (let seed = 0; seed < 40; seed++) {
      const change = { seed, backgroundShare: 0, augment: { ...noAugment, flip: true, rotation: 40 } };
      const heat = batchOf({ kind: "gaussian", sigma: 2 }, around, change).target;
      const centre = batchOf({ kind: "centre" }, around, change).target;
      expect(centre.reduce((sum, value) => sum + value)).toBe(1);
      // The nearest voxel in Å may be another than the one that contains the centre, where voxels are not cubes.
      expect(heat[centre.indexOf(1)]).toBeGreaterThan(0.97 * Math.max(...heat));
    }
  });

  test("a ball keeps its size under free rotations", () => {
    const around = [pickAt("large", 80, 100, 140)];
    const change = { patchShape: [14, 16, 18] as const, backgroundShare: 0 };
    const sizes = Array.from({ length: 40 }, (_, seed) => {
      const augment = { ...noAugment, rotation: 40 };
      return batchOf({ kind: "ball", fraction: 0.5 }, around, { seed, augment, ...change }).target.reduce(
        (sum, value) => sum + value,
      );
    });
    const expected = ((4 / 3) * Math.PI * 30 ** 3) / (10 * 9 * 12);
    for (const size of sizes) expect(Math.abs(size / expected - 1)).toBeLessThan(0.12);
    expect(new Set(sizes).size).toBeGreaterThan(5);
  });
});

describe("a batch", () => {
  test("has its shapes, and channels that sum to 1 under every augmentation together", () => {
    for (const target of [
      { kind: "ball", fraction: 0.7 },
      { kind: "gaussian", sigma: 2 },
      { kind: "centre" },
    ] as const) {
      const spec = specOf({ batchSize: 3, target, augment: everything, ignore: ["small"] });
      const voxels = voxelCount(spec.patchShape);
      let soft = 0;
      for (let step = 0; step < 12; step++) {
        const { input, target: labels, weight } = makeBatch(spec, [sourceOf()], step);
        expect([input.length, labels.length, weight.length]).toEqual([3 * voxels, 9 * voxels, 3 * voxels]);
        expect(input.every(Number.isFinite)).toBe(true);
        let worst = 0;
        for (let example = 0; example < 3; example++) {
          for (let voxel = 0; voxel < voxels; voxel++) {
            const at = (channel: number): number => labels[(3 * example + channel) * voxels + voxel]!;
            worst = Math.max(worst, Math.abs(at(0) + at(1) + at(2) - 1), at(1));
            if (at(2) > 0.01 && at(2) < 0.99) soft++;
          }
        }
        expect(worst).toBeLessThan(1e-5);
        expect(weight.every((value) => value >= 0 && value <= 1 + 1e-6)).toBe(true);
      }
      expect(soft).toBeGreaterThan(0);
    }
  });

  test("gives ignored voxels weight 0, with a channel of their own or without", () => {
    for (const types of [specOf().types, [large]]) {
      const spec = specOf({
        types,
        background: true,
        ignore: ["beta-amylase"],
        backgroundShare: 1,
        patchShape: [16, 20, 18],
        target: { kind: "centre" },
      });
      const { weight } = makeBatch(spec, [sourceOf({ picks: [pickAt("beta-amylase", 75, 85, 95)] })], 0);
      expect(weight.indexOf(0)).toBe((7 * 20 + 8) * 18 + 9);
      expect(weight.reduce((sum, value) => sum + value)).toBe(weight.length - 1);
    }
  });

  test("is a function of seed and step", () => {
    const spec = specOf({ augment: everything });
    const batch = makeBatch(spec, [sourceOf()], 4);
    expect(makeBatch(spec, [sourceOf()], 4)).toEqual(batch);
    expect(makeBatch(spec, [sourceOf()], 5).input).not.toEqual(batch.input);
    expect(makeBatch({ ...spec, seed: 8 }, [sourceOf()], 4).input).not.toEqual(batch.input);
  });

  test("names the run and the voxel of a NaN", () => {
    const volumes = [
      volumeOf([8, 10, 12], [10, 10, 10], (z, y, x) => (z === 3 && y === 4 && x === 5 ? Number.NaN : 0)),
    ];
    const sources = [sourceOf({ volumes })];
    expect(() => makeBatch(specOf({ augment: { ...noAugment, flip: true } }), sources, 0)).toThrow(
      /Run R1, reconstruction 1 of 1: got NaN at or beside voxel z,y,x 3, 4, 5/,
    );
  });
});

describe("a stream", () => {
  const spec = specOf({ batchSize: 2, augment: everything });
  const expected = (step: number): Batch => makeBatch(spec, [sourceOf()], step);

  test.each([1, 2, 3])(
    "gives makeBatch's bits with %i threads, in order, after a jump and backwards",
    async (threads) => {
      const stream = await openPatchStream(spec, [sourceOf()], { threads, ahead: 3 });
      try {
        for (const step of [0, 1, 2, 3, 7, 8, 2, 3, 1000]) {
          const batch = await stream.batch(step);
          expect(batch).toEqual(expected(step));
          expect(batch.input.buffer).toBeInstanceOf(ArrayBuffer);
        }
        expect(await Promise.all([stream.batch(20), stream.batch(21)])).toEqual([expected(20), expected(21)]);
      } finally {
        await stream.close();
      }
    },
  );

  test("draws around hard places from the next request on, with the bits of the batch made here", async () => {
    const places = packPlaces([{ source: 0, type: 1, at: pickAt("", 90, 90, 90) }]);
    const spec = specOf({ hardShare: 0.7, backgroundShare: 0.1, batchSize: 2 });
    const stream = await openPatchStream(spec, [sourceOf()], { threads: 2 });
    try {
      expect(await stream.batch(0)).toEqual(makeBatch(spec, [sourceOf()], 0));
      stream.drawAround(places);
      for (const step of [1, 2, 3])
        expect(await stream.batch(step)).toEqual(makeBatch(spec, [sourceOf()], step, places));
    } finally {
      await stream.close();
    }
  });

  test("counts what callers wait after the first batch", async () => {
    const stream = await openPatchStream(spec, [sourceOf()], { threads: 1 });
    await stream.batch(0);
    expect(stream.waitedMs).toBe(0);
    await stream.batch(500);
    expect(stream.waitedMs).toBeGreaterThan(0);
    await stream.close();
  });

  test("leaves the caller's volumes alone and takes shared ones as they are", async () => {
    const source = sourceOf();
    const shared = volumeOf([16, 20, 18], [10, 10, 10], () => 0);
    const data = new Float32Array(new SharedArrayBuffer(shared.data.byteLength));
    const plain = specOf({ backgroundShare: 1 });
    const stream = await openPatchStream(plain, [{ ...source, volumes: [{ ...shared, data }] }], {
      threads: 1,
      ahead: 1,
    });
    await stream.batch(0);
    data.fill(5);
    expect((await stream.batch(100)).input.every((value) => value === 5)).toBe(true);
    await stream.close();
    expect(source.volumes[0]!.data.length).toBe(16 * 20 * 18);
  });

  test("hands on a worker's error with its tag and message, and still closes", async () => {
    const volumes = [volumeOf([16, 20, 18], [10, 10, 10], () => Number.NaN)];
    const stream = await openPatchStream(spec, [sourceOf({ volumes })], { threads: 2 });
    for (const step of [0, 1]) {
      const error = await stream.batch(step).catch((thrown: unknown) => thrown);
      expect(isPickbenchError(error, "NotFinite")).toBe(true);
      expect(String(error)).toMatch(/Run R1.*got NaN/);
    }
    await stream.close();
    await stream.close();
    await expect(stream.batch(2)).rejects.toThrow("closed");
  });

  test("closes while batches are being made, and rejects what was still asked for", async () => {
    for (let k = 0; k < 3; k++) {
      const stream = await openPatchStream(spec, [sourceOf()], { threads: 2, ahead: 6 });
      await stream.batch(0);
      const asked = Promise.allSettled([stream.batch(50), stream.batch(90)]);
      await stream.close();
      expect((await asked).at(-1)).toMatchObject({ status: "rejected" });
    }
  });

  test("refuses at the door what no worker could make", async () => {
    await expect(openPatchStream(specOf({ patchShape: [64, 64, 64] }), [sourceOf()])).rejects.toMatchObject({
      tag: "BadExperiment",
    });
  });
});
