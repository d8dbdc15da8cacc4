import { expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { type Shape3, type Volume, voxelCount } from "../../../src/domain/volume.js";
import { SlabPrediction, type TileNetwork } from "../../../src/infer/predict/slabPrediction.js";
import {
  fittedTiles,
  type ShrinkableTiles,
  ShrinkingPrediction,
  type SmallerTiles,
  smallerTile,
  smallerTilesText,
} from "../../../src/infer/predict/smallerTiles.js";
import { symmetries } from "../../../src/infer/predict/testTime.js";
import { tileGrid } from "../../../src/infer/predict/tiles.js";
import { PickbenchError } from "../../../src/system/errors.js";

const volume: Volume = {
  data: Float32Array.from({ length: 40 * 36 * 44 }, (_, i) => ((i * 7919) % 1000) / 1000),
  shape: [40, 36, 44],
  spacing: [angstrom(10), angstrom(10), angstrom(10)],
};
const tiles: ShrinkableTiles = { tile: [40, 40, 48], overlap: 4, multiple: [4, 4, 4], least: [8, 8, 8] };

/** A network that returns its tile, on an engine whose memory holds so many voxels; later fewer, after some tiles. */
function network(
  holds: number,
  later = { tiles: Number.POSITIVE_INFINITY, holds },
): TileNetwork & { runs: Shape3[] } {
  const runs: Shape3[] = [];
  return {
    runs,
    activation: "sigmoid",
    channels: ["ribosome"],
    async run(tile, shape) {
      const room = runs.length >= later.tiles ? later.holds : holds;
      if (voxelCount(shape) > room)
        throw new PickbenchError("OutOfMemory", "Failed to allocate memory for requested buffer of size 9");
      runs.push(shape);
      return tile;
    },
  };
}

async function predicted(prediction: { next(): ReturnType<SlabPrediction["next"]> }): Promise<Float32Array> {
  const all = new Float32Array(volume.data.length);
  let plane = 0;
  for (let slab = await prediction.next(); slab; slab = await prediction.next()) {
    expect(slab.zStart).toBe(plane);
    all.set(slab.values.get("ribosome")!, plane * 36 * 44);
    plane += slab.shape[0];
  }
  expect(plane).toBe(40);
  return all;
}
const averaging = "probabilities" as const;
const base = (given: TileNetwork, isTurned = false) => ({
  ...{ volume, networks: [given], types: ["ribosome"], averaging },
  symmetries: symmetries(false, isTurned, false),
});

test("where memory does not suffice the longest axis is halved until it does, and the result is that of such tiles", async () => {
  const changes: SmallerTiles[] = [];
  const small = network(24 * 40 * 24);
  const shrinking = new ShrinkingPrediction(base(small), tiles, (change) => changes.push(change));
  const found = await predicted(shrinking);
  expect(changes).toEqual([
    { from: [40, 36, 44], to: [40, 36, 24], plane: 0 },
    { from: [40, 36, 24], to: [20, 36, 24], plane: 0 },
  ]);
  const grid = tileGrid(volume.shape, { ...tiles, tile: [20, 36, 24] });
  const asked = network(1e9);
  expect(found).toEqual(await predicted(new SlabPrediction({ ...base(asked), grid })));
  expect(small.runs).toEqual(asked.runs);
  expect(shrinking.tile).toEqual([20, 36, 24]);
});

test("where it ceases to suffice in the middle, finished planes stay and the others are predicted by smaller tiles", async () => {
  const changes: SmallerTiles[] = [];
  const given = network(16 * 36 * 44, { tiles: 2, holds: 16 * 36 * 24 });
  const flat = { ...tiles, tile: [16, 40, 48] as Shape3 };
  const found = await predicted(new ShrinkingPrediction(base(given), flat, (change) => changes.push(change)));
  const [{ plane, to }] = changes as [SmallerTiles];
  expect(to).toEqual([16, 36, 24]);
  expect(plane).toBeGreaterThan(8);
  const wide = new SlabPrediction({ ...base(network(1e9)), grid: tileGrid(volume.shape, flat) });
  const narrow = new SlabPrediction({
    ...base(network(1e9)),
    grid: tileGrid(volume.shape, { ...flat, tile: to }),
  });
  const [before, after] = [await predicted(wide), await predicted(narrow)];
  const at = plane * 36 * 44;
  expect(found.subarray(0, at)).toEqual(before.subarray(0, at));
  expect(found.subarray(at)).toEqual(after.subarray(at));
});

test("rotations keep tiles square, and several images are counted for every tile", async () => {
  const changes: SmallerTiles[] = [];
  const square = { ...tiles, tile: [40, 48, 48] as Shape3, square: true };
  const given = network(40 * 24 * 24);
  await predicted(new ShrinkingPrediction(base(given, true), square, (change) => changes.push(change)));
  expect(changes).toEqual([{ from: [40, 44, 44], to: [40, 24, 24], plane: 0 }]);
});

test("no tile goes below what the network sees, its multiple or the overlap: then a sentence says so", async () => {
  expect(smallerTile([40, 40, 48], { ...tiles, least: [40, 40, 40] })).toBeNull();
  expect(smallerTile([40, 40, 48], { ...tiles, least: [8, 40, 40] })).toEqual([20, 40, 48]);
  expect(smallerTile([4, 4, 4], { ...tiles, least: [1, 1, 1], overlap: 0 })).toBeNull();
  expect(smallerTile([4, 40, 40], { ...tiles, overlap: [0, 24, 24] })).toBeNull();
  const none = new ShrinkingPrediction(base(network(1)), { ...tiles, least: [16, 16, 16] }, () => {});
  await expect(none.next()).rejects.toMatchObject({
    tag: "OutOfMemory",
    message: expect.stringMatching(
      /^memory does not suffice for tiles of 16×20×24 voxels, .*, 16×16×16 \(Failed to allocate.*\); .*--tile$/,
    ),
  });
});

test("other failures are passed on as they are", async () => {
  const broken = { ...network(1e9), run: async () => Promise.reject(new Error("a defect")) };
  await expect(new ShrinkingPrediction(base(broken), tiles, () => {}).next()).rejects.toThrow("a defect");
});

test("the sentence tells both tiles, from where on, and what it means for thresholds", () => {
  const change: SmallerTiles = { from: [160, 320, 320], to: [160, 320, 160], plane: 0 };
  expect(smallerTilesText(change, "onnx-cuda")).toBe(
    "the memory of onnx-cuda does not suffice for tiles of 160×320×320 voxels: it goes on with 160×320×160; thresholds were not tuned with these, and picks at tiles' borders may differ",
  );
  expect(smallerTilesText({ ...change, plane: 48 }, "onnx-cuda")).toMatch(
    /: from plane 48 on it goes on with/,
  );
});

test("where memory is known, tiles that cannot fit by the estimate are halved before the first is computed", async () => {
  const changes: SmallerTiles[] = [];
  const needed = async (tile: Shape3) => voxelCount(tile) / 1000;
  const fit = (limit: number) =>
    fittedTiles(volume.shape, tiles, limit, needed, (change) => changes.push(change));
  expect(await fit(1000)).toBe(tiles);
  expect(changes).toEqual([]);
  expect((await fit(30)).tile).toEqual([20, 36, 24]);
  expect(changes.map(({ to }) => to)).toEqual([
    [40, 36, 24],
    [20, 36, 24],
  ]);
  expect(voxelCount((await fit(0)).tile)).toBeLessThan(20 * 20 * 24);
});
