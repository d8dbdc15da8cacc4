import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findRun, findTomogram, openDataset, tomogramMeant, usualTomogram } from "../../src/data/dataset.js";
import { readTruth } from "../../src/data/picks.js";
import { challengeParticles } from "../../src/domain/particles.js";
import { temporaryFolder, writeTree } from "../support/storeFixtures.js";

const tomogram = (run: string, type: string, spacing = "10.000", root = "static") =>
  `${root}/ExperimentRuns/${run}/VoxelSpacing${spacing}/${type}.zarr/.zattrs`;

const challenge = (prefix = "") => ({
  [`${prefix}${tomogram("TS_2", "wbp")}`]: "",
  [`${prefix}${tomogram("TS_2", "denoised")}`]: "",
  [`${prefix}${tomogram("TS_1", "denoised")}`]: "",
  [`${prefix}overlay/ExperimentRuns/TS_3/Picks/ribosome.json`]: "{}",
  [`${prefix}overlay/ExperimentRuns/.DS_Store`]: "",
  [`${prefix}static/ExperimentRuns/TS_1/VoxelSpacing10.000/.hidden.zarr/.zattrs`]: "",
  [`${prefix}static/ExperimentRuns/TS_1/VoxelSpacing10.000/notes.txt`]: "",
});

describe("folders", () => {
  test("runs of both roots, sorted, hidden files left out", async () => {
    const folder = writeTree(temporaryFolder(), challenge());
    const dataset = await openDataset(folder);
    expect(dataset.root).toBe(folder);
    expect(dataset.overlayRoot).toBe(join(folder, "overlay"));
    expect(dataset.particles).toEqual(challengeParticles);
    expect(dataset.runs.map(({ name, tomograms }) => [name, tomograms.map((t) => t.tomoType)])).toEqual([
      ["TS_1", ["denoised"]],
      ["TS_2", ["denoised", "wbp"]],
      ["TS_3", []],
    ]);
  });

  test("train where there are train and test, test on request", async () => {
    const folder = writeTree(temporaryFolder(), {
      ...challenge("train/"),
      [`test/${tomogram("TS_9", "denoised")}`]: "",
    });
    expect((await openDataset(folder)).runs.map((run) => run.name)).toEqual(["TS_1", "TS_2", "TS_3"]);
    const part = await openDataset(folder, { part: "test" });
    expect(part.runs.map((run) => run.name)).toEqual(["TS_9"]);
    expect(part.overlayRoot).toBe(join(folder, "test/overlay"));
    await expect(openDataset(join(folder, "train"), { part: "test" })).rejects.toThrow(/no test part/);
    const preferred = async (path: string) => (await openDataset(path, { prefer: "test" })).runs.length;
    expect([await preferred(folder), await preferred(join(folder, "train"))]).toEqual([1, 3]);
  });

  test("test where there is no train", async () => {
    const folder = writeTree(temporaryFolder(), { [`test/${tomogram("TS_9", "denoised")}`]: "" });
    expect((await openDataset(folder)).runs.length).toBe(1);
    await expect(openDataset(folder, { part: "train" })).rejects.toThrow(/in train\//);
  });

  test("the overlay's tomogram stands before the static one of that name", async () => {
    const folder = writeTree(temporaryFolder(), {
      ...challenge(),
      [tomogram("TS_1", "denoised", "10.000", "overlay")]: "",
    });
    const dataset = await openDataset(folder);
    expect(findTomogram(findRun(dataset, "TS_1"), "denoised").path).toContain("overlay");
  });

  test.each<[string, Record<string, string>]>([
    ["an empty folder", {}],
    ["a folder of other things", { "a/b.txt": "" }],
    ["roots without runs", { "static/ExperimentRuns/README": "", "overlay/x": "" }],
  ])("%s is refused", async (_name, files) => {
    await expect(openDataset(writeTree(temporaryFolder(), files))).rejects.toMatchObject({
      name: "BadDataset",
    });
  });

  test("a missing folder is refused", async () => {
    await expect(openDataset(join(temporaryFolder(), "nowhere"))).rejects.toThrow(
      /nowhere: no such file or folder/,
    );
  });

  test("a link that leads to itself does no harm", async () => {
    const folder = writeTree(temporaryFolder(), challenge());
    symlinkSync("loop", join(folder, "static/ExperimentRuns/loop"));
    symlinkSync("..", join(folder, "static/ExperimentRuns/TS_1/up"));
    expect((await openDataset(folder)).runs.map((run) => run.name)).toContain("TS_1");
  });

  test("500 runs open without a look into their tomograms", async () => {
    const folder = temporaryFolder();
    for (let run = 0; run < 500; run++)
      for (const type of ["denoised", "wbp"])
        mkdirSync(join(folder, `static/ExperimentRuns/TS_${run}/VoxelSpacing10.000/${type}.zarr`), {
          recursive: true,
        });
    expect((await openDataset(folder)).runs.length).toBe(500);
  });
});

describe("findTomogram", () => {
  const folderOf = (...files: string[]) =>
    writeTree(temporaryFolder(), Object.fromEntries(files.map((file) => [file, ""])));

  test("by type and by voxel spacing", async () => {
    const dataset = await openDataset(
      folderOf(tomogram("A", "wbp"), tomogram("A", "wbp", "5.500"), tomogram("A", "denoised")),
    );
    const run = findRun(dataset, "A");
    expect(findTomogram(run, "wbp", 5.5).path).toContain("VoxelSpacing5.500");
    expect(findTomogram(run, "denoised").voxelSpacing).toBe(10);
    expect(() => findTomogram(run, "wbp")).toThrow(
      "A: several tomograms wbp; there is wbp at 5.5, denoised at 10, wbp at 10",
    );
    expect(() => findTomogram(run, "isonet")).toThrow(/no tomogram isonet; there is wbp at 5.5/);
    expect(() => findRun(dataset, "B")).toThrow(/no run B; there is A/);
  });
});

describe("tomogramMeant", () => {
  const runsOf = async (...files: string[]) =>
    (await openDataset(writeTree(temporaryFolder(), Object.fromEntries(files.map((file) => [file, ""])))))
      .runs;

  test("the usual one where some run has it, else the one that is there alone; a name is taken by the letter", async () => {
    const wbp = await runsOf(tomogram("A", "wbp"), tomogram("B", "wbp", "5.000"));
    expect(tomogramMeant(wbp, usualTomogram)).toBe("wbp");
    expect(tomogramMeant(wbp, "isonet")).toBe("isonet");
    const both = await runsOf(tomogram("A", "wbp"), tomogram("B", "isonet"));
    expect(tomogramMeant(both, usualTomogram)).toBe("denoised");
    const some = await runsOf(tomogram("A", "wbp"), tomogram("B", "denoised"));
    expect(tomogramMeant(some, usualTomogram)).toBe("denoised");
    const unnamed = await runsOf(tomogram("A", "A"), tomogram("B", "tomogram"));
    expect(tomogramMeant(unnamed, usualTomogram)).toBe("denoised");
    expect(unnamed.map((run) => findTomogram(run, "denoised").tomoType)).toEqual(["A", "tomogram"]);
  });
});

describe("copick configuration", () => {
  const config = {
    config_type: "filesystem",
    name: "test",
    pickable_objects: [
      { name: "ribosome", is_particle: true, label: 1, color: [1, 2, 3, 255], radius: 140 },
      {
        name: "proteasome",
        is_particle: true,
        label: 2,
        color: [9, 8, 7, 255],
        radius: 100.5,
        pdb_id: "4CR2",
        metadata: { score_weight: 3, from: "another program" },
      },
      { name: "membrane", is_particle: false, label: 3, color: [0, 0, 0, 255] },
      { name: "apo-ferritin", is_particle: true, label: 4 },
    ],
    overlay_root: "local://data/overlay",
    static_root: "local://data/static",
  };
  const folderWith = (changed: object) => {
    const files = Object.fromEntries(Object.entries(challenge("data/")));
    return join(
      writeTree(temporaryFolder(), { ...files, "copick.json": JSON.stringify({ ...config, ...changed }) }),
      "copick.json",
    );
  };

  test("roots beside the file, particles with radius, known weights and colours", async () => {
    const dataset = await openDataset(folderWith({}));
    expect(dataset.runs.map((run) => run.name)).toEqual(["TS_1", "TS_2", "TS_3"]);
    expect(dataset.overlayRoot).toMatch(/data\/overlay$/);
    expect(dataset.particles).toEqual([
      { name: "ribosome", radius: 140, weight: 1, colour: [1, 2, 3], label: 1 },
      { name: "proteasome", radius: 100.5, weight: 3, colour: [9, 8, 7], label: 2, pdbId: "4CR2" },
      { name: "apo-ferritin", radius: 60, weight: 1, colour: [0, 117, 220], label: 4 },
    ]);
  });

  test("a null optional field is as an absent one", async () => {
    const empty = { radius: null, color: null, label: null, pdb_id: null, is_particle: null, metadata: null };
    const objects = [
      { name: "ribosome", ...empty },
      { name: "apo-ferritin", ...empty, metadata: { score_weight: null } },
    ];
    const dataset = await openDataset(
      folderWith({ config_type: null, static_root: null, pickable_objects: objects }),
    );
    expect(dataset.runs.map((run) => run.name)).toEqual(["TS_3"]);
    expect(dataset.particles).toEqual(
      ["ribosome", "apo-ferritin"].map((wanted) => challengeParticles.find(({ name }) => name === wanted)),
    );
    await expect(openDataset(folderWith({ overlay_root: "none", static_root: null }))).rejects.toThrow(
      /its only root, .*none, is no folder/,
    );
    const overlay = await openDataset(folderWith({ overlay_root: null }));
    expect(overlay.runs.map((run) => run.name)).toEqual(["TS_1", "TS_2"]);
    await expect(openDataset(folderWith({ overlay_root: null, static_root: null }))).rejects.toThrow(
      /neither overlay_root nor static_root/,
    );
  });
  test.each(["../../x", "..", "a/b", ".x", "", "a\0b", "x".repeat(201)])(
    "a particle called %j is refused, with what is wrong",
    async (name) => {
      const pickable_objects = [config.pickable_objects[0], { name, radius: 10 }];
      await expect(openDataset(folderWith({ pickable_objects }))).rejects.toThrow(
        /copick\.json: not a copick configuration: pickable_objects\.1\.name: .* cannot be part of a file's name: it/,
      );
    },
  );

  test("an absolute root", async () => {
    const folder = writeTree(temporaryFolder(), challenge());
    const dataset = await openDataset(
      folderWith({ overlay_root: `local://${folder}/overlay`, static_root: undefined }),
    );
    expect(dataset.runs.map((run) => run.name)).toEqual(["TS_3"]);
  });

  test.each<[string, object, RegExp]>([
    [
      "a name that climbs out",
      { pickable_objects: [{ name: "../../etc", radius: 1 }] },
      /pickable_objects.0.name/,
    ],
    ["a particle without radius", { pickable_objects: [{ name: "x" }] }, /x has no radius/],
    ["a radius of text", { pickable_objects: [{ name: "x", radius: "9" }] }, /radius/],
    [
      "a particle twice",
      { pickable_objects: [config.pickable_objects[0], config.pickable_objects[0]] },
      /listed twice/,
    ],
    [
      "two particles of one label",
      { pickable_objects: [config.pickable_objects[0], { ...config.pickable_objects[1], label: 1 }] },
      /label 1 is listed twice/,
    ],
    [
      "a negative weight",
      { pickable_objects: [{ name: "x", radius: 9, metadata: { score_weight: -1 } }] },
      /score_weight/,
    ],
    ["no particle", { pickable_objects: [] }, /names no particle/],
    ["a root far away", { overlay_root: "gs://bucket/x" }, /not on this machine/],
    ["another kind", { config_type: "cryoet_data_portal" }, /wanted filesystem/],
    ["no root", { overlay_root: undefined, static_root: undefined }, /neither overlay_root nor static_root/],
    ["roots that are not there", { overlay_root: "local://a", static_root: "local://b" }, /is a folder/],
  ])("%s is refused", async (_name, changed, message) => {
    await expect(openDataset(folderWith(changed))).rejects.toThrow(message);
  });

  test("a file that is no JSON is refused", async () => {
    const folder = writeTree(temporaryFolder(), { "a.json": "{" });
    await expect(openDataset(join(folder, "a.json"))).rejects.toThrow(/not a copick configuration/);
  });
});

const truth = "../shared/data/czii-truth";
test.skipIf(!existsSync(truth))(
  "the challenge's picks, without tomograms (skipped without ../shared)",
  async () => {
    const picks = await readTruth(await openDataset(truth));
    const count = (run: string, type: string) => picks.get(run)!.filter((pick) => pick.type === type).length;
    expect([...picks.values()].flat().length).toBe(1269);
    expect(challengeParticles.map(({ name }) => count("TS_99_9", name))).toEqual([36, 21, 24, 65, 49, 13]);
    expect(challengeParticles.map(({ name }) => count("TS_73_6", name))).toEqual([95, 12, 14, 46, 28, 22]);
  },
);
