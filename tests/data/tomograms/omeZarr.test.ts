import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { openZarrArray } from "../../../src/formats/zarr/array.js";
import fc from "../../support/properties.js";
import { stores, temporaryFolder, unpackStore, writeTree } from "../../support/storeFixtures.js";

const counting = Float32Array.from({ length: 90 }, (_, i) => i);
const read = async (folder: string, channel?: number) =>
  (await openTomogram(await openOmeZarr(folder))).readAll(channel);

describe("stores that zarr-python wrote", () => {
  const whole = Object.keys(stores).filter((name) => !/channels|bool|\|b1|empty/.test(name));
  test.each(whole)("%s", async (name) => {
    const volume = await read(unpackStore(name));
    expect(volume.shape).toEqual([3, 5, 6]);
    expect(volume.spacing).toEqual([10.5, 11, 12]);
    expect(volume.data).toEqual(counting);
  });

  test("bool becomes 0 and 1", async () => {
    expect((await read(unpackStore("type |b1"))).data).toEqual(counting.map((value) => value % 2));
  });

  test("what a shard's index declares empty is the fill value", async () => {
    const { data } = await read(unpackStore("v3 sharded, one declared empty"));
    const isEmpty = (i: number) => i < 60 && i % 6 < 4;
    expect(data).toEqual(counting.map((value, i) => (isEmpty(i) ? 0 : value)));
  });

  test.each(["channels", "channels in one chunk"])("%s", async (name) => {
    const folder = unpackStore(name);
    const ref = await openOmeZarr(folder);
    expect(ref.channels).toEqual(["channel 0", "channel 1"]);
    expect((await read(folder)).data).toEqual(counting);
    expect((await read(folder, 1)).data).toEqual(counting.map((value) => value + 1000));
  });

  test("any box is the same voxels as in the whole", async () => {
    const readers = await Promise.all(
      ["blosc zstd", "order F", "v3 sharded", "type <i8"].map(async (name) =>
        openTomogram(await openOmeZarr(unpackStore(name))),
      ),
    );
    const range = (size: number) =>
      fc
        .tuple(fc.nat(size - 1), fc.nat(size - 1))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
    await fc.assert(
      fc.asyncProperty(range(3), range(5), range(6), fc.nat(3), async (z, y, x, which) => {
        const region = await readers[which]!.readRegion({
          start: [z[0], y[0], x[0]],
          end: [z[1], y[1], x[1]],
        });
        const expected: number[] = [];
        for (let k = z[0]; k < z[1]; k++)
          for (let j = y[0]; j < y[1]; j++)
            for (let i = x[0]; i < x[1]; i++) expected.push(30 * k + 6 * j + i);
        expect([...region]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe("damage is refused and the file named", () => {
  const compressed = [
    "blosc lz4",
    "blosc zstd",
    "blosc zlib",
    "blosc lz4 bits",
    "zstd",
    "gzip",
    "zlib",
    "lz4",
    "type <f4",
    "v3",
  ];
  const chunkOf = (name: string) => (name.startsWith("v3") ? "0/c/1/0/1" : "0/1/0/1");

  test.each([...compressed, "dots"])("%s: a missing chunk without a fill value", async (name) => {
    const folder = unpackStore(name);
    const metadata = join(folder, name.startsWith("v3") ? "0/zarr.json" : "0/.zarray");
    writeFileSync(
      metadata,
      readFileSync(metadata, "utf8").replace(/"fill_value": *0.0/, '"fill_value": null'),
    );
    const chunk = name === "dots" ? "0/1.0.1" : chunkOf(name);
    rmSync(join(folder, chunk));
    const reader = await openTomogram(await openOmeZarr(folder));
    await expect(reader.readAll()).rejects.toThrow(`${join(folder, chunk)}: chunk is missing`);
    expect((await reader.readRegion({ start: [0, 0, 0], end: [2, 5, 6] })).length).toBe(60);
  });

  test.each(compressed)("%s: a chunk cut short, at any length", async (name) => {
    const folder = unpackStore(name);
    const chunk = join(folder, chunkOf(name));
    const size = readFileSync(chunk).length;
    const reader = await openTomogram(await openOmeZarr(folder));
    for (const left of [0, 3, 15, 17, Math.floor(size / 2), size - 1]) {
      if (left >= size) continue;
      truncateSync(chunk, left);
      await expect(reader.readAll(), `${left} of ${size} bytes`).rejects.toThrow(chunk);
    }
  });

  test.each(compressed.filter((name) => name !== "type <f4"))("%s: a chunk of rubbish", async (name) => {
    const folder = unpackStore(name);
    const chunk = join(folder, chunkOf(name));
    writeFileSync(chunk, readFileSync(chunk).fill(0x5a));
    await expect(read(folder)).rejects.toThrow(chunk);
  });

  test.each(["v3 sharded", "v3 sharded, index first"])("%s: a shard missing or cut short", async (name) => {
    const folder = unpackStore(name);
    const shard = join(folder, "0/c/0/0/0");
    truncateSync(shard, readFileSync(shard).length - 20);
    await expect(read(folder)).rejects.toThrow(shard);
    rmSync(shard);
    writeFileSync(join(folder, ".pickbench-fetched.jsonl"), JSON.stringify({ path: "0/c/0/0/0", size: 9 }));
    await expect(read(folder)).rejects.toThrow(`${shard}: chunk is missing`);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "a voxel that is %d",
    async (value) => {
      const folder = unpackStore("type <f4");
      const chunk = join(folder, "0/1/0/1");
      const bytes = readFileSync(chunk);
      bytes.writeFloatLE(value, 4 * (0 * 20 + 3 * 4 + 1));
      writeFileSync(chunk, bytes);
      await expect(read(folder)).rejects.toMatchObject({
        name: "NotFinite",
        message: expect.stringContaining("denoised denoised: voxel z,y,x = 2,3,5"),
      });
    },
  );

  test("padding outside the volume is nobody's business", async () => {
    const folder = unpackStore("type <f4");
    const chunk = join(folder, "0/1/0/1");
    const bytes = readFileSync(chunk);
    bytes.writeFloatLE(Number.NaN, 4 * 39);
    writeFileSync(chunk, bytes);
    expect((await read(folder)).data).toEqual(counting);
  });
});

describe("metadata is checked at the door", () => {
  type Multiscales = { axes: unknown; datasets: { path: string; coordinateTransformations?: unknown }[] };
  const withMetadata = (change: (multiscales: Multiscales) => void) => {
    const folder = unpackStore("type <f4");
    const path = join(folder, ".zattrs");
    const attributes = JSON.parse(readFileSync(path, "utf8")) as { multiscales: [Multiscales] };
    change(attributes.multiscales[0]);
    writeFileSync(path, JSON.stringify(attributes));
    return folder;
  };
  const cases: [string, (multiscales: Multiscales) => void, RegExp][] = [
    [
      "no scale",
      (m) => delete m.datasets[0]!.coordinateTransformations,
      /level 0 has no scale, so no voxel spacing/,
    ],
    [
      "a scale of two numbers",
      (m) => (m.datasets[0]!.coordinateTransformations = [{ type: "scale", scale: [1, 2] }]),
      /wanted 3 numbers above 0/,
    ],
    [
      "a scale of zero",
      (m) => (m.datasets[0]!.coordinateTransformations = [{ type: "scale", scale: [0, 1, 1] }]),
      /wanted 3 numbers above 0/,
    ],
    ["one axis twice", (m) => (m.axes = ["z", "x", "x"]), /axes are z,x,x; wanted z,y,x/],
    ["no axes", (m) => delete (m as { axes?: unknown }).axes, /axes are not given/],
    ["axes of another rank", (m) => (m.axes = ["c", "z", "y", "x"]), /wanted 4 numbers|array has 3 axes/],
    [
      "an unknown unit",
      (m) => (m.axes = ["z", "y", "x"].map((name) => ({ name, unit: "furlong" }))),
      /unit furlong/,
    ],
    ["a level outside", (m) => (m.datasets[0]!.path = "../../0"), /lies outside the folder/],
    ["a level that is not there", (m) => (m.datasets[0]!.path = "7"), /the level is missing/],
    ["no level", (m) => (m.datasets = []), /not OME-NGFF multiscales/],
  ];
  test.each(cases)("%s", async (_name, change, message) => {
    const folder = withMetadata(change);
    await expect(openOmeZarr(folder)).rejects.toMatchObject({
      name: "BadDataset",
      message: expect.stringMatching(message),
    });
  });

  test("nanometres become Å", async () => {
    const folder = withMetadata(
      (m) => (m.axes = ["z", "y", "x"].map((name) => ({ name, unit: "nanometer" }))),
    );
    expect((await openOmeZarr(folder)).levels[0]!.spacing).toEqual([105, 110, 120]);
  });

  test("axes x, y, z are turned to z, y, x, in whatever chunks", async () => {
    for (const name of ["type <f4", "blosc lz4", "order F", "v3 sharded"].filter((name) => name in stores)) {
      const folder = unpackStore(name);
      const path = join(folder, name.startsWith("v3") ? "zarr.json" : ".zattrs");
      writeFileSync(
        path,
        readFileSync(path, "utf8").replace(/"[zx]"/g, (axis) => (axis === '"z"' ? '"x"' : '"z"')),
      );
      const volume = await read(folder);
      expect(volume.shape, name).toEqual([6, 5, 3]);
      expect(volume.spacing, name).toEqual([12, 11, 10.5]);
      const turned = counting.map((_, i) => 30 * (i % 3) + 6 * (Math.floor(i / 3) % 5) + Math.floor(i / 15));
      expect(volume.data, name).toEqual(turned);
    }
  });

  test("no metadata, broken JSON, a text array", async () => {
    const folder = temporaryFolder();
    await expect(openOmeZarr(folder)).rejects.toThrow(/no \.zattrs and no zarr\.json/);
    await expect(openOmeZarr(writeTree(folder, { ".zattrs": "{" }))).rejects.toThrow(
      /\.zattrs: the file is not JSON/,
    );
    const text = unpackStore("type <f4");
    const zarray = join(text, "0/.zarray");
    writeFileSync(zarray, readFileSync(zarray, "utf8").replace("<f4", "<U4"));
    await expect(openOmeZarr(text)).rejects.toThrow(/values are <U4; wanted a numeric type/);
  });

  test("a level that does not exist is refused", async () => {
    await expect(openTomogram(await openOmeZarr(unpackStore("zstd")), 3)).rejects.toThrow(
      /no level 3; there is 0 to 0/,
    );
  });
});

const zarrita = "../shared/data/formats/zarr/zarrita_fixtures";
describe.skipIf(!existsSync(zarrita))("zarrita.js' own stores (skipped without ../shared)", () => {
  test.each([
    "v2/data.zarr/3d.chunked.i2",
    "v2/data.zarr/3d.chunked.mixed.i2.C",
    "v2/data.zarr/3d.chunked.mixed.i2.F",
    "v3/data.zarr/3d.chunked.mixed.i2.C",
    "v3/data.zarr/3d.chunked.mixed.i2.F",
    "v3/data.zarr/3d.chunked.compressed.sharded.i2",
    "v3/data.zarr/3d.chunked.mixed.compressed.sharded.i2",
  ])("%s counts up from 0", async (path) => {
    const array = await openZarrArray(join(zarrita, path));
    const values: number[] = [];
    for (let z = 0; z < array.shape[0]!; z++)
      for (let y = 0; y < array.shape[1]!; y++)
        for (let x = 0; x < array.shape[2]!; x++) {
          const at = [z, y, x].map((index, axis) => Math.floor(index / array.chunkShape[axis]!));
          const chunk = await array.readChunk(at);
          const inside = [z, y, x].map((index, axis) => index % array.chunkShape[axis]!);
          if (chunk === undefined) {
            values.push(Number(array.fill));
            continue;
          }
          const { values: data, stride } = chunk;
          values.push(Number(data[inside.reduce((sum, index, axis) => sum + index * stride[axis]!, 0)]));
        }
    expect(values).toEqual(Array.from({ length: values.length }, (_, i) => i));
    expect(values.length).toBeGreaterThanOrEqual(27);
  });

  test("a chunk left out because it holds the fill value alone is absent", async () => {
    const array = await openZarrArray(join(zarrita, "v3/data.zarr/3d.chunked.i2"));
    expect(await array.readChunk([0, 0, 0])).toBeUndefined();
    expect(array.fill).toBe(0);
  });
});
