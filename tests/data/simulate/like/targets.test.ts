import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measureTargets } from "../../../../src/data/simulate/like/targets.js";
import { randomFor } from "../../../../src/domain/random.js";
import { angstrom } from "../../../../src/domain/units.js";
import type { Shape3 } from "../../../../src/domain/volume.js";
import { createMrc } from "../../../../src/formats/mrc/writer.js";
import { silentReporter } from "../../../../src/system/reporter.js";
import { temporaryFolder, writeTree } from "../../../support/storeFixtures.js";

const shape: Shape3 = [12, 16, 16];

async function writeTomogram(path: string, value: (at: number) => number, spacing = 10): Promise<void> {
  const step = angstrom(spacing);
  const writer = await createMrc(path, { shape, spacing: [step, step, step] });
  await writer.writeSlab(
    0,
    Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, at) => value(at)),
  );
  await writer.close();
}

const noise = () => {
  const random = randomFor(1, "targets test");
  return () => random.normal();
};

const measured = (folder: string) => measureTargets(folder, silentReporter);

describe("measureTargets", () => {
  it("takes files whose names tell no reconstruction for denoised ones, each at its own spacing", async () => {
    const folder = temporaryFolder();
    await writeTomogram(join(folder, "TS_1.mrc"), noise());
    await writeTomogram(join(folder, "TS_2.mrc"), noise(), 14);
    const targets = await measured(folder);
    expect(targets.map(({ run, kind }) => [run, kind])).toEqual([
      ["TS_1", "denoised"],
      ["TS_2", "denoised"],
    ]);
    expect(targets.map(({ power: { width, power } }) => width * power.length)).toEqual([
      expect.closeTo(0.5 / 10, 9),
      expect.closeTo(0.5 / 14, 9),
    ]);
  });

  it("takes both reconstructions of a run, and the raw one for itself where it is alone", async () => {
    const folder = writeTree(temporaryFolder(), { "TS_1/notes.txt": "", "TS_2/notes.txt": "" });
    await writeTomogram(join(folder, "TS_1/denoised.mrc"), noise());
    await writeTomogram(join(folder, "TS_1/wbp.mrc"), noise());
    await writeTomogram(join(folder, "TS_2/wbp.mrc"), noise());
    expect((await measured(folder)).map(({ run, kind }) => [run, kind])).toEqual([
      ["TS_1", "denoised"],
      ["TS_1", "wbp"],
      ["TS_2", "wbp"],
    ]);
  });

  it("refuses tomograms in which nothing can be seen, and folders without one", async () => {
    const folder = temporaryFolder();
    await writeTomogram(join(folder, "TS_1.mrc"), () => 5);
    await expect(measured(folder)).rejects.toThrow(/TS_1 tomogram: every voxel is 5/);
    const blank = temporaryFolder();
    await writeTomogram(join(blank, "TS_1.mrc"), () => Number.NaN);
    await expect(measured(blank)).rejects.toThrow(/every voxel is NaN/);
    await expect(measured(temporaryFolder())).rejects.toThrow();
  });

  it("measures the voxels that hold data alone", async () => {
    const [whole, holes] = [temporaryFolder(), temporaryFolder()];
    const [one, same] = [noise(), noise()];
    await writeTomogram(join(whole, "TS_1.mrc"), one);
    await writeTomogram(join(holes, "TS_1.mrc"), (at) => {
      const value = same();
      return at % 16 < 4 ? Number.NaN : value;
    });
    const [[full], [part]] = await Promise.all([measured(whole), measured(holes)]);
    expect(part!.scale / full!.scale).toBeCloseTo(1, 1);
    expect(part!.power.power.every((power) => power > 0.1)).toBe(true);
  });
});
