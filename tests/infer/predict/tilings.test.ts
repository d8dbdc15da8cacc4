import { expect, test } from "vitest";
import { challengeShape, type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { openSizes, tileSettings } from "../../../src/infer/predict/tileDemands.js";
import { tileGrid, tileShape } from "../../../src/infer/predict/tiles.js";
import {
  cheaperTilings,
  demandOf,
  memoryLimit,
  type Tiling,
  type TilingContext,
  valueBytesOf,
  type WeighedTiling,
  weigh,
} from "../../../src/infer/predict/tilings.js";
import fc from "../../support/properties.js";

const own: Tiling = { tile: [96, 96, 96], overlap: 16, precision: "float32" };
const context: TilingContext = {
  shape: challengeShape,
  demands: [{ name: "baseline", multiple: [4, 4, 4], fixed: openSizes }],
  rotations: false,
  views: 1,
  maps: 5,
  valueBytes: 96,
};
const both = ["float32", "int8"] as const;
const gridOf = ({ tile, overlap }: Tiling, { shape, demands, rotations }: TilingContext = context) =>
  tileGrid(shape, tileSettings({ tile, overlap, rotations }, demands));

test("work counts the voxels of all tiles, and 8 bits half", () => {
  // 3×8×8 tiles of 72×96×96 voxels.
  const voxels = 3 * 8 * 8 * 72 * 96 * 96;
  expect(weigh(own, context).work).toBeCloseTo(voxels / (184 * 630 * 630), 12);
  expect(weigh({ ...own, precision: "int8" }, context).work).toBeCloseTo(voxels / (184 * 630 * 630) / 2, 12);
});

test("memory is near what whole processes took: three tilings in floats, one in 8 bits", () => {
  for (const [tiling, measured] of [
    [own, 1.857e9],
    [{ ...own, tile: [96, 112, 112], overlap: 8 }, 2.264e9],
    [{ ...own, tile: [72, 168, 168], overlap: 8 }, 2.087e9],
    [{ tile: [96, 112, 112], overlap: 8, precision: "int8" }, 1.889e9],
  ] as const)
    expect(Math.abs(weigh(tiling, context).bytes / measured - 1)).toBeLessThan(0.1);
});

test("of all square tiles in the memory, the smallest within 5 % of the least work is listed, found by trying all", () => {
  const [z, y, x] = gridOf(own).map(({ starts }) => starts.length) as [number, number, number];
  const all: WeighedTiling[] = [];
  for (let depth = 12; depth <= 184; depth += 4)
    for (let side = 12; side <= 632; side += 4) {
      const tiling: Tiling = { tile: [depth, side, side], overlap: 8, precision: "float32" };
      const counts = gridOf(tiling).map(({ starts }) => starts.length) as [number, number, number];
      if (counts[0] > z || counts[1] > y || counts[2] > x) continue;
      const weighed = weigh(tiling, context);
      if (weighed.bytes <= memoryLimit) all.push(weighed);
    }
  const [first] = cheaperTilings(own, ["float32"], context);
  const least = Math.min(...all.map(({ work }) => work));
  const good = all.filter(({ work }) => work <= 1.05 * least);
  expect(first).toMatchObject({ overlap: 8, precision: "float32" });
  expect(first!.work).toBeLessThanOrEqual(1.05 * least);
  expect(voxelCount(first!.tile)).toBe(Math.min(...good.map(({ tile }) => voxelCount(tile))));
});

test("every tiling takes less work than the own one, no more memory than allowed, and the least work comes first", () => {
  const side = (least: number) => fc.integer({ min: least, max: 200 });
  fc.assert(
    fc.property(
      fc.tuple(side(40), side(200), side(200)),
      fc.tuple(side(24), side(24), side(24)),
      fc.integer({ min: 0, max: 16 }),
      fc.boolean(),
      (shape, tile, overlap, rotations) => {
        const here: TilingContext = { ...context, shape, rotations };
        const given: Tiling = { tile, overlap, precision: "float32" };
        const reference = weigh(given, here);
        const found = cheaperTilings(given, both, here);
        for (const [at, each] of found.entries()) {
          expect(each.work).toBeLessThan(reference.work);
          expect(each.work).toBeGreaterThanOrEqual(found[at - 1]?.work ?? 0);
          expect(each.bytes).toBeLessThanOrEqual(Math.max(memoryLimit, reference.bytes));
          if (rotations) expect(tileShape(gridOf(each, here))[1]).toBe(tileShape(gridOf(each, here))[2]);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("the default's cheaper tilings, worked out by hand for the challenge's tomograms", () => {
  // Along z three tiles of 68 voxels cover 184 with 8 shared, two of 96; along y and x six of 112 cover 630.
  const voxels = 184 * 630 * 630;
  const found = cheaperTilings(own, both, context);
  expect(found.find(({ precision }) => precision === "float32")).toMatchObject({
    tile: [68, 112, 112],
    overlap: 8,
    work: (3 * 68 * (6 * 112) ** 2) / voxels,
  });
  expect(found[0]).toMatchObject({
    tile: [96, 112, 112],
    overlap: 8,
    precision: "int8",
    work: (0.5 * (2 * 96 * (6 * 112) ** 2)) / voxels,
  });
});

test("an own tile that takes more than the limit may be beaten by any that takes no more than it", () => {
  const wide = { ...context, maps: 40 };
  const reference = weigh(own, wide);
  expect(reference.bytes).toBeGreaterThan(memoryLimit);
  const found = cheaperTilings(own, both, wide);
  expect(found.length).toBeGreaterThan(0);
  for (const { bytes } of found) expect(bytes).toBeLessThanOrEqual(reference.bytes);
});

test("an overlap of none along z stays so, and a network of unknown memory keeps its tiles", () => {
  const planar: Tiling = { tile: [16, 96, 96], overlap: [0, 16, 16], precision: "float32" };
  const found = cheaperTilings(planar, ["float32"], { ...context, valueBytes: null });
  expect(found).toMatchObject([{ tile: [16, 96, 96], overlap: [0, 8, 8] }]);
});

test("a network's demands and bytes are those of its graph", async () => {
  const network = { network: { architecture: "baseline", outputs: 7 } } as const;
  expect(await demandOf(network)).toEqual(context.demands[0]);
  // `pickbench nets` says 24 MiB for 64³ voxels.
  const bytes = (await valueBytesOf(network))!;
  expect(bytes * voxelCount([64, 64, 64] satisfies Shape3)).toBeCloseTo(24 * 2 ** 20, -6);
});
