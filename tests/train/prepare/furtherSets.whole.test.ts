/** Further data sets: trained on by their share, in manifest and lineage, and never held out. */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readNormalised } from "../../../src/data/normalisation.js";
import { writePicks } from "../../../src/data/picks.js";
import { openTomogram } from "../../../src/data/tomograms/omeZarr.js";
import { readRecord } from "../../../src/domain/record.js";
import { angstrom } from "../../../src/domain/units.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { readExperiment } from "../../../src/train/experiment/experiment.js";
import type { TrainedChoice } from "../../../src/train/experiment/networkChoice.js";
import { networksOf, resolveNetwork } from "../../../src/train/fit/networks.js";
import { openFurther, readFurther } from "../../../src/train/prepare/furtherSets.js";
import { repeatRun } from "../../../src/train/run/repeatRun.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { runFolds } from "../../../src/train/run/runFolds.js";
import { noteTeachers } from "../../../src/train/transfer/teachers.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { tinyCode, tinyDataset, tinyExperiment, tinyRuns } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const bytesOf = (out: string) => readFile(at(out, "best.safetensors"), "base64");

/** Copies the data with these runs alone. */
async function copyOf(name: string, kept: readonly string[]): Promise<void> {
  await cp(data, at(name), { recursive: true });
  for (const run of tinyRuns.filter((each) => !kept.includes(each)))
    for (const root of ["static", "overlay"])
      await rm(at(name, root, "ExperimentRuns", run), { recursive: true });
}

const experimentAlso = (name: string, also: unknown, changes: object = {}) =>
  tinyExperiment(at(`${name}.yaml`), {
    splits: { train: ["TS_S1"], tune: ["TS_S3"], holdout: ["TS_S4"] },
    patch: { shape: [16, 32, 32], batch: 2 },
    data: { also },
    ...changes,
  });

async function train(out: string, experiment: string, options: object = {}) {
  const reporter = hearingReporter();
  await trainOnly(runFolder(at(out)), {
    ...{ experiment, data, resume: false, threads: 1, reporter },
    ...options,
  });
  return reporter.notes;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "further-"));
  data = await tinyDataset(folder);
  await copyOf("more", ["TS_S2"]);
  await copyOf("same", ["TS_S1", "TS_S4"]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("are trained on, told apart in manifest and lineage, and keep their runs from being held out later", async () => {
  const experiment = await experimentAlso("also", [{ data: "more", share: 0.5 }]);
  const notes = await train("also", experiment);
  expect(notes.some((note) => note.endsWith("more: 1 runs more to train on"))).toBe(true);
  await train("also-again", experiment);
  expect(await bytesOf("also-again")).toBe(await bytesOf("also"));
  await train("alone", await experimentAlso("alone", undefined));
  expect(await bytesOf("alone")).not.toBe(await bytesOf("also"));

  const files = (await readRecord(at("also", "record.json"))).data.files.map(({ path }) => path);
  const further = files.filter((path) => path.startsWith("also:1/"));
  expect(further.length).toBeGreaterThan(0);
  expect(further.every((path) => /^also:1\/(static|overlay)\/ExperimentRuns\/TS_S2\//.test(path))).toBe(true);
  expect(files.some((path) => path.startsWith("static/ExperimentRuns/TS_S2"))).toBe(false);

  const best = at("also", "best.safetensors");
  const { lineage } = await readCheckpoint(best, { allowCode: [tinyCode(folder)] });
  const trained = lineage![0]!.roles.train!.map(({ run, dataset }) => [dataset, run]);
  expect(trained).toEqual([
    [undefined, "TS_S1"],
    ["more", "TS_S2"],
  ]);
  const later = await tinyExperiment(at("later.yaml"), {
    splits: { train: ["TS_S1"], tune: ["TS_S3"], holdout: ["TS_S2"] },
  });
  await expect(train("later", later, { from: best })).rejects.toThrow(
    /splits\.holdout: TS_S2 was trained on by tiny under the name TS_S2 of more/,
  );
});

test("are compared with the record by a repetition, which trains on no other files", async () => {
  const repeat = (out: string) =>
    repeatRun({ record: at("also"), data, out: at(out), overwrite: false, allowCode: [tinyCode(folder)] });
  expect(await repeat("repeated")).toMatchObject({ same: true, checkpoint: true });
  const picks = at("more", "overlay", "ExperimentRuns", "TS_S2", "Picks", "ribosome.json");
  const text = await readFile(picks, "utf8");
  const name = "also:1/overlay/ExperimentRuns/TS_S2/Picks/ribosome.json";
  await writeFile(picks, text.replace(/\d(?=\D*$)/, "7 "));
  await expect(repeat("refused")).rejects.toThrow(`more: ${name} has changed since`);
  await rename(picks, `${picks}.moved`);
  await expect(repeat("refused")).rejects.toThrow(`more: ${name} is missing`);
  await rm(`${picks}.moved`);
  await writeFile(picks, text);
  for (const root of ["static", "overlay"])
    await cp(join(data, root, "ExperimentRuns", "TS_S3"), at("more", root, "ExperimentRuns", "TS_S3"), {
      recursive: true,
    });
  await expect(repeat("refused")).rejects.toThrow(/more: TS_S3 would be trained on too/);
  for (const root of ["static", "overlay"])
    await rm(at("more", root, "ExperimentRuns", "TS_S3"), { recursive: true });
});

test("are given the spectrum that the experiment's own are given, and runs that are left out or bare are named", async () => {
  const experiment = await readExperiment(
    await experimentAlso("matched", [{ data: "partial", share: 0.5 }], {
      data: { spectrum: "match", also: [{ data: "partial", share: 0.5 }] },
    }),
  );
  await copyOf("partial", ["TS_S1", "TS_S2", "TS_S3"]);
  const [spacing] = await readdir(at("partial", "static", "ExperimentRuns", "TS_S1"));
  await rm(at("partial", "static", "ExperimentRuns", "TS_S1", spacing!, "denoised.zarr"), {
    recursive: true,
  });
  await rm(at("partial", "overlay", "ExperimentRuns", "TS_S3", "Picks"), { recursive: true });
  const own = await openDataset(data);
  const first = await openTomogram(
    own.runs[0]!.tomograms.find(({ tomoType }) => tomoType === "denoised")!,
    0,
  );
  const reporter = hearingReporter();
  const resolved = await resolveNetwork(experiment.network as TrainedChoice);
  const networks = networksOf(experiment, own.particles, resolved);
  const [set] = await openFurther(experiment, networks, first, reporter);
  expect(reporter.notes).toEqual([
    expect.stringMatching(/2 runs more .* without one tomogram denoised: TS_S1$/),
    expect.stringMatching(/^warning: .*partial: nobody picked in TS_S3 what is learned/),
  ]);
  const reference = { width: 0.01, power: [8, 4, 2, 1, 0.5] };
  const [source] = await readFurther(set!, experiment, reference);
  const partial = await openDataset(at("partial"));
  const choice = { ...experiment.data, voxelSpacing: undefined };
  const matched = await readNormalised(partial, "TS_S2", { ...choice, reference });
  const plain = await readNormalised(partial, "TS_S2", choice);
  expect(source).toMatchObject({ run: "TS_S2", dataset: 1 });
  expect(source!.volumes[0]!.data).toEqual(matched.data);
  expect(source!.volumes[0]!.data).not.toEqual(plain.data);
});

test("a run that is held out or tuned on, in this split or in any fold, is refused", async () => {
  const also = [{ data: "same", share: 0.5 }];
  await expect(train("leaked", await experimentAlso("leaked", also))).rejects.toMatchObject({
    tag: "BadExperiment",
    message: expect.stringMatching(
      /splits\.holdout: TS_S4 is TS_S4 of same in data\.also, which is trained on/,
    ),
  });
  const tuned = { splits: { train: ["TS_S2"], tune: ["TS_S1"], holdout: ["TS_S3"] } };
  await expect(train("tuned", await experimentAlso("tuned", also, tuned))).rejects.toThrow(
    /splits\.tune: TS_S1 is TS_S1 of same/,
  );
  const folded = await experimentAlso("folded", also, { splits: { folds: 4, tune: 1 } });
  const folds = { folds: 4, tune: 1 };
  await expect(
    runFolds(runFolder(at("folded")), {
      ...{ experiment: folded, data, folds, submissions: null, resume: false, threads: 1 },
    }),
  ).rejects.toThrow(/fold 0: splits\.(holdout|tune): TS_S1 is TS_S1 of same/);
});

test("whose picks a network made that saw a run keep that run from being held out, and are in the lineage", async () => {
  await copyOf("labelled", ["TS_S2"]);
  const picks = at("labelled", "overlay", "ExperimentRuns", "TS_S2", "Picks");
  for (const name of await readdir(picks)) await cp(join(picks, name), join(picks, `pickbench_pick_${name}`));
  const byName = (run: string) => [{ run, picks: null, tomograms: [] }];
  const teacher = { experiment: "teacher", experimentHash: null, types: null };
  const saw = (run: string) => ({ ...teacher, roles: { train: byName(run), tune: [] } });
  await noteTeachers(at("labelled", "overlay"), [saw("TS_S1")]);
  const experiment = await experimentAlso("student", [{ data: "labelled", share: 0.5, user: "pickbench" }]);
  await train("student", experiment);
  const { lineage } = await readCheckpoint(at("student", "best.safetensors"), {
    allowCode: [tinyCode(folder)],
  });
  expect(lineage!.map((each) => each.experiment)).toEqual(["tiny", "teacher"]);
  await noteTeachers(at("labelled", "overlay"), [saw("TS_S4")]);
  await expect(train("cheat", experiment)).rejects.toThrow(
    /splits\.holdout: TS_S4 was trained on by teacher, generation 2 of the 2 that made .*lineage\.json/,
  );
  await train("by-people", await experimentAlso("by-people", [{ data: "labelled", share: 0.5 }]));
});

test("without what is trained on are refused by name", async () => {
  const missing = await experimentAlso("missing", [{ data: "nowhere", share: 0.5 }]);
  await expect(train("missing", missing)).rejects.toThrow(/nowhere: no such file or folder/);
  const other = await experimentAlso("other", [{ data: "more", share: 0.5 }]);
  await expect(
    train("other", other, { set: ["types=[apo-ferritin, ribosome]", "patch.shape=[16, 32, 96]"] }),
  ).rejects.toThrow(/patch\.shape/);
  await copyOf("unpicked", ["TS_S2"]);
  await rm(at("unpicked", "overlay", "ExperimentRuns", "TS_S2", "Picks"), { recursive: true });
  const author = { userId: "pickbench", sessionId: "pick" };
  const picks = [{ type: "ribosome", x: angstrom(300), y: angstrom(300), z: angstrom(200) }];
  await writePicks(at("unpicked", "overlay"), "TS_S2", "ribosome", picks, author);
  const labelled = await experimentAlso("by-network", [{ data: "unpicked", share: 0.5, user: "pickbench" }]);
  await train("by-network", labelled);
  const unpicked = await experimentAlso("unpicked", [{ data: "unpicked", share: 0.5 }]);
  await expect(train("unpicked", unpicked)).rejects.toThrow(
    /data\.also, .*unpicked: Runs TS_S2: got no picks of apo-ferritin, ribosome/,
  );
});
