import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../../../src/domain/volume.js";
import { SlabPrediction, type TileNetwork } from "../../../src/infer/predict/slabPrediction.js";
import { imageOf, inverse, symmetries } from "../../../src/infer/predict/testTime.js";
import { blendWeights, readTile, tileGrid } from "../../../src/infer/predict/tiles.js";
import fc from "../../support/properties.js";

const volumeOf = (shape: Shape3, value: (i: number) => number): Volume => ({
  data: Float32Array.from({ length: voxelCount(shape) }, (_, i) => value(i)),
  shape,
  spacing: [angstrom(10), angstrom(10), angstrom(10)],
});
const settings = { tile: [8, 12, 12], overlap: 4, multiple: [2, 4, 4] } as const;

test("tiles cover every voxel, share what is asked, and their weights add up to 1", () => {
  const side = fc.integer({ min: 1, max: 70 });
  const sizes = fc.tuple(side, fc.integer({ min: 5, max: 40 }), fc.integer({ min: 0, max: 4 }));
  fc.assert(
    fc.property(sizes, fc.constantFrom(1, 2, 4), ([length, size, overlap], multiple) => {
      const [axis] = tileGrid([length, 8, 8], {
        tile: [size, 8, 8],
        overlap,
        multiple: [multiple, 1, 1],
      });
      expect(axis.size % multiple).toBe(0);
      expect(axis.starts[0]).toBe(0);
      for (const [i, start] of axis.starts.entries())
        if (i > 0) expect(axis.starts[i - 1]! + axis.size - start).toBeGreaterThanOrEqual(overlap);
      expect(axis.starts.at(-1)! + axis.size).toBeGreaterThanOrEqual(length);
      const sums = new Float64Array(length);
      for (const [i, weights] of blendWeights(axis).entries())
        for (const [at, weight] of weights.entries())
          if (axis.starts[i]! + at < length) sums[axis.starts[i]! + at]! += weight;
          else expect(weight).toBe(0);
      for (const sum of sums) expect(sum).toBeCloseTo(1, 12);
    }),
  );
});

test("tiles no larger than their overlap are refused", () => {
  expect(() => tileGrid([64, 64, 64], { ...settings, overlap: 8 })).toThrow(/overlap is 8 voxels/);
});

test("a tile that reaches past a volume continues as its mirror image", () => {
  const volume = volumeOf([1, 1, 3], (i) => i);
  expect([...readTile(volume, [0, 0, 0], [1, 1, 6])]).toEqual([0, 1, 2, 1, 0, 0]);
});

test("there are 1, 4, 4 and 8 images, all different, and each one's inverse gives the plane back", () => {
  const plane = Float32Array.from({ length: 18 }, (_, i) => i);
  for (const [flips, rotations, halfTurn, count] of [
    [false, false, false, 1],
    [false, false, true, 2],
    [true, false, false, 4],
    [false, true, true, 4],
    [true, true, false, 8],
  ] as const) {
    const images = symmetries(flips, rotations, halfTurn).map((symmetry) => {
      const image = imageOf(plane, 3, 3, symmetry);
      expect(imageOf(image, 3, 3, inverse(symmetry))).toEqual(plane);
      return image.join();
    });
    expect(new Set(images).size).toBe(count);
  }
});

/** Says of every voxel what it is, or what `value` makes of it, in its only channel. */
const voxelwise = (type: string, value = (v: number) => v): TileNetwork => ({
  activation: "sigmoid",
  channels: [null, type],
  run: async (tile, [z, y, x]) => {
    const output = new Float32Array(2 * tile.length).fill(9);
    for (let plane = 0; plane < z; plane++)
      for (let i = 0; i < y * x; i++) output[(2 * plane + 1) * y * x + i] = value(tile[plane * y * x + i]!);
    return output;
  },
});

async function predicted(volume: Volume, networks: TileNetwork[], flips = false, rotations = false) {
  const types = [...new Set(networks.map(({ channels }) => channels[1]!))];
  const grid = tileGrid(volume.shape, { ...settings, square: rotations });
  const prediction = new SlabPrediction({
    volume,
    grid,
    networks,
    types,
    averaging: "probabilities",
    symmetries: symmetries(flips, rotations),
  });
  const whole = new Map(types.map((type) => [type, new Float32Array(volume.data.length)]));
  let z = 0;
  for (let slab = await prediction.next(); slab; slab = await prediction.next()) {
    expect(slab.zStart).toBe(z);
    for (const [type, values] of slab.values)
      whole.get(type)!.set(values, z * volume.shape[1] * volume.shape[2]);
    z += slab.shape[0];
  }
  expect(z).toBe(volume.shape[0]);
  return whole;
}

test("tiles that are run at a time give the same in every bit, whichever is done first", async () => {
  const volume = volumeOf([21, 30, 17], (i) => ((i * 7919) % 1009) / 1009);
  const grid = tileGrid(volume.shape, { ...settings, square: false });
  const plain = voxelwise("a");
  let started = 0;
  let most = 0;
  let running = 0;
  const slow: TileNetwork = {
    ...plain,
    run: async (tile, shape) => {
      most = Math.max(most, ++running);
      await setTimeout((started++ * 7) % 5);
      running--;
      return plain.run(tile, shape);
    },
  };
  const found = async (network: TileNetwork, atOnce: number): Promise<Float32Array[]> => {
    const prediction = new SlabPrediction({
      ...{ volume, grid, networks: [network, { ...network }], types: ["a"], averaging: "logits", atOnce },
      symmetries: symmetries(true, false),
    });
    const slabs: Float32Array[] = [];
    for (let slab = await prediction.next(); slab; slab = await prediction.next())
      slabs.push(slab.values.get("a")!);
    return slabs;
  };
  const wanted = await found(plain, 1);
  expect(wanted.some((plane) => plane.some((value) => value > 0))).toBe(true);
  expect(await found(slow, 3)).toEqual(wanted);
  expect(most).toBe(3);
  expect(await found(slow, 10_000)).toEqual(wanted);
});

const halfStep = 0.5001 / 65535;
/** Of 64 additions (8 tiles over a voxel, 8 images) to a float32 below 1, each off by half a unit in the last place. */
const sumError = 64 * 2 ** -25;

test("a network that answers voxel by voxel gives the whole volume, to half a step of 1/65535", async () => {
  for (const shape of [
    [21, 30, 17],
    [3, 40, 5],
    [40, 12, 12],
  ] as Shape3[]) {
    const volume = volumeOf(shape, (i) => ((i * 7919) % 1009) / 1009);
    for (const [flips, rotations] of [
      [false, false],
      [true, false],
      [true, true],
    ] as const) {
      const values = (await predicted(volume, [voxelwise("a")], flips, rotations)).get("a")!;
      for (const [i, value] of values.entries()) {
        expect(Math.abs(value - volume.data[i]!)).toBeLessThan(halfStep + sumError);
        expect(Math.fround(Math.round(value * 65535) / 65535)).toBe(value);
      }
    }
  }
});

test("networks of one type are averaged, others stand alone, and all is clamped to 0 … 1", async () => {
  const volume = volumeOf([9, 10, 11], (i) => (i % 5) / 4);
  const networks = [voxelwise("a"), voxelwise("a", (v) => 1 - v), voxelwise("b", (v) => 4 * v - 1)];
  const maps = await predicted(volume, networks);
  for (const value of maps.get("a")!) expect(Math.abs(value - 0.5)).toBeLessThan(2 * halfStep);
  for (const [i, value] of maps.get("b")!.entries())
    expect(value).toBeCloseTo(Math.min(1, Math.max(0, 4 * volume.data[i]! - 1)), 4);
});

test("NaN from a network is refused, with its place", async () => {
  const volume = volumeOf([4, 8, 8], (i) => (i === 2 * 64 + 3 * 8 + 5 ? Number.NaN : 0));
  await expect(predicted(volume, [voxelwise("a")])).rejects.toThrow(/of a at voxel z, y, x = 2, 3, 5 is NaN/);
});
