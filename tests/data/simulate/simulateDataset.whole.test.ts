import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readTruth } from "../../../src/data/picks.js";
import { simulateDataset } from "../../../src/data/simulate/simulateDataset.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { challengeParticles } from "../../../src/domain/particles.js";
import { hashFile } from "../../../src/system/files.js";
import { hearingReporter } from "../../support/hearingReporter.js";

const spacing = 10.012444196428572;
const settings = { runs: 2, shape: [40, 64, 72], spacing, seed: 5, part: "train" } as const;

/** Hash of every file of the reconstructions and picks by its path. */
async function hashesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = await Promise.all(
    files.sort().map(async (file) => [file.slice(folder.length), await hashFile(file)]),
  );
  return Object.fromEntries(hashes) as Record<string, string>;
}

describe("simulateDataset", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "pickbench-simulate-"));
    await simulateDataset({ ...settings, out: join(root, "a"), preview: true });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("gives the same bytes for the same seed, in every file", async () => {
    await simulateDataset({ ...settings, out: join(root, "b"), preview: true });
    const first = await hashesOf(join(root, "a"));
    expect(Object.keys(first).length).toBeGreaterThan(30);
    expect(await hashesOf(join(root, "b"))).toEqual(first);
  });

  it("gives other bytes for another seed, another run and the other part", async () => {
    await simulateDataset({ ...settings, runs: 1, seed: 6, out: join(root, "c") });
    await simulateDataset({ ...settings, runs: 1, part: "test", out: join(root, "c") });
    const chunk = (folder: string, part: string, run: string) =>
      hashFile(
        join(root, folder, part, "static/ExperimentRuns", run, "VoxelSpacing10.012/denoised.zarr/0/0/0/0"),
      );
    const hashes = await Promise.all([
      chunk("a", "train", "TS_S1"),
      chunk("a", "train", "TS_S2"),
      chunk("c", "train", "TS_S1"),
      chunk("c", "test", "TS_T1"),
    ]);
    expect(new Set(hashes).size).toBe(4);
    expect((await openDataset(join(root, "c"), { part: "test" })).runs.map(({ name }) => name)).toEqual([
      "TS_T1",
    ]);
    expect((await readTruth(await openDataset(join(root, "c/truth")))).get("TS_T1")!.length).toBeGreaterThan(
      0,
    );
  });

  it("opens as a data set, with picks of all six types inside the tomogram", async () => {
    const dataset = await openDataset(join(root, "a"));
    expect(dataset.runs.map(({ name }) => name)).toEqual(["TS_S1", "TS_S2"]);
    expect(dataset.runs[0]!.tomograms.map(({ tomoType }) => tomoType)).toEqual(["denoised", "wbp"]);
    const truth = await readTruth(dataset);
    const picks = [...truth.values()].flat();
    expect(new Set(picks.map(({ type }) => type)).size).toBe(challengeParticles.length);
    for (const { x, y, z } of picks) {
      expect(z > 0 && z < 40 * spacing).toBe(true);
      expect(y > -1 && y < 64 * spacing + 1 && x > -1 && x < 72 * spacing + 1).toBe(true);
    }
  });

  it("records what was drawn, and writes half sets whose mean is the whole", async () => {
    const out = join(root, "halves");
    await simulateDataset({ ...settings, runs: 1, out, halves: true });
    const text = await readFile(join(out, "train/drawn/TS_S1.json"), "utf8");
    expect(await readFile(join(root, "a/train/drawn/TS_S1.json"), "utf8")).toBe(text);
    expect(JSON.parse(await readFile(join(out, "train/phantom.json"), "utf8"))).toHaveProperty(
      "halves",
      true,
    );
    expect(await readFile(join(root, "a/train/phantom.json"), "utf8")).not.toContain("halves");
    const drawn = JSON.parse(text);
    expect(drawn.optics.defocus).toBeGreaterThan(15_000);
    expect(drawn.tilts.length).toBeGreaterThan(20);
    expect(drawn.tilts.at(-1).angle).toBeLessThanOrEqual(drawn.highest);
    expect(drawn.thickness).toBeLessThan(40 * spacing);
    const [run] = (await openDataset(out)).runs;
    const values = new Map<string, Float32Array>();
    for (const ref of run!.tomograms) {
      const { data } = await (await openTomogram(ref)).readAll();
      values.set(ref.tomoType, Float32Array.from(data));
    }
    expect([...values.keys()].sort()).toEqual(["denoised", "wbp", "wbp-even", "wbp-odd"]);
    const [whole, even, odd] = ["wbp", "wbp-even", "wbp-odd"].map((kind) => values.get(kind)!);
    let [error, apart] = [0, 0];
    for (let i = 0; i < whole!.length; i++) {
      error = Math.max(error, Math.abs((even![i]! + odd![i]!) / 2 - whole![i]!));
      apart = Math.max(apart, Math.abs(even![i]! - odd![i]!));
    }
    expect(error).toBeLessThan(1e-11);
    expect(apart).toBeGreaterThan(1e-6);
  });

  it("keeps the counts that are asked for, and writes pictures", async () => {
    const counts = new Map(challengeParticles.map(({ name }) => [name, name === "apo-ferritin" ? 7 : 0]));
    const reporter = hearingReporter();
    const [run] = await simulateDataset({ ...settings, runs: 1, out: join(root, "d"), counts, reporter });
    expect(reporter.updates).toEqual(["simulating 1/1 tomograms"]);
    expect(run!.counts.ribosome).toBe(0);
    expect(run!.counts["apo-ferritin"]).toBe(7);
    const picture = decode(await readFile(join(root, "a/preview/TS_S1.png")));
    expect([picture.width, picture.height]).toEqual([72 * 8, 64 * 8]);
  });

  it("refuses more particles than there is room for", async () => {
    const counts = new Map([["virus-like-particle", 40]]);
    const reporter = hearingReporter();
    const options = { ...settings, runs: 1, out: join(root, "full"), counts, reporter };
    await expect(simulateDataset(options)).rejects.toThrow(
      /40 virus-like-particle were asked for, but \d found room in 40 × 64 × 72 voxels/,
    );
    expect(reporter.running).toEqual(new Set());
    expect(await readdir(root)).not.toContain("full");
  });

  it("never writes over other data, nor over phantoms unless told", async () => {
    const foreign = join(root, "e/train/static/ExperimentRuns/TS_5_4");
    await mkdir(foreign, { recursive: true });
    await expect(simulateDataset({ ...settings, out: join(root, "e"), overwrite: true })).rejects.toThrow(
      /did not make/,
    );
    await expect(simulateDataset({ ...settings, out: join(root, "a") })).rejects.toThrow(/--overwrite/);
    await simulateDataset({ ...settings, runs: 1, out: join(root, "d"), overwrite: true });
    expect((await openDataset(join(root, "d"))).runs).toHaveLength(1);
  });

  it("removes nothing that it did not write, where it fails", async () => {
    const mine = join(root, "mine/drawn/notes.txt");
    await mkdir(join(root, "mine/drawn"), { recursive: true });
    await writeFile(mine, "mine");
    const counts = new Map([["virus-like-particle", 40]]);
    const options = { ...settings, runs: 1, out: join(root, "mine"), flat: true, counts };
    await expect(simulateDataset(options)).rejects.toThrow(/found room/);
    expect(await readFile(mine, "utf8")).toBe("mine");
    expect(await readdir(join(root, "mine"))).toEqual(["drawn"]);
  });

  it("refuses to replace the phantoms that it shall imitate", async () => {
    const before = await hashesOf(join(root, "a"));
    for (const like of ["a", "a/train"])
      await expect(
        simulateDataset({ ...settings, out: join(root, "a"), overwrite: true, like: join(root, like) }),
      ).rejects.toThrow(/--overwrite would replace/);
    expect(await hashesOf(join(root, "a"))).toEqual(before);
  });

  it("says which folder holds no density maps", async () => {
    await mkdir(join(root, "empty"));
    const densities = join(root, "empty");
    await expect(simulateDataset({ ...settings, out: join(root, "f"), densities })).rejects.toThrow(
      /empty holds no density map/,
    );
  });
});
