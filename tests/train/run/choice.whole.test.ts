/** Which tomograms, runs and types a run takes, and what it says of those that it does not take. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { convertVolume } from "../../../src/data/convertVolume.js";
import { readRecord } from "../../../src/domain/record.js";
import { silentReporter } from "../../../src/system/reporter.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { holdoutOnly, trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { runFolds } from "../../../src/train/run/runFolds.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { tinyCode, tinyDataset, tinyExperiment, tinyRuns } from "../../support/tinyRun.js";

let folder: string;
let data: string;
/** The same data as MRC files in a folder. */
let mrc: string;
let experiment: string;
const at = (...parts: string[]) => join(folder, ...parts);
const store = (root: string, run: string, name = "denoised") =>
  join(root, "static", "ExperimentRuns", run, "VoxelSpacing10.000", `${name}.zarr`);
const leave = () => ({ allowCode: [tinyCode(folder)] });
const picksOf = (root: string, run: string) => join(root, "overlay", "ExperimentRuns", run, "Picks");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "choice-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(at("tiny.yaml"), { budget: "1 steps" });
  mrc = at("mrc");
  await mkdir(mrc);
  await cp(join(data, "overlay"), join(mrc, "overlay"), { recursive: true });
  const zarr = { levels: 1, format: 2, sharded: false, compressor: "gzip", labels: false } as const;
  for (const run of tinyRuns)
    await convertVolume(store(data, run), join(mrc, `${run}.mrc`), { zarr }, silentReporter);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const copied = async (name: string): Promise<string> => {
  await cp(data, at(name), { recursive: true });
  return at(name);
};

async function trained(from: string, out: string, changes: Readonly<Record<string, unknown>> = {}) {
  const reporter = hearingReporter();
  const { experiment: given = experiment, ...options } = changes as { experiment?: string };
  const run = { experiment: given, data: from, resume: false, threads: 1, reporter, ...options };
  await trainOnly(runFolder(at(out)), run);
  const record = await readRecord(at(out, "record.json"));
  return { record, notes: reporter.notes };
}

describe("the tomogram that an experiment means", () => {
  test("of a folder of MRC files is the only one of each run, for training as for submitting", async () => {
    const { record, notes } = await trained(mrc, "from-mrc");
    expect([record.runs.train, record.runs.tune]).toEqual([["TS_S1", "TS_S2"], ["TS_S3"]]);
    expect([record.leftOut, notes.filter((note) => /tomogram/.test(note))]).toEqual([undefined, []]);
    const [best, csv] = [at("from-mrc", "best.safetensors"), at("from-mrc.csv")];
    const submitted = await pickbench(
      "submit",
      best,
      "--data",
      mrc,
      "--out",
      csv,
      "--allow-code",
      tinyCode(folder),
    );
    expect(submitted).toMatchObject({ code: 0 });
  });

  test("is the only reconstruction there is in place of the usual one; that is said, and the checkpoint names it", async () => {
    const other = await copied("wbp");
    for (const run of tinyRuns) await rm(store(other, run), { recursive: true });
    const { record, notes } = await trained(other, "from-wbp");
    expect(notes).toContain("no run has a tomogram denoised: wbp is taken, the only one there is");
    expect(record.experiment.resolved.data).toMatchObject({ tomogram: "wbp" });
    const { experiment: kept } = await readCheckpoint(at("from-wbp", "best.safetensors"), leave());
    expect(kept.data.tomogram).toBe("wbp");
  });

  test("that no run has is refused with a list of what is there", async () => {
    const set = ["data.tomogram=isonet"];
    await expect(trained(data, "none", { set })).rejects.toThrow(
      /none of its 4 runs has a tomogram isonet; there is denoised at 10, wbp at 10: name one in the experiment's data.tomogram/,
    );
  });
});

describe("a run without its tomogram", () => {
  test("is named on the screen and in the record, with what counts share out", async () => {
    const some = await copied("some");
    await rm(store(some, "TS_S2"), { recursive: true });
    const set = ["splits={train: rest, tune: 0, holdout: 1}"];
    const { record, notes } = await trained(some, "left-out", { set });
    const why = "no tomogram denoised; there is wbp at 10";
    expect(notes).toEqual(
      expect.arrayContaining([`TS_S2 is left out: ${why}`, "the splits share out the runs that are left"]),
    );
    expect(record.leftOut).toEqual([{ run: "TS_S2", why }]);
    expect(record.runs).toMatchObject({ train: ["TS_S1", "TS_S3"], holdout: ["TS_S4"] });
    const named = ["splits={train: [TS_S2], tune: [TS_S3]}"];
    await expect(trained(some, "named", { set: named })).rejects.toThrow(
      `splits.train: TS_S2 has ${why}; give it that one, or leave it out of the splits`,
    );
  });
});

describe("types that no run to train on has", () => {
  const without = /\(TS_S1, TS_S2\) have no pick of ribosome; learn the others with types: \[apo-ferritin\]/;
  let none: string;
  beforeAll(async () => {
    none = await copied("none-of-it");
    for (const run of ["TS_S1", "TS_S2"]) await rm(join(picksOf(none, run), "ribosome.json"));
  });

  test.each([
    ["one network for all", []],
    ["one network a type", ["networks=perType", "output=sigmoid", "loss=[{kind: binaryCrossEntropy}]"]],
  ])("are refused by one rule: %s", async (_, set) => {
    await expect(trained(none, "refused", { set })).rejects.toThrow(without);
  });

  test("the advice is true, and folds are checked before the first is trained", async () => {
    await trained(none, "learned", { set: ["types=[apo-ferritin]"] });
    const folds = { folds: 2, tune: 1 } as const;
    const options = { experiment, data: none, folds, submissions: null, resume: false, threads: 1 };
    await expect(runFolds(runFolder(at("folds")), options)).rejects.toThrow(
      /fold 1: types: the runs to train on \(TS_S2\) have no pick of ribosome/,
    );
    await expect(readFile(at("folds", "fold-0", "record.json"))).rejects.toThrow(/ENOENT/);
  });
});

describe("advice that a message gives", () => {
  test("after a loss that is no number: the flags it names train the run", async () => {
    const fails = trained(data, "diverged", {
      set: ["optimiser.rate=1e30", "optimiser.warmupSteps=0", "budget=6 steps"],
    });
    const message = await fails.then(() => "", String);
    const [, rate] = /begin again with a lower rate, such as --set (\S+) --overwrite/.exec(message) ?? [];
    expect(rate).toBe("optimiser.rate=0.001");
    await expect(trained(data, "diverged", { set: [rate], overwrite: true })).resolves.toBeDefined();
  });

  test("with one run: the splits it names train it", async () => {
    const one = await copied("one");
    for (const run of tinyRuns.slice(1)) await rm(store(one, run), { recursive: true });
    const splits = "splits: {train: 1}";
    await expect(trained(one, "one-run")).rejects.toThrow(`with one run write ${splits}`);
    const { record } = await trained(one, "one-run", { set: [splits.replace(": ", "=")] });
    expect(record.runs).toMatchObject({ train: ["TS_S1"], tune: [], holdout: [] });
  });
});

test("--spacing goes before what tomograms say, in the experiment, the record and the checkpoint", async () => {
  const { record } = await trained(mrc, "spaced", { spacing: 12 });
  expect(record.experiment.resolved.data).toMatchObject({ spacing: 12 });
  expect((await readCheckpoint(at("spaced", "best.safetensors"), leave())).spacing).toBe(12);
  const submit = (...flags: string[]) =>
    pickbench(
      ...[
        "submit",
        at("spaced", "best.safetensors"),
        "--data",
        mrc,
        "--out",
        at("spaced.csv"),
        "--allow-code",
        tinyCode(folder),
        ...flags,
      ],
    );
  expect((await submit()).stderr).toMatch(/has 10.00 Å a voxel, the checkpoint was trained at 12.00/);
  expect(await submit("--spacing", "12")).toMatchObject({ code: 0 });
});

test("a folder that says another spacing than the file is warned of", async () => {
  const other = await copied("other-label");
  for (const run of tinyRuns) {
    const [from, to] = ["VoxelSpacing10.000", "VoxelSpacing13.480"];
    const root = join(other, "static", "ExperimentRuns", run);
    await rename(join(root, from!), join(root, to!));
  }
  const { notes } = await trained(other, "doubted");
  expect(notes.filter((note) => /folder says 13.48 Å a voxel, its own metadata 10 Å/.test(note)).length).toBe(
    4,
  );
});
test("the same architecture file under another path is the same experiment", async () => {
  const moved = at("moved");
  await mkdir(moved);
  for (const name of ["tiny.yaml", "two-layers.mjs"]) await cp(at(name), join(moved, name));
  const first = await trained(data, "first");
  await trainOnly(runFolder(at("first")), {
    ...{ experiment: join(moved, "tiny.yaml"), data, resume: true, threads: 1 },
  });
  expect(first.record.experiment.resolved.network).toMatchObject({
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  await writeFile(
    join(moved, "two-layers.mjs"),
    (await readFile(at("two-layers.mjs"), "utf8")).replace("6", "5"),
  );
  const again = { experiment: join(moved, "tiny.yaml"), data, resume: true, threads: 1 };
  await expect(trainOnly(runFolder(at("first")), again)).rejects.toThrow(/begun with other settings/);
});

test("report finds the data of a run that no --data was given for, and writes into the run's folder", async () => {
  const { record } = await trained(data, "reported", { set: ["splits={train: 2, tune: 1, holdout: 1}"] });
  expect(record.dataset).toBe(data);
  expect(record.command).not.toContain("--data");
  await holdoutOnly(runFolder(at("reported")), { experiment, data, resume: true, threads: 1 });
  const before = process.cwd();
  const elsewhere = at("elsewhere");
  await mkdir(elsewhere);
  try {
    process.chdir(elsewhere);
    expect(await pickbench("report", at("reported"))).toMatchObject({ code: 0 });
  } finally {
    process.chdir(before);
  }
  expect(await readdir(elsewhere)).toEqual([]);
  expect(await readFile(at("reported", "report.html"), "utf8")).toContain("<html");
});
