import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { createOmeZarr, type OmeZarrOptions } from "../../../src/formats/zarr/writer.js";
import fc from "../../support/properties.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const spacing: Spacing3 = [angstrom(10.5), angstrom(11), angstrom(12)];

function noise(shape: Shape3, seed: number): Float32Array {
  const random = randomFor(seed, "writer test");
  return Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => 7e-6 * random.normal());
}

/** Writes a volume by slabs of the given depths, over and over. */
async function write(
  path: string,
  values: readonly Float32Array[],
  options: OmeZarrOptions,
  depths: number[],
) {
  const writer = await createOmeZarr(path, options);
  const plane = options.shape[1] * options.shape[2];
  for (let z = 0, turn = 0; z < options.shape[0]; turn++) {
    const end = Math.min(options.shape[0], z + depths[turn % depths.length]!);
    for (const [channel, volume] of values.entries())
      await writer.writeSlab(z, volume.subarray(z * plane, end * plane), channel);
    z = end;
  }
  await writer.close();
}

/** Means over 2×2×2 cubes, cut off at the edges, written for the eye. */
function halved(values: Float32Array, [depth, height, width]: Shape3): { data: Float32Array; shape: Shape3 } {
  const shape: Shape3 = [Math.ceil(depth / 2), Math.ceil(height / 2), Math.ceil(width / 2)];
  const sums = new Float64Array(shape[0] * shape[1] * shape[2]);
  const counts = sums.slice();
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const cube = ((z >> 1) * shape[1] + (y >> 1)) * shape[2] + (x >> 1);
        sums[cube]! += values[(z * height + y) * width + x]!;
        counts[cube]!++;
      }
  return { data: Float32Array.from(sums, (sum, i) => sum / counts[i]!), shape };
}

const files = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
const bytesOf = (folder: string) =>
  files(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);

describe("what is written is what is read", () => {
  test("for any shape, chunks, slabs, format and compressor, on every level", async () => {
    const folder = temporaryFolder();
    const size = fc.integer({ min: 1, max: 9 });
    const shape3 = fc.tuple(size, size, size);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        shape3,
        shape3,
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom<2 | 3>(2, 3),
        fc.constantFrom("blosc-lz4" as const, "blosc-zstd" as const, "gzip" as const),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (shape, chunkShape, depths, format, compressor, levels, wantShards) => {
          const sharded = wantShards && format === 3;
          const path = join(folder, `${count++}.zarr`);
          const values = noise(shape, count);
          await write(
            path,
            [values],
            { shape, spacing, format, compressor, chunkShape, levels, sharded },
            depths,
          );
          const ref = await openOmeZarr(path);
          expect(ref.levels.length).toBe(levels);
          let expected: { data: Float32Array; shape: Shape3 } = { data: values, shape };
          for (let level = 0; level < levels; level++) {
            const volume = await (await openTomogram(ref, level)).readAll();
            expect(volume.shape).toEqual(expected.shape);
            expect(volume.spacing).toEqual(spacing.map((length) => length * 2 ** level));
            expect(volume.data).toEqual(expected.data);
            expected = halved(volume.data, volume.shape);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([2, 3] as const)("channels, Zarr v%d", async (format) => {
    const path = join(temporaryFolder(), "p.zarr");
    const shape: Shape3 = [7, 6, 5];
    const values = [1, 2, 3].map((seed) => noise(shape, seed));
    const channels = ["ribosome", "apo-ferritin", "background"];
    await write(path, values, { shape, spacing, channels, format, chunkShape: [4, 4, 4], levels: 2 }, [3]);
    const ref = await openOmeZarr(path);
    expect(ref.channels).toEqual(channels);
    const reader = await openTomogram(ref);
    for (const [channel, volume] of values.entries())
      expect((await reader.readAll(channel)).data).toEqual(volume);
  });
});

describe("labels and shards", () => {
  const shape: Shape3 = [5, 6, 7];
  const labels = Float32Array.from({ length: 210 }, (_, i) => (i * 7) % 250);

  test("a coarser level of labels is the first of every 2×2×2, never their mean", async () => {
    const path = join(temporaryFolder(), "a.zarr");
    const options: OmeZarrOptions = {
      shape,
      spacing,
      levels: 2,
      voxelType: "uint8",
      downsampling: "nearest",
    };
    await write(path, [labels], options, [1, 3]);
    const volume = await (await openTomogram(await openOmeZarr(path), 1)).readAll();
    const expected: number[] = [];
    for (let z = 0; z < 5; z += 2)
      for (let y = 0; y < 6; y += 2)
        for (let x = 0; x < 7; x += 2) expected.push(labels[(z * 6 + y) * 7 + x]!);
    expect([...volume.data]).toEqual(expected);
  });

  test("a shard is one file; a byte changed in its index is found by its checksum", async () => {
    const path = join(temporaryFolder(), "a.zarr");
    await write(path, [labels], { shape, spacing, format: 3, sharded: true, chunkShape: [4, 4, 4] }, [5]);
    expect(files(join(path, "0"))).toEqual(["c/0/0/0", "zarr.json"]);
    const shard = join(path, "0/c/0/0/0");
    const bytes = readFileSync(shard);
    for (const fromEnd of [1, 4, 5, 20, 8 * 16 + 4]) {
      const broken = Buffer.from(bytes);
      broken[bytes.length - fromEnd]! ^= 1;
      writeFileSync(shard, broken);
      const reading = async () => (await openTomogram(await openOmeZarr(path))).readAll();
      await expect(reading(), `${fromEnd}`).rejects.toThrow(/crc32c of its bytes is another than it states/);
    }
  });
});

test("the same values give the same bytes, however they are cut into slabs", async () => {
  const folder = temporaryFolder();
  const shape: Shape3 = [11, 9, 10];
  const options: OmeZarrOptions = { shape, spacing, chunkShape: [4, 4, 8], levels: 3 };
  await write(join(folder, "a.zarr"), [noise(shape, 1)], options, [4]);
  await write(join(folder, "b.zarr"), [noise(shape, 1)], options, [1, 5, 2]);
  expect(bytesOf(join(folder, "a.zarr"))).toEqual(bytesOf(join(folder, "b.zarr")));
});

test("nothing stands in its place before close, and what stood there is replaced whole", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "a.zarr");
  const shape: Shape3 = [4, 2, 2];
  await write(path, [noise(shape, 1)], { shape, spacing, levels: 2 }, [4]);
  const before = bytesOf(path);
  const writer = await createOmeZarr(path, { shape: [2, 2, 2], spacing });
  await writer.writeSlab(0, new Float32Array(8));
  expect(bytesOf(path)).toEqual(before);
  await writer.close();
  expect((await openOmeZarr(path)).levels.map((level) => level.shape)).toEqual([[2, 2, 2]]);
  const dropped = await createOmeZarr(path, { shape, spacing });
  await dropped.discard();
  expect(readdirSync(folder)).toEqual(["a.zarr"]);
});

test("gaps, overlaps, part planes, missing ends and unknown channels are refused", async () => {
  const writer = await createOmeZarr(join(temporaryFolder(), "a.zarr"), { shape: [4, 2, 3], spacing });
  await expect(writer.writeSlab(1, new Float32Array(6))).rejects.toThrow(/wanted the one at 0/);
  await expect(writer.writeSlab(0, new Float32Array(7))).rejects.toThrow(/whole planes/);
  await expect(writer.writeSlab(0, new Float32Array(30))).rejects.toThrow(/up to z = 4/);
  await expect(writer.writeSlab(0, new Float32Array(6), 1)).rejects.toThrow(/channel 1/);
  await writer.writeSlab(0, new Float32Array(6));
  await expect(writer.close()).rejects.toThrow(/ends at z = 1 of 4/);
  await writer.discard();
});
