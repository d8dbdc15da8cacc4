import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { findRun, findTomogram, openDataset } from "../../../src/data/dataset.js";
import { inspectDataset } from "../../../src/data/inspect/inspection.js";
import { dataManifest } from "../../../src/data/manifest.js";
import { listPicks, readPicks, strayPicks } from "../../../src/data/picks.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { angstrom } from "../../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../../src/domain/volume.js";
import { createMrc } from "../../../src/formats/mrc/writer.js";
import { createOmeZarr } from "../../../src/formats/zarr/writer.js";
import { temporaryFolder, writeTree } from "../../support/storeFixtures.js";

const shape: Shape3 = [4, 5, 6];
const spacing: Spacing3 = [angstrom(10.5), angstrom(10.5), angstrom(10.5)];
const values = Float32Array.from({ length: 120 }, (_, i) => i);

async function volumeAt(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const writer = path.endsWith(".zarr")
    ? await createOmeZarr(path, { shape, spacing })
    : await createMrc(path, { shape, spacing });
  await writer.writeSlab(0, values);
  await writer.close();
}

async function folderOf(...names: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  for (const name of names) await volumeAt(join(folder, name));
  return folder;
}

const picks = JSON.stringify({ points: [{ location: { x: 1, y: 2, z: 3 } }] });
const listed = async (path: string) =>
  (await openDataset(path)).runs.map(({ name, tomograms }) => [
    name,
    tomograms.map(({ tomoType }) => tomoType),
  ]);

describe("a folder of MRC files", () => {
  test("a file a run; what Ais found in it is none; a lone tomogram answers to any type", async () => {
    const folder = await folderOf("TS_1.mrc", "TS_2.mrc.gz", "TS_1__Ribosome.mrc", "TS_3.zarr");
    expect(await listed(folder)).toEqual([
      ["TS_1", ["tomogram"]],
      ["TS_2", ["tomogram"]],
      ["TS_3", ["tomogram"]],
    ]);
    const dataset = await openDataset(folder);
    for (const { name } of dataset.runs) {
      const reader = await openTomogram(findTomogram(findRun(dataset, name), "denoised"));
      const volume = await reader.readAll();
      expect([volume.data, volume.shape, volume.spacing], name).toEqual([values, shape, spacing]);
      const part = await reader.readRegion({ start: [1, 2, 3], end: [3, 4, 6] });
      expect([...part], name).toEqual([45, 46, 47, 51, 52, 53, 75, 76, 77, 81, 82, 83]);
    }
    const entries = await dataManifest(dataset, ["TS_1"], { hash: true });
    expect(entries.map(({ path, size }) => [path, size])).toEqual([["TS_1.mrc", 1024 + 480]]);
  });

  test("folders of runs: types by the files' names, none of which is taken for another", async () => {
    const folder = await folderOf("TS_1/wbp.mrc", "TS_1/denoised.mrc", "TS_2/tomogram.rec", "TS_4/wbp.mrc");
    expect(await listed(folder)).toEqual([
      ["TS_1", ["denoised", "wbp"]],
      ["TS_2", ["tomogram"]],
      ["TS_4", ["wbp"]],
    ]);
    const { runs } = await openDataset(folder);
    expect(findTomogram(runs[1]!, "denoised").path).toBe(join(folder, "TS_2/tomogram.rec"));
    expect(() => findTomogram(runs[2]!, "denoised")).toThrow(/no tomogram denoised; there is wbp/);
  });

  test("train and test parts, and picks in overlay beside the files", async () => {
    const folder = await folderOf("train/TS_1.mrc", "test/TS_9.mrc");
    writeTree(folder, { "train/overlay/ExperimentRuns/TS_1/Picks/ribosome.json": picks });
    const dataset = await openDataset(folder);
    expect(dataset.runs.map(({ name }) => name)).toEqual(["TS_1"]);
    expect(dataset.runs[0]!.tomograms.length).toBe(1);
    expect(await readPicks(dataset, "TS_1", "ribosome")).toEqual([{ type: "ribosome", x: 1, y: 2, z: 3 }]);
    expect((await openDataset(folder, { part: "test" })).runs.map(({ name }) => name)).toEqual(["TS_9"]);
  });

  test("names that tell no type are no types; folders and files are told apart by what they are", async () => {
    const folder = await folderOf("TS_1/TS_1_rec.mrc", "TS_2.mrc/denoised.zarr", "TS_3.rec/TS_3.rec");
    const { runs } = await openDataset(folder);
    expect(runs.map(({ name }) => name)).toEqual(["TS_1", "TS_2", "TS_3"]);
    expect(runs.map((run) => findTomogram(run, "denoised").path)).toEqual(
      ["TS_1/TS_1_rec.mrc", "TS_2.mrc/denoised.zarr", "TS_3.rec/TS_3.rec"].map((name) => join(folder, name)),
    );
    expect(await listed(join(folder, "TS_2.mrc"))).toEqual([["denoised", ["tomogram"]]]);
  });

  test.each(["ts_2.mrc", "ts_2.zarr"])(
    "a run's folder called %s in copick's tree makes no second run",
    async (run) => {
      const store = `static/ExperimentRuns/${run}/VoxelSpacing10.000/denoised.zarr`;
      const folder = await folderOf(store);
      writeTree(folder, { [`overlay/ExperimentRuns/${run}/Picks/pickbench_0_ribosome.json`]: picks });
      expect(await listed(folder)).toEqual([[run, ["denoised"]]]);
    },
  );

  test("--spacing is of every tomogram, and helps where a header says none", async () => {
    const folder = await folderOf("TS_1.mrc", "TS_2.mrc", "TS_3.zarr", "TS_4.zarr", "TS_5.zarr");
    const path = join(folder, "TS_1.mrc");
    writeFileSync(path, readFileSync(path).fill(0, 40, 52));
    const spoil = (store: string, change: (text: string) => string) => {
      const file = join(folder, store, ".zattrs");
      writeFileSync(file, change(readFileSync(file, "utf8")));
    };
    spoil("TS_4.zarr", (text) => text.replaceAll("angstrom", "smoot"));
    spoil("TS_5.zarr", (text) =>
      text.replace(/"coordinateTransformations":\s*\[[^\]]*\][^\]]*\]/, '"x": []'),
    );
    const { runs } = await openDataset(folder, { spacing: 7.5 });
    for (const run of runs)
      expect((await openTomogram(findTomogram(run, "denoised"))).spacing).toEqual([7.5, 7.5, 7.5]);
  });

  test("one file alone", async () => {
    const folder = await folderOf("TS_1.mrc");
    expect(await listed(join(folder, "TS_1.mrc"))).toEqual([["TS_1", ["tomogram"]]]);
  });

  test("a header without voxel size is refused, with what to do", async () => {
    const folder = await folderOf("TS_1.mrc");
    const path = join(folder, "TS_1.mrc");
    writeFileSync(path, readFileSync(path).fill(0, 40, 52));
    const { runs } = await openDataset(folder);
    await expect(openTomogram(runs[0]!.tomograms[0]!)).rejects.toThrow(
      /no voxel size .* pickbench volume .* --spacing/,
    );
  });

  test("MRC files under names that are not read are named, with the name to give them", async () => {
    const folder = await folderOf("TS_1.mrc");
    renameSync(join(folder, "TS_1.mrc"), join(folder, "TS_1.mrcs"));
    const stack = /TS_1.mrcs.*: .mrcs is the name of a stack of images.* name it TS_1.mrc/;
    await expect(openDataset(join(folder, "TS_1.mrcs"))).rejects.toThrow(stack);
    await expect(openDataset(folder)).rejects.toThrow(stack);
    renameSync(join(folder, "TS_1.mrcs"), join(folder, "TS_1.preali"));
    const other = /TS_1.preali.*: it is an MRC file under a name that is not read.* name it TS_1.preali.mrc/;
    await expect(openDataset(join(folder, "TS_1.preali"))).rejects.toThrow(other);
    await expect(openDataset(folder)).rejects.toThrow(other);
    renameSync(join(folder, "TS_1.preali"), join(folder, "TS_1.preali.mrc"));
    expect(await listed(folder)).toEqual([["TS_1.preali", ["tomogram"]]]);
  });

  test("a folder with nothing of the kind is refused", async () => {
    const folder = writeTree(temporaryFolder(), { "a/readme.txt": "no" });
    await expect(openDataset(folder)).rejects.toThrow(/neither static\/ nor overlay\//);
  });
});

/** A run as the portal's downloads lay it out, with annotations of two objects, one of them twice. */
async function portalRun(folder: string, run: string): Promise<string> {
  const spacingFolder = join(folder, run, "Reconstructions/VoxelSpacing10.500");
  await volumeAt(join(spacingFolder, "Tomograms/100", `${run}.zarr`));
  await volumeAt(join(spacingFolder, "Tomograms/100", `${run}.mrc`));
  await volumeAt(join(spacingFolder, "Tomograms/101", `${run}.mrc`));
  const metadata = (processing: string) =>
    JSON.stringify({ reconstruction_method: "WBP", processing, voxel_spacing: 10.5 });
  const annotation = (name: string, file: string, truth: boolean) =>
    JSON.stringify({
      annotation_object: { name, id: "GO:1" },
      ground_truth_status: truth,
      files: [
        { format: "ndjson", path: `30001/${run}/${file}`, shape: "Point" },
        { format: "mrc", path: `30001/${run}/mask.mrc`, shape: "SegmentationMask" },
      ],
    });
  const point = (x: number) => `${JSON.stringify({ type: "point", location: { x, y: 2, z: 3 } })}\n`;
  writeTree(spacingFolder, {
    "Tomograms/100/tomogram_metadata.json": metadata("denoised"),
    "Tomograms/101/tomogram_metadata.json": metadata("raw"),
    "Annotations/100/ferritin_complex-1.0.json": annotation(
      "ferritin complex",
      "ferritin_complex-1.0_point.ndjson",
      true,
    ),
    "Annotations/100/ferritin_complex-1.0_point.ndjson": point(1) + point(2.5),
    "Annotations/101/ferritin_complex-1.0.json": annotation(
      "ferritin complex",
      "ferritin_complex-1.0_point.ndjson",
      false,
    ),
    "Annotations/101/ferritin_complex-1.0_point.ndjson": point(5),
    "Annotations/102-membrane-1.0.json": annotation("Membrane", "102-membrane-1.0_point.ndjson", true),
    "Annotations/102-membrane-1.0_point.ndjson": point(7),
    "Annotations/103/cytosolic_ribosome-1.0.json": annotation(
      "cytosolic ribosome",
      "not_downloaded.ndjson",
      true,
    ),
  });
  return folder;
}

describe("a download of the CryoET Data Portal", () => {
  test("spacings that folder, metadata and volume state are compared; one that is given is not", async () => {
    const folder = await portalRun(temporaryFolder(), "RUN1");
    const told = join(folder, "RUN1/Reconstructions/VoxelSpacing10.500/Tomograms/101/tomogram_metadata.json");
    writeFileSync(
      told,
      JSON.stringify({ processing: "raw", reconstruction_method: "WBP", voxel_spacing: 5.25 }),
    );
    const doubtsOf = async (options: { spacing?: number }) =>
      (await inspectDataset(await openDataset(folder, options), false)).runs[0]!.notes.filter((note) =>
        note.includes("Å a voxel"),
      );
    expect(await doubtsOf({})).toEqual([
      expect.stringMatching(
        /101\/RUN1.mrc: tomogram_metadata.json says 5.25 Å a voxel, its own metadata 10.5 Å/,
      ),
    ]);
    expect(await doubtsOf({ spacing: 21 })).toEqual([]);
    renameSync(
      join(folder, "RUN1/Reconstructions/VoxelSpacing10.500"),
      join(folder, "RUN1/Reconstructions/VoxelSpacing13.480"),
    );
    expect((await doubtsOf({}))[0]).toMatch(
      /RUN1.zarr: its folder says 13.48 Å a voxel, its own metadata 10.5 Å/,
    );
  });

  test("a dataset and a run: tomograms by their processing, OME-Zarr first", async () => {
    const folder = await portalRun(await portalRun(temporaryFolder(), "RUN1"), "RUN2");
    const expected = ["denoised", "wbp"];
    expect(await listed(folder)).toEqual([
      ["RUN1", expected],
      ["RUN2", expected],
    ]);
    expect(await listed(join(folder, "RUN2"))).toEqual([["RUN2", expected]]);
    const dataset = await openDataset(folder);
    const ref = findTomogram(dataset.runs[0]!, "denoised");
    expect([basename(ref.path), ref.voxelSpacing]).toEqual(["RUN1.zarr", 10.5]);
    expect((await (await openTomogram(ref)).readAll()).data).toEqual(values);
    expect((await dataManifest(dataset, ["RUN1"], { hash: false })).length).toBe(15);
  });

  test("truth is what says so; other annotations are read where they are asked for", async () => {
    const dataset = await openDataset(await portalRun(temporaryFolder(), "RUN1"));
    const xs = async (type: string, sessionId?: string) =>
      (await readPicks(dataset, "RUN1", type, sessionId ? { sessionId } : {})).map(({ x }) => x);
    expect(await readPicks(dataset, "RUN1", "apo-ferritin")).toEqual([
      { type: "apo-ferritin", x: 10.5, y: 21, z: 31.5 },
      { type: "apo-ferritin", x: 26.25, y: 21, z: 31.5 },
    ]);
    expect(await xs("apo-ferritin", "101")).toEqual([52.5]);
    expect(await xs("ribosome")).toEqual([]);
    expect((await listPicks(dataset, "RUN1", "apo-ferritin")).length).toBe(2);
    expect((await strayPicks(dataset, "RUN1")).map((path) => basename(path))).toEqual([
      "102-membrane-1.0_point.ndjson",
    ]);
  });

  test("a broken line and broken metadata are refused by name", async () => {
    const folder = await portalRun(temporaryFolder(), "RUN1");
    const inside = join(folder, "RUN1/Reconstructions/VoxelSpacing10.500/Annotations/100");
    writeFileSync(
      join(inside, "ferritin_complex-1.0_point.ndjson"),
      '{"type":"point","location":{"x":1,"y":2,"z":3}}\n{"x":',
    );
    const dataset = await openDataset(folder);
    await expect(readPicks(dataset, "RUN1", "apo-ferritin")).rejects.toThrow(/line 2 is .* mend the file/);
    writeFileSync(join(inside, "ferritin_complex-1.0.json"), '{"annotation_object": 3}');
    await expect(openDataset(folder)).rejects.toThrow(/not annotation metadata: annotation_object/);
  });

  const shared = "../shared/data/formats";
  test.skipIf(!existsSync(shared))(
    "the portal's own example and its points of TS_6_6 (skipped without ../shared)",
    async () => {
      expect(await listed(join(shared, "portal_backend/migrated_RUN1"))).toEqual([
        ["migrated_RUN1", ["wbp"]],
      ]);
      const folder = await portalRun(temporaryFolder(), "TS_6_6");
      const points = "thyroglobulin-2.0_point.ndjson";
      const inside = join(folder, "TS_6_6/Reconstructions/VoxelSpacing10.500/Annotations/104");
      mkdirSync(inside, { recursive: true });
      copyFileSync(join(shared, "portal_v2_TS_6_6", points), join(inside, points));
      writeFileSync(
        join(inside, "thyroglobulin-2.0.json"),
        JSON.stringify({
          annotation_object: { name: "Thyroglobulin" },
          ground_truth_status: true,
          files: [{ format: "ndjson", path: points }],
        }),
      );
      expect((await readPicks(await openDataset(folder), "TS_6_6", "thyroglobulin")).length).toBe(35);
    },
  );
});
