import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { simulateDataset as simulateByLibrary } from "../../../../src/api/simulate.js";
import { openDataset } from "../../../../src/data/dataset.js";
import { readTruth } from "../../../../src/data/picks.js";
import { cellFeatures } from "../../../../src/data/simulate/cell/features.js";
import { defaultRanges, withFixed } from "../../../../src/data/simulate/rangesFile.js";
import { simulateDataset } from "../../../../src/data/simulate/simulateDataset.js";
import { openOmeZarr, openTomogram } from "../../../../src/data/tomograms/omeZarr.js";
import { hashFile } from "../../../../src/system/files.js";
import { pickbench } from "../../../support/commandLine.js";

const settings = { shape: [34, 48, 52], spacing: 12, seed: 9, part: "train" } as const;
const ranges = withFixed(defaultRanges, { crowding: 0.01 });

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "pickbench-cell-"));
  await simulateDataset({ ...settings, runs: 2, out: join(root, "two"), ranges, cell: {}, preview: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function hashesOf(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => [file.slice(folder.length), await hashFile(file)] as [string, string]),
  );
}

it("gives a tomogram the same bytes alone on one thread as beside another", async () => {
  const out = join(root, "one");
  await simulateDataset({ ...settings, runs: 1, out, ranges, cell: {} });
  const alone = (await hashesOf(join(out, "train"))).filter(([file]) => file.includes("TS_S1"));
  const beside = (await hashesOf(join(root, "two/train"))).filter(([file]) => file.includes("TS_S1"));
  expect(alone.length).toBeGreaterThan(50);
  expect(alone).toEqual(beside);
});

it("writes a binary copick segmentation of each feature on the tomogram's grid, empty where there is none", async () => {
  const dataset = await openDataset(join(root, "two"));
  expect(dataset.runs.map(({ name }) => name)).toEqual(["TS_S1", "TS_S2"]);
  expect([...(await readTruth(dataset)).values()].flat().length).toBeGreaterThan(4);
  for (const run of ["TS_S1", "TS_S2"]) {
    const folder = join(root, "two/train/overlay/ExperimentRuns", run, "Segmentations");
    expect((await readdir(folder)).sort()).toEqual(
      cellFeatures.map((feature) => `12.000_simulate_0_${feature}.zarr`).sort(),
    );
    for (const feature of cellFeatures) {
      const ref = await openOmeZarr(join(folder, `12.000_simulate_0_${feature}.zarr`));
      expect(ref.levels.map(({ shape }) => shape)[0]).toEqual([34, 48, 52]);
      expect(ref.levels[0]!.spacing).toEqual([12, 12, 12]);
      const array = JSON.parse(await readFile(join(ref.path, "0/.zarray"), "utf8"));
      expect(array).toMatchObject({ zarr_format: 2, dtype: "|u1", shape: [34, 48, 52] });
      const reader = await openTomogram(ref);
      const values = await reader.readAll();
      const held = values.data.filter((value) => value === 1).length;
      expect(held + values.data.filter((value) => value === 0).length).toBe(34 * 48 * 52);
      const isAbsent = run === "TS_S2" && (feature === "carbon" || feature === "ice");
      expect(held > 0).toBe(!isAbsent);
    }
  }
});

it("notes the scene, and keeps a solution's note as it was", async () => {
  const note = JSON.parse(await readFile(join(root, "two/train/phantom.json"), "utf8"));
  expect(note).toMatchObject({
    scene: "cell",
    features: cellFeatures,
    inEveryTomogram: false,
  });
  expect(note.ranges).toEqual(ranges);
  await simulateDataset({ ...settings, runs: 1, out: join(root, "plain") });
  const plain = JSON.parse(await readFile(join(root, "plain/train/phantom.json"), "utf8"));
  expect(Object.keys(plain).sort()).toEqual(
    ["counts", "densities", "madeBy", "part", "ranges", "runs", "seed", "shape", "spacing"].sort(),
  );
});

it("takes its flags on the command line, and refuses wrong ones", async () => {
  const out = join(root, "flags");
  const base = ["simulate", "--out", out, "--count", "1", "--size", "34,48,52", "--spacing", "12", "--quiet"];
  const wrong = await pickbench(...base, "--scene", "cell", "--features", "membrane,golgi");
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('--features has "golgi"')]);
  const alone = await pickbench(...base, "--features", "membrane");
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining("add --scene cell")]);
  const packed = await pickbench(...base, "--scene", "cell", "--crowding", "0.5");
  expect([packed.code, packed.stderr]).toEqual([1, expect.stringContaining("from 0 to 0.25")]);
  const flags = ["--scene", "cell", "--features", "gold", "--crowding", "0", "--part", "test", "--json"];
  const made = await pickbench(...base, ...flags);
  expect(JSON.parse(made.stdout).runs[0].features).toEqual({ gold: expect.any(Number) });
  const segmentations = join(out, "truth/overlay/ExperimentRuns/TS_T1/Segmentations");
  expect(await readdir(segmentations)).toEqual(["12.000_simulate_0_gold.zarr"]);
});

it("is refused by name in the library too", async () => {
  const out = join(root, "library");
  await expect(simulateByLibrary(out, { crowding: 0.1 })).rejects.toThrow('add scene: "cell"');
  await expect(simulateByLibrary(out, { scene: "cell", crowding: 1 })).rejects.toThrow(
    "crowding is 1, wanted",
  );
});
