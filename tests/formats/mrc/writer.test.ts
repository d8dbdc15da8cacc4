import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

const shape: Shape3 = [3, 2, 4];
const spacing: Spacing3 = [angstrom(10), angstrom(11), angstrom(12)];
const values = Float32Array.from({ length: 24 }, (_, i) => i);

describe("createMrc", () => {
  test("nothing stands in its place before close, and what stood there is replaced whole", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "a.mrc");
    writeFileSync(path, "old");
    const writer = await createMrc(path, { shape, spacing });
    await writer.writeSlab(0, values);
    expect(readFileSync(path, "utf8")).toBe("old");
    await writer.close();
    expect((await readMrc(path)).data).toEqual(values);
    const dropped = await createMrc(path, { shape, spacing });
    await dropped.discard();
    expect(readdirSync(folder)).toEqual(["a.mrc"]);
  });

  test("the same values give the same bytes, however they are cut, and gzipped the same file", async () => {
    const folder = temporaryFolder();
    const write = async (name: string, depth: number) => {
      const writer = await createMrc(join(folder, name), { shape, spacing, mode: 12 });
      for (let z = 0; z < 3; z += depth)
        await writer.writeSlab(z, values.subarray(8 * z, 8 * Math.min(3, z + depth)));
      await writer.close();
      return readFileSync(join(folder, name));
    };
    const whole = await write("a.mrc", 3);
    expect((await write("b.mrc", 1)).equals(whole)).toBe(true);
    expect(gunzipSync(await write("c.mrc.gz", 2)).equals(whole)).toBe(true);
    expect(readdirSync(folder)).toEqual(["a.mrc", "b.mrc", "c.mrc.gz"]);
  });

  test.each([
    [0, 128, /int8 \(-128 to 127\) cannot hold/],
    [1, -40000, /int16/],
    [6, -1, /uint16/],
    [12, 70000, /float16/],
    [12, Number.NaN, /a voxel is NaN/],
  ] as const)("mode %d does not take %d", async (mode, value, message) => {
    const writer = await createMrc(join(temporaryFolder(), "a.mrc"), { shape, spacing, mode });
    await expect(writer.writeSlab(0, values.with(5, value))).rejects.toThrow(message);
    await writer.discard();
  });

  test("gaps, overlaps, part planes and missing ends are refused, and bzip2 to be written", async () => {
    const path = join(temporaryFolder(), "a.mrc");
    const writer = await createMrc(path, { shape, spacing });
    await expect(writer.writeSlab(1, values.subarray(0, 8))).rejects.toThrow(/wanted whole ones from 0/);
    await expect(writer.writeSlab(0, values.subarray(0, 7))).rejects.toThrow(/wanted whole ones/);
    await writer.writeSlab(0, values.subarray(0, 16));
    await expect(writer.close()).rejects.toThrow(/ends at z = 2/);
    await writer.discard();
    await expect(createMrc(`${path}.bz2`, { shape, spacing })).rejects.toMatchObject({ name: "Unsupported" });
  });
});
