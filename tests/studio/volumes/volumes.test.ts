// Planes, blocks and values of volumes, also of files that are replaced meanwhile.
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import { mrcHeaderBytes } from "../../../src/formats/mrc/header.js";
import { blockOf } from "../../../src/studio/volumes/block.js";
import { volumePlaces } from "../../../src/studio/volumes/place.js";
import { bytesOfWords } from "../../../src/studio/volumes/shades.js";
import { type Axis, Volumes } from "../../../src/studio/volumes/slices.js";
import { temporaryFolder } from "../../support/storeFixtures.js";

let written = 0;

/** Writes an MRC file of floats by voxel, each with a time of its own, however seldom the file system's clock ticks. */
function writeVolume(path: string, [depth, height, width]: Shape3, valueAt: (at: number) => number): void {
  const header = mrcHeaderBytes({
    ...{ littleEndian: true, counts: [width, height, depth], voxelSize: [10, 10, 10], volumes: 1, mode: 2 },
    ...{ start: [0, 0, 0], origin: [0, 0, 0], extendedSize: 0, extendedType: "", label: "" },
    statistics: { least: 0, greatest: 0, mean: 0, deviation: 0 },
  });
  const values = Float32Array.from({ length: depth * height * width }, (_, at) => valueAt(at));
  writeFileSync(path, Buffer.concat([header, Buffer.from(values.buffer)]));
  utimesSync(path, ++written, written);
}

async function volumesAt(path: string): Promise<Volumes> {
  return new Volumes(volumePlaces(await openDataset(path), []));
}

const wave = (at: number): number => Math.sin(at * 12.9898) * 3;

describe("planes", () => {
  test("hold the voxels across each axis", async () => {
    const path = join(temporaryFolder(), "R1.mrc");
    const shape = [5, 7, 9] as const;
    writeVolume(path, shape, wave);
    const volumes = await volumesAt(path);
    const { range } = await volumes.info("t0-0");
    const step = (range[1] - range[0]) / 65_535;
    for (const [across, axis] of (["z", "y", "x"] as Axis[]).entries())
      for (let index = 0; index < shape[across]!; index++) {
        const { size, words } = await volumes.plane("t0-0", 0, axis, index);
        const [down, right] = [0, 1, 2].filter((each) => each !== across) as [number, number];
        expect(size).toEqual([shape[down], shape[right]]);
        for (const [at, word] of words.entries()) {
          const place = [0, 0, 0];
          place[across] = index;
          place[down] = Math.floor(at / shape[right]!);
          place[right] = at % shape[right]!;
          const value = Math.fround(wave((place[0]! * shape[1] + place[1]!) * shape[2] + place[2]!));
          expect(Math.abs(range[0] + word * step - value)).toBeLessThan(step);
        }
      }
    expect(await volumes.value("t0-0", [4, 6, 8])).toBe(Math.fround(wave(314)));
  });

  test("of a file that was replaced are the new ones; another size is told", async () => {
    const path = join(temporaryFolder(), "R1.mrc");
    writeVolume(path, [4, 6, 8], wave);
    const volumes = await volumesAt(path);
    const { range } = await volumes.info("t0-0");
    await volumes.plane("t0-0", 0, "z", 1);
    writeVolume(path, [4, 6, 8], (at) => wave(at) / 2 + 1);
    const { words } = await volumes.plane("t0-0", 0, "z", 1);
    const shown = range[0] + (words[5]! * (range[1] - range[0])) / 65_535;
    expect(shown).toBeCloseTo(await volumes.value("t0-0", [1, 0, 5]), 2);
    expect((await volumes.info("t0-0")).range).toEqual(range);
    writeVolume(path, [4, 6, 10], wave);
    await expect(volumes.plane("t0-0", 0, "z", 1)).rejects.toMatchObject({
      message: expect.stringMatching(/replaced by a volume of another size; load the page anew/),
    });
    await volumes.info("t0-0");
    expect((await volumes.plane("t0-0", 0, "z", 1)).size).toEqual([6, 10]);
  });

  test("of a volume with NaN are shown, as blank where it is", async () => {
    const path = join(temporaryFolder(), "R1.mrc");
    writeVolume(path, [4, 6, 8], (at) => (at % 3 === 0 ? Number.NaN : wave(at)));
    const volumes = await volumesAt(path);
    const { contrast } = await volumes.info("t0-0");
    expect(contrast.every(Number.isFinite)).toBe(true);
    expect(contrast[1]).toBeGreaterThan(contrast[0]);
    expect((await volumes.plane("t0-0", 0, "z", 0)).words[0]).toBe(0);
  });
});

describe("blocks", () => {
  const reading = (shape: Shape3, valueAt: (z: number, y: number, x: number) => number) => ({
    levels: [{ shape, spacing: [10, 10, 10] as never, chunkShape: shape }],
    read: async (_: number, { start, end }: { start: Shape3; end: Shape3 }) => {
      for (const [axis, to] of end.entries()) if (to > shape[axis]!) throw new Error("beyond the end");
      const out: number[] = [];
      for (let z = start[0]; z < end[0]; z++)
        for (let y = start[1]; y < end[1]; y++)
          for (let x = start[2]; x < end[2]; x++) out.push(valueAt(z, y, x));
      return Float32Array.from(out);
    },
  });

  test("of a sheet that is thinner than a cube have its one plane", async () => {
    const block = await blockOf(
      reading([1, 4000, 2600], (_, y) => y / 4000),
      0,
      [0, 1],
      "probability",
    );
    expect(block.shape[0]).toBe(1);
    expect(block.shape[1] * block.shape[2]).toBeLessThanOrEqual(10_000_000);
    const rows = 4000 / block.shape[1];
    expect(block.spacing).toEqual([10, 10 * Math.round(rows), block.spacing[2]]);
    expect(block.bytes.at(-1)).toBe(255);
  });

  test("of labels have no two of 255 neighbouring labels alike, and none like nothing", async () => {
    const labels = await blockOf(
      reading([1, 1, 600], (_, __, x) => x),
      0,
      [0, 255],
      "labels",
    );
    expect([...labels.bytes.subarray(0, 256)]).toEqual(Array.from({ length: 256 }, (_, at) => at));
    expect(labels.bytes.subarray(1).includes(0)).toBe(false);
    expect(labels.bytes[256]).toBe(1);
    const shades = { range: [0, 65_535], byteRange: [0, 255], contrast: [0, 1] } as const;
    expect([...bytesOfWords(Uint16Array.of(0, 255, 256, 300), shades, true)]).toEqual([0, 255, 1, 45]);
  });
});

test("what a page shows first is read before it asks", async () => {
  let reads = 0;
  const shape = [8, 320, 40] as const;
  const grid = { shape, spacing: [10, 10, 10] as never, chunkShape: shape };
  const read = async (): Promise<Float32Array> => {
    reads++;
    return Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, at) => wave(at));
  };
  const place = (id: string, name: string, isShown: boolean) => ({
    ...{ id, name, run: "R1", kind: "tomogram" as const, path: "/none", isShown },
    open: async () => ({ levels: [grid], read }),
  });
  const volumes = new Volumes([place("t0-0", "wbp", false), place("t0-1", "denoised at 10 Å", true)]);
  await volumes.openFirst();
  expect(reads).toBeGreaterThan(0);
  const before = reads;
  await volumes.info("t0-1");
  await volumes.plane("t0-1", 0, "z", 4);
  expect(reads).toBe(before);
  await new Volumes([]).openFirst();
});
