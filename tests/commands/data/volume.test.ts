import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { pickbench } from "../../support/commandLine.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const shape: Shape3 = [6, 5, 9];
const spacing: Spacing3 = [angstrom(12), angstrom(11), angstrom(10)];
const values = Float32Array.from({ length: 270 }, (_, i) => i - 100);

async function source(folder: string): Promise<string> {
  const path = join(folder, "source.mrc");
  const extended = { type: "AGAR", bytes: Uint8Array.from({ length: 12 }, (_, i) => i) };
  const writer = await createMrc(path, {
    shape,
    spacing,
    mode: 1,
    origin: [1, 2, 3],
    start: [4, 5, 6],
    extended,
  });
  await writer.writeSlab(0, values);
  await writer.close();
  return path;
}

const readZarr = async (path: string, channel?: number) =>
  (await openTomogram(await openOmeZarr(path))).readAll(channel);

describe("volume", () => {
  test("MRC to OME-Zarr of both versions and back: voxels, type and spacing are the same", async () => {
    const folder = temporaryFolder();
    const from = await source(folder);
    for (const flags of [
      ["--zarr", "2"],
      ["--zarr", "3"],
      ["--zarr", "3", "--shard", "--compressor", "gzip"],
    ]) {
      const to = join(folder, `${flags.join("")}.zarr`);
      const { code, stdout } = await pickbench("volume", from, to, ...flags, "--json");
      expect([code, JSON.parse(stdout)]).toMatchObject([
        0,
        { shape, spacing, voxelType: "int16", least: -100, greatest: 169, mean: 34.5 },
      ]);
      const { levels } = await openOmeZarr(to);
      expect(levels.map((level) => level.shape)).toEqual([
        [6, 5, 9],
        [3, 3, 5],
        [2, 2, 3],
      ]);
      expect((await readZarr(to)).data).toEqual(values);
      const back = join(folder, `${flags.join("")}.mrc.gz`);
      expect((await pickbench("volume", to, back)).code).toBe(0);
      const volume = await readMrc(back);
      expect([volume.data, volume.shape]).toEqual([values, shape]);
      expect(volume.spacing.map((length) => length.toFixed(5))).toEqual(["12.00000", "11.00000", "10.00000"]);
    }
  });

  test("MRC to MRC keeps origin, start and extended header; the spacing is the one given", async () => {
    const folder = temporaryFolder();
    const from = await source(folder);
    const to = join(folder, "to.mrc");
    expect((await pickbench("volume", from, to, "--spacing", "7.5")).code).toBe(0);
    const [before, after] = [readFileSync(from), readFileSync(to)];
    expect(after.subarray(1024).equals(before.subarray(1024))).toBe(true);
    for (const [start, end] of [
      [0, 40],
      [92, 108],
      [196, 208],
    ] as const)
      expect(after.subarray(start, end).equals(before.subarray(start, end)), `${start}`).toBe(true);
    expect((await readMrc(to)).spacing).toEqual([7.5, 7.5, 7.5]);
  });

  test("a spacing that is missing is asked for, and taken", async () => {
    const folder = temporaryFolder();
    const from = await source(folder);
    writeFileSync(from, readFileSync(from).fill(0, 40, 52));
    const to = join(folder, "to.zarr");
    const refused = await pickbench("volume", from, to);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/gives no voxel size .* --spacing/),
    ]);
    expect((await pickbench("volume", from, to, "--spacing", "10")).code).toBe(0);
    expect((await readZarr(to)).spacing).toEqual([10, 10, 10]);
  });

  test("channels: all into OME-Zarr, one into MRC", async () => {
    const folder = temporaryFolder();
    const from = join(folder, "from.zarr");
    const writer = await createOmeZarr(from, { shape, spacing, channels: ["a", "b"] });
    await writer.writeSlab(0, values, 0);
    await writer.writeSlab(
      0,
      values.map((value) => value + 1),
      1,
    );
    await writer.close();
    expect((await pickbench("volume", from, join(folder, "to.zarr"), "--zarr", "3", "--shard")).code).toBe(0);
    expect((await readZarr(join(folder, "to.zarr"), 1)).data).toEqual(values.map((value) => value + 1));
    const all = await pickbench("volume", from, join(folder, "to.mrc"));
    expect([all.code, all.stderr]).toEqual([1, expect.stringMatching(/choose with --channel one of a, b/)]);
    expect((await pickbench("volume", from, join(folder, "to.mrc"), "--channel", "b")).code).toBe(0);
    expect((await readMrc(join(folder, "to.mrc"))).data[0]).toBe(-99);
  });

  test.each([
    ["a target of no format", ["to.txt"], /says no format/],
    ["a target that stands", ["source.mrc"], /exists already; give --overwrite/],
    ["a type that cannot hold the values", ["to.mrc", "--type", "int8"], /int8 \(-128 to 127\) cannot hold/],
    ["a spacing that is none", ["to.mrc", "--spacing", "0"], /--spacing is 0/],
    ["shards of Zarr v2", ["to.zarr", "--shard"], /--shard is of Zarr v3/],
    ["bzip2", ["to.mrc.bz2"], /bzip2 is read, not written/],
    ["a level that is not there", ["to.mrc", "--level", "2"], /no level 2/],
  ])("%s is refused, and nothing is left behind", async (_name, [to, ...flags], message) => {
    const folder = temporaryFolder();
    const { code, stderr } = await pickbench("volume", await source(folder), join(folder, to!), ...flags);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(readdirSync(folder)).toEqual(["source.mrc"]);
  });

  test("a folder that is no store is never replaced", async () => {
    const folder = temporaryFolder();
    const to = join(folder, "mine.zarr");
    const from = await source(folder);
    mkdirSync(to);
    writeFileSync(join(to, "note.txt"), "keep");
    expect((await pickbench("volume", from, to, "--overwrite")).code).toBe(1);
    expect(existsSync(join(to, "note.txt"))).toBe(true);
  });
});
