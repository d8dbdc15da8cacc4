import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openOmeZarr, openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";

/** 16 chunks of 2^19 values, with edges that lie outside along y and x: enough that helpers are called. */
const shape = [32, 450, 470] as const;
const chunkShape = [32, 128, 128] as const;
const folder = mkdtempSync(join(tmpdir(), "pickbench-pool-"));
const random = randomFor(3, "pool");
const values = Float32Array.from({ length: 32 * 450 * 470 }, () => random.normal() * 7e-6);
const shifted = values.map((value) => value + 1);

beforeAll(async () => {
  const spacing = [angstrom(10), angstrom(10), angstrom(10)] as const;
  const lone = { shape, spacing, chunkShape };
  const written = {
    lz4: lone,
    "v3 zstd": { ...lone, format: 3, compressor: "blosc-zstd" },
    channels: { ...lone, channels: ["a", "b"] },
  } as const;
  for (const [name, options] of Object.entries(written)) {
    const writer = await createOmeZarr(join(folder, name), options);
    await writer.writeSlab(0, values);
    if (name === "channels") await writer.writeSlab(0, shifted, 1);
    await writer.close();
  }
  writePlain(join(folder, "plain"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same without a compressor, which no fast way reads. */
function writePlain(store: string): void {
  mkdirSync(join(store, "0"), { recursive: true });
  writeFileSync(join(store, ".zattrs"), readFileSync(join(folder, "lz4/.zattrs")));
  const metadata = JSON.parse(readFileSync(join(folder, "lz4/0/.zarray"), "utf8")) as object;
  writeFileSync(join(store, "0/.zarray"), JSON.stringify({ ...metadata, compressor: null }));
  for (let cy = 0; cy < 4; cy++)
    for (let cx = 0; cx < 4; cx++) {
      const chunk = new Float32Array(32 * 128 * 128);
      for (let z = 0; z < 32; z++)
        for (let y = cy * 128; y < Math.min(450, cy * 128 + 128); y++) {
          const row = values.subarray(
            (z * 450 + y) * 470 + cx * 128,
            (z * 450 + y) * 470 + Math.min(470, cx * 128 + 128),
          );
          chunk.set(row, (z * 128 + (y % 128)) * 128);
        }
      mkdirSync(join(store, `0/0/${cy}`), { recursive: true });
      writeFileSync(join(store, `0/0/${cy}/${cx}`), new Uint8Array(chunk.buffer));
    }
}

const read = async (name: string, channel?: number) =>
  (await openTomogram(await openOmeZarr(join(folder, name)))).readAll(channel);
const areSame = (got: Float32Array, wanted: Float32Array) =>
  Buffer.compare(
    new Uint8Array(got.buffer, got.byteOffset, got.byteLength),
    new Uint8Array(wanted.buffer),
  ) === 0;

test.each(["lz4", "v3 zstd", "plain"])("%s: every value, bit by bit, twice and at once", async (name) => {
  const both = await Promise.all([read(name), read(name)]);
  for (const { data } of both) {
    expect(areSame(data, values)).toBe(true);
    expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
});

test("a channel of several", async () => {
  expect(areSame((await read("channels", 0)).data, values)).toBe(true);
  expect(areSame((await read("channels", 1)).data, shifted)).toBe(true);
});

test("a box whose faces cut chunks", async () => {
  const reader = await openTomogram(await openOmeZarr(join(folder, "lz4")));
  const region = await reader.readRegion({ start: [3, 5, 7], end: [31, 450, 469] });
  let index = 0;
  let wrong = 0;
  for (let z = 3; z < 31; z++)
    for (let y = 5; y < 450; y++)
      for (let x = 7; x < 469; x++) if (region[index++] !== values[(z * 450 + y) * 470 + x]) wrong++;
  expect([index, wrong]).toEqual([region.length, 0]);
});

describe.each(["lz4", "v3 zstd", "plain"])("%s: damage", (name) => {
  const chunk = (y: number, x: number) => join(folder, name, name === "v3 zstd" ? "0/c" : "0", `0/${y}/${x}`);
  /** Damages a chunk's file for the length of `during`. */
  async function damaged(file: string, damage: () => void, during: () => Promise<void>): Promise<void> {
    const whole = readFileSync(file);
    damage();
    await during().finally(() => writeFileSync(file, whole));
  }

  test("of two broken chunks the first is named, every time", async () => {
    const late = chunk(3, 1);
    const early = chunk(2, 3);
    await damaged(
      late,
      () => truncateSync(late, 10),
      () =>
        damaged(
          early,
          () => truncateSync(early, 1000),
          async () => {
            for (let round = 0; round < 3; round++)
              await expect(read(name)).rejects.toMatchObject({
                name: "BadDataset",
                path: early,
                message: expect.stringMatching(/chunk (cannot be decoded|decodes to)/),
              });
          },
        ),
    );
    expect(areSame((await read(name)).data, values)).toBe(true);
  });

  test("an absent chunk is the fill value, and no voxel outside it", async () => {
    const file = chunk(3, 3);
    await damaged(
      file,
      () => rmSync(file),
      async () => {
        const { data } = await read(name);
        const isIn = (i: number) => i % 470 >= 384 && Math.floor(i / 470) % 450 >= 384;
        const wrong = data.findIndex((value, i) => value !== (isIn(i) ? 0 : values[i]));
        expect(wrong).toBe(-1);
      },
    );
  });
});

test("the first broken chunk is named even where a later one fails sooner", async () => {
  const early = join(folder, "lz4/0/0/2/3");
  const late = join(folder, "lz4/0/0/3/0");
  const [earlyBytes, lateBytes] = [readFileSync(early), readFileSync(late)];
  const broken = Buffer.from(earlyBytes);
  broken.fill(0xff, lastBlockOf(broken) + 4);
  writeFileSync(early, broken);
  truncateSync(late, 10);
  for (let round = 0; round < 5; round++) await expect(read("lz4")).rejects.toThrow(early);
  writeFileSync(early, earlyBytes);
  writeFileSync(late, lateBytes);
});

/** Where the last block of a Blosc frame begins. */
function lastBlockOf(frame: Buffer): number {
  const blocks = Math.ceil(frame.readUInt32LE(4) / frame.readUInt32LE(8));
  return Math.max(...Array.from({ length: blocks }, (_, i) => frame.readUInt32LE(16 + 4 * i)));
}

test("a voxel that is not a number is named", async () => {
  const file = join(folder, "plain/0/0/2/1");
  const bytes = readFileSync(file);
  const broken = Buffer.from(bytes);
  broken.writeFloatLE(Number.NaN, 4 * ((5 * 128 + 6) * 128 + 7));
  writeFileSync(file, broken);
  await expect(read("plain")).rejects.toThrow(/voxel z,y,x = 5,262,135 /);
  writeFileSync(file, bytes);
});

test("what lies outside the volume is decoded too, so that damage there is seen", async () => {
  const file = join(folder, "lz4/0/0/3/0");
  const bytes = readFileSync(file);
  const broken = Buffer.from(bytes);
  // Rows 66 to 127 of each plane lie outside, so the end of the last block's streams does.
  broken.fill(0xff, Math.max(lastBlockOf(bytes) + 4, bytes.length - 40));
  writeFileSync(file, broken);
  await expect(read("lz4")).rejects.toThrow(`${file}: chunk cannot be decoded`);
  writeFileSync(file, bytes);
});

/** Runs a script in a process of its own, with `reader` for the LZ4 store; gives its lines, if it ends. */
async function runAlone(script: string): Promise<string[]> {
  const module = pathToFileURL(join(process.cwd(), "dist/data/tomograms/omeZarr.js")).href;
  const opened = `const { openOmeZarr, openTomogram } = await import(${JSON.stringify(module)});
    const reader = await openTomogram(await openOmeZarr(${JSON.stringify(join(folder, "lz4"))}));`;
  const file = join(folder, "alone.mjs");
  writeFileSync(file, `${opened}\n${script}`);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 250_000 });
  return stdout.trim().split("\n");
}

test("helpers do not keep the process alive", async () => {
  const lines = await runAlone(
    "for (let i = 0; i < 3; i++) console.log((await reader.readAll()).data.length);",
  );
  expect(lines).toEqual(new Array(3).fill(String(values.length)));
});

test("memory stays flat however many tomograms are read", async () => {
  const [megabytes] = await runAlone(
    "for (let i = 0; i < 40; i++) await reader.readAll();\nconsole.log(process.memoryUsage.rss() / 1e6);",
  );
  expect(Number(megabytes)).toBeLessThan(450);
});
