import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3, Volume } from "../../../src/domain/volume.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { isPickbenchError } from "../../../src/system/errors.js";
import { faults, longestRead } from "../../support/faults.js";
import { temporaryFolder } from "../../support/storeFixtures.js";
import { mutated, mutatedJson } from "../../support/volumeMutations.js";

const count = faults(400, 5000);
const shape: Shape3 = [5, 6, 7];
const spacing: Spacing3 = [angstrom(10), angstrom(11), angstrom(12)];
const values = Float32Array.from({ length: 210 }, (_, i) => i - 100);
const mostMemory = 2 ** 30;

/** What reading gives, or undefined where it is refused as it should be, in one sentence and in time. */
async function readOrRefused(what: string, read: () => Promise<Volume>): Promise<Volume | undefined> {
  const start = performance.now();
  try {
    return await read();
  } catch (error) {
    if (!isPickbenchError(error)) throw new Error(`${what}: ${error instanceof Error ? error.stack : error}`);
    if (error.message.includes("\n")) throw new Error(`${what}: more than one line: ${error.message}`);
    return undefined;
  } finally {
    const took = performance.now() - start;
    if (took > longestRead) expect.fail(`${what}: took ${took} ms`);
    if (process.memoryUsage.rss() > memoryAtStart + mostMemory) expect.fail(`${what}: took too much memory`);
  }
}
const memoryAtStart = process.memoryUsage().rss;

describe("OME-Zarr metadata with faults is refused in one sentence, or read as it says", () => {
  test(`${count} of groups and arrays, v2, v3 and sharded`, async () => {
    const folder = temporaryFolder();
    const stores = [
      { name: "v2.zarr", files: [".zattrs", "0/.zarray"], options: { format: 2 } },
      { name: "v3.zarr", files: ["zarr.json", "0/zarr.json"], options: { format: 3, compressor: "gzip" } },
      { name: "shard.zarr", files: ["zarr.json", "0/zarr.json"], options: { format: 3, sharded: true } },
    ] as const;
    for (const { name, options } of stores) {
      const writer = await createOmeZarr(join(folder, name), {
        shape,
        spacing,
        chunkShape: [4, 4, 4],
        ...options,
      });
      await writer.writeSlab(0, values);
      await writer.close();
    }
    const outcomes = { read: 0, refused: 0 };
    for (let i = 0; i < count; i++) {
      const random = randomFor(i, "zarr fuzz");
      const { name, files } = stores[random.integer(stores.length)]!;
      const file = join(folder, name, files[random.integer(files.length)]!);
      const whole = readFileSync(file);
      const spoilt =
        i % 3 === 0
          ? mutated(whole, random)
          : Buffer.from(JSON.stringify(mutatedJson(JSON.parse(whole.toString()), random)));
      writeFileSync(file, spoilt);
      const what = `fault ${i} in ${file}: ${spoilt.toString("latin1")}`;
      const volume = await readOrRefused(what, async () =>
        (await openTomogram(await openOmeZarr(join(folder, name)))).readAll(),
      );
      writeFileSync(file, whole);
      outcomes[volume ? "read" : "refused"]++;
      if (volume) checkRead(what, volume, file.endsWith(".zarray") || file.includes("0/zarr"), spoilt);
    }
    expect(outcomes.read).toBeGreaterThan(count / 20);
    expect(outcomes.refused).toBeGreaterThan(count / 20);
  });

  test("an array of 10^12 voxels is refused before memory is taken for it", async () => {
    const folder = join(temporaryFolder(), "a.zarr");
    const writer = await createOmeZarr(folder, { shape, spacing });
    await writer.writeSlab(0, values);
    await writer.close();
    const path = join(folder, "0/.zarray");
    const array = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    for (const chunks of [
      [5, 6, 7],
      [1000, 1000, 1000],
      [10_000, 10_000, 10_000],
    ]) {
      writeFileSync(path, JSON.stringify({ ...array, shape: [10_000, 10_000, 10_000], chunks }));
      const reading = async () => (await openTomogram(await openOmeZarr(folder))).readAll();
      await expect(reading()).rejects.toThrow(/has 1,000,000,000,000 voxels; at most [\d,]+ are read/);
    }
  });
});

/** What was read has the array's shape, and the values that were written, as far as they were not declared otherwise. */
function checkRead(what: string, { data, shape: read }: Volume, isArray: boolean, spoilt: Buffer): void {
  expect(data.length, what).toBe(read[0] * read[1] * read[2]);
  if (isArray) {
    const { shape: declared } = JSON.parse(spoilt.toString()) as { shape: number[] };
    expect(read, what).toEqual(declared);
  } else if (read.join() === shape.join()) expect(data, what).toEqual(values);
  else
    expect(
      [...data].sort((a, b) => a - b),
      what,
    ).toEqual([...values]);
}
