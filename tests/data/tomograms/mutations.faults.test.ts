import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3, Volume } from "../../../src/domain/volume.js";
import { readMrc } from "../../../src/formats/mrc/reader.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { isPickbenchError } from "../../../src/system/errors.js";
import { faults, longestRead } from "../../support/faults.js";
import { temporaryFolder } from "../../support/storeFixtures.js";
import { mutated } from "../../support/volumeMutations.js";

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

/** An MRC file's voxels by the table of MRC2014, one at a time; z, y, x. */
function naively(bytes: Buffer): number[] {
  const little = bytes[212] === 0x44 || (bytes[212] !== 0x11 && (bytes[12]! | bytes[64]!) !== 0);
  const integer = (word: number) => (little ? bytes.readInt32LE(4 * word) : bytes.readInt32BE(4 * word));
  const [columns, rows, all, mode] = [0, 1, 2, 3].map(integer) as [number, number, number, number];
  const named = [16, 17, 18].map(integer);
  const axes = named.every((axis) => axis === 0) ? [1, 2, 3] : named;
  const sections = integer(22) === 401 ? integer(9) : all;
  const isUnsigned = integer(38) === 1146047817 && (integer(39) & 1) === 0;
  const size = mode === 0 ? 1 : mode === 2 ? 4 : 2;
  const sizes = [columns, rows, sections];
  const along = [3, 2, 1].map((axis) => axes.indexOf(axis));
  const valueAt = (at: number): number => {
    if (mode === 0) return isUnsigned ? bytes[at]! : bytes.readInt8(at);
    const word = bytes.subarray(at, at + size);
    const turned = little ? word : Buffer.from(word).reverse();
    if (mode === 1) return turned.readInt16LE();
    if (mode === 2) return turned.readFloatLE();
    return mode === 6 ? turned.readUInt16LE() : half(turned.readUInt16LE());
  };
  const found: number[] = [];
  const [zSize, ySize, xSize] = along.map((place) => sizes[place]!) as [number, number, number];
  for (let z = 0; z < zSize; z++)
    for (let y = 0; y < ySize; y++)
      for (let x = 0; x < xSize; x++) {
        const place = [0, 0, 0];
        for (const [i, index] of [z, y, x].entries()) place[along[i]!] = index;
        const flat = (place[2]! * rows + place[1]!) * columns + place[0]!;
        found.push(valueAt(1024 + integer(23) + flat * size));
      }
  return found;
}

function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size = exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction);
  return bits & 0x8000 ? -size : size;
}

async function mrcSeeds(folder: string): Promise<Buffer[]> {
  const seeds: Buffer[] = [];
  for (const mode of [0, 1, 2, 6, 12] as const)
    for (const littleEndian of [true, false]) {
      const path = join(folder, "seed.mrc");
      const extended = { type: "AGAR", bytes: new Uint8Array(mode * 8) };
      const writer = await createMrc(path, { shape, spacing, mode, littleEndian, extended });
      await writer.writeSlab(0, mode === 6 ? values.map(Math.abs) : values);
      await writer.close();
      seeds.push(readFileSync(path));
    }
  return seeds;
}

const bzip2 = "/bin/bzip2";

describe("MRC files with faults are refused in one sentence, or read as they say", () => {
  test(`${count} plain, gzipped and bzip2ed`, async () => {
    const folder = temporaryFolder();
    const seeds = await mrcSeeds(folder);
    const gzipped = seeds.map((seed) => gzipSync(seed));
    const bzipped = existsSync(bzip2)
      ? seeds.map((seed) => execFileSync(bzip2, ["-1"], { input: seed }))
      : [];
    const outcomes = { read: 0, refused: 0 };
    for (let i = 0; i < count; i++) {
      const random = randomFor(i, "mrc fuzz");
      const which = random.integer(seeds.length);
      const packing = i % 5 === 0 ? "gzip" : i % 5 === 1 && bzipped.length > 0 ? "bzip2" : "plain";
      const [seed, first] =
        packing === "gzip"
          ? [gzipped[which]!, undefined]
          : packing === "bzip2"
            ? [bzipped[which]!, undefined]
            : [seeds[which]!, i % 2 === 0 ? 256 : undefined];
      const bytes = mutated(seed, random, first);
      const path = join(folder, "a.mrc");
      writeFileSync(path, bytes);
      const what = `fault ${i}, ${packing}`;
      const volume = await readOrRefused(what, () => readMrc(path, { spacing: angstrom(1) }));
      outcomes[volume ? "read" : "refused"]++;
      if (!volume) continue;
      const meant = packing === "plain" ? bytes : packing === "gzip" ? gunzipSync(bytes) : seeds[which]!;
      if (volume.data.join() !== naively(meant).join()) expect.fail(`${what}: read otherwise than it says`);
    }
    expect(outcomes.read).toBeGreaterThan(count / 20);
    expect(outcomes.refused).toBeGreaterThan(count / 20);
  });

  test("10^12 voxels in a small file, plain and packed", async () => {
    const folder = temporaryFolder();
    const [seed] = await mrcSeeds(folder);
    const bytes = Buffer.from(seed!);
    for (const word of [0, 1, 2]) bytes.writeInt32LE(10_000, 4 * word);
    for (const [name, content] of [
      ["a.mrc", bytes],
      ["a.mrc.gz", gzipSync(bytes)],
      ...(existsSync(bzip2) ? [["a.mrc.bz2", execFileSync(bzip2, { input: bytes })] as const] : []),
    ] as const) {
      writeFileSync(join(folder, name), content);
      await expect(readMrc(join(folder, name))).rejects.toThrow(
        /header says 10000×10000×10000 voxels .* copy it again/,
      );
    }
  });
});
