import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";
import { runExperiment } from "../../src/train/run/runExperiment.js";
import { runFolder } from "../../src/train/run/runFolder.js";
import { pickbench } from "../support/commandLine.js";
import { spacingOf } from "../support/pickingFixtures.js";
import { tinyDataset, tinyExperiment } from "../support/tinyRun.js";

/** Stands for the shared folder in the command lines below, which are written before it exists. */
const here = "@/";
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bad-"));
  const data = await tinyDataset(folder);
  const experiment = await tinyExperiment(at("tiny.yaml"), { budget: "2 steps" });
  const options = { experiment, data, resume: false, threads: 1 };
  await runExperiment(runFolder(at("run")), options, at("submissions"));
  await Promise.all([brokenExperiments(), brokenData(data), brokenTables(), brokenCheckpoints()]);
  await writeFile(at("file"), "");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function brokenExperiments(): Promise<void> {
  const changes: Record<string, Readonly<Record<string, unknown>>> = {
    misspelt: { optimizer: { rate: 1e-3 } },
    nested: { splits: { train: 2, tune: 1, hold_out: 1 } },
    noRun: { splits: { train: 2, holdout: ["TS_9"] } },
    tooMany: { splits: { train: 4, tune: 1 } },
    large: { patch: { shape: [16, 128, 32] } },
    odd: { network: "plain", patch: { shape: [16, 32, 30] } },
    overlap: { predict: { tile: [16, 16, 16], overlap: 16 } },
    weights: { loss: [{ kind: "crossEntropy", classWeights: [1, 1] }] },
    critic: { network: "pix2pix", patch: { shape: [16, 64, 64] } },
    picker: { head: { offsets: true } },
    type: { types: ["ribosom"] },
    tomogram: { data: { tomogram: "ctf" } },
    level: { data: { level: 9 } },
  };
  for (const [name, change] of Object.entries(changes)) await tinyExperiment(at(`${name}.yaml`), change);
  await writeFile(at("broken.yaml"), "name: tiny\nloss: [\n");
  await writeFile(at("empty.yaml"), "");
}

/** Copies of the data set, each broken in one place of one run. */
async function brokenData(data: string): Promise<void> {
  const copy = async (name: string, run: string, spoil: (zarr: string) => Promise<void>) => {
    await cp(data, at(name), { recursive: true });
    await spoil(at(name, "static", "ExperimentRuns", run, "VoxelSpacing10.000", "denoised.zarr"));
  };
  await copy("missingChunk", "TS_S1", (zarr) => rm(join(zarr, "0", "0", "0", "0")));
  await copy("missingHeldOut", "TS_S4", (zarr) => rm(join(zarr, "0", "0", "0", "0")));
  await copy("shortChunk", "TS_S3", (zarr) => truncate(join(zarr, "0", "0", "0", "0"), 1000));
  await copy("noScale", "TS_S2", (zarr) => writeFile(join(zarr, ".zattrs"), "{}"));
  await copy("nan", "TS_S4", async (zarr) => {
    await rm(zarr, { recursive: true });
    const shape = [40, 64, 64] as const;
    const writer = await createOmeZarr(zarr, { shape, spacing: spacingOf(10) });
    const values = Float32Array.from({ length: 40 * 64 * 64 }, (_, i) => (i === 5000 ? Number.NaN : i % 7));
    await writer.writeSlab(0, values);
    await writer.close();
  });
  await cp(data, at("picks"), { recursive: true });
  await writeFile(
    at("picks", "overlay", "ExperimentRuns", "TS_S4", "Picks", "ribosome.json"),
    '{"points": [',
  );
  await cp(data, at("noPicks"), { recursive: true });
  await rm(at("noPicks", "overlay", "ExperimentRuns", "TS_S3"), { recursive: true });
  await mkdir(at("hollow"));
}

async function brokenTables(): Promise<void> {
  const header = "id,experiment,particle_type,x,y,z\n";
  const tables: Record<string, string> = {
    short: `${header}0,TS_S4,ribosome,1,2\n`,
    columns: "id,run,particle_type,x,y,z\n0,TS_S4,ribosome,1,2,3\n",
    unknown: `${header}0,TS_S4,ribosom,1,2,3\n`,
    text: `${header}0,TS_S4,ribosome,1,two,3\n`,
    nan: `${header}0,TS_S4,ribosome,1,NaN,3\n`,
    empty: "",
  };
  for (const [name, text] of Object.entries(tables)) await writeFile(at(`${name}.csv`), text);
}

async function brokenCheckpoints(): Promise<void> {
  const whole = await readFile(at("run", "best.safetensors"));
  await writeFile(at("cut.safetensors"), whole.subarray(0, whole.length - 100));
  await writeFile(at("random.safetensors"), Buffer.from("not a checkpoint".repeat(99)));
}

/** Everything in the shared folder. */
const standing = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();

/** What may stand before the sentence: the reason why every voxel has the fill value. */
const notes = String.raw`(?:TS_S\d denoised: the only chunk of [^\n]+\n)?`;

/** Runs the words in the shared folder; expects exit code 1, one line, nothing new. */
async function expectRefused(words: string, message: RegExp): Promise<void> {
  const before = await standing();
  const args = words.split(" ").map((word) => word.replaceAll(here, `${folder}/`));
  const { code, stderr, stdout } = await pickbench(...args.filter((word) => word !== ""));
  const after = await standing();
  await rm(at("out"), { recursive: true, force: true });
  expect(stderr).toMatch(new RegExp(`^${notes}pickbench: [^\\n]+\\n$`));
  expect(stderr).toMatch(message);
  expect([code, stdout]).toEqual([1, ""]);
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
  expect(after.length).toBe(before.length);
}

const run = (experiment: string, rest = "--data @/data --out @/out") =>
  `run @/${experiment} ${rest} --submissions @/out --threads 1`;

describe("run refuses before any work, in one sentence, leaving nothing", () => {
  it.each<[string, string, RegExp]>([
    ["an experiment that is missing", run("none.yaml"), /none\.yaml: it cannot be read/],
    ["an experiment that is empty", run("empty.yaml"), /holds no keys/],
    ["broken YAML", run("broken.yaml"), /line \d is not valid YAML/],
    ["a misspelt key", run("misspelt.yaml"), /unknown key optimizer/],
    ["a misspelt key inside", run("nested.yaml"), /unknown key splits\.hold_out/],
    ["a run that the data lack", run("noRun.yaml"), /splits\.holdout: no run TS_9/],
    ["splits of more runs than there are", run("tooMany.yaml"), /need 5 runs/],
    ["a patch larger than a volume", run("large.yaml"), /16×128×32.*40×64×64/],
    [
      "a patch that the network cannot halve",
      run("odd.yaml"),
      /patch\.shape: got 16×32×30.*wanted multiples of/,
    ],
    [
      "a network with a critic and another output",
      run("critic.yaml"),
      /pix2pix is trained against a critic.*wanted output: sigmoid.*got softmax/,
    ],
    [
      "offsets without votes to pick from",
      run("picker.yaml"),
      /head\.offsets: got picking\.method watershed, wanted peaks/,
    ],
    ["tiles no larger than their overlap", run("overlap.yaml"), /predict\.overlap is 16/],
    ["class weights of another number", run("weights.yaml"), /classWeights: got 2 weights, wanted 3/],
    ["a type that the data lack", run("type.yaml"), /no ribosom;/],
    [
      "a reconstruction that the data lack",
      run("tomogram.yaml"),
      /none of its 4 runs has a tomogram ctf; there is denoised at 10, wbp at 10/,
    ],
    ["a level that the data lack", run("level.yaml"), /no level 9/],
    ["data that are missing", run("tiny.yaml", "--data @/none --out @/out"), /none/],
    ["an empty data folder", run("tiny.yaml", "--data @/hollow --out @/out"), /hollow/],
    [
      "a missing chunk",
      run("tiny.yaml", "--data @/missingChunk --out @/out"),
      /the only chunk of .* is absent [\s\S]*TS_S1 denoised: every voxel is 0/,
    ],
    [
      "a missing chunk held out",
      run("tiny.yaml", "--data @/missingHeldOut --out @/out"),
      /the only chunk of .* is absent [\s\S]*TS_S4 denoised: every voxel is 0/,
    ],
    ["a truncated chunk", run("tiny.yaml", "--data @/shortChunk --out @/out"), /TS_S3.*0\/0\/0\/0/],
    ["no scale metadata", run("tiny.yaml", "--data @/noScale --out @/out"), /TS_S2.*denoised\.zarr/],
    [
      "a voxel that is NaN",
      run("tiny.yaml", "--data @/nan --out @/out"),
      /TS_S4 denoised: voxel z,y,x = 1,14,8/,
    ],
    ["broken picks JSON", run("tiny.yaml", "--data @/picks --out @/out"), /TS_S4.*ribosome\.json/],
    ["a tune run without picks", run("tiny.yaml", "--data @/noPicks --out @/out"), /TS_S3 has no picks/],
    ["a seed that is text", run("tiny.yaml", "--data @/data --out @/out --seed one"), /--seed is NaN/],
    ["a negative seed", run("tiny.yaml", "--data @/data --out @/out --seed -1"), /--seed is -1/],
    ["no threads", `${run("tiny.yaml")} --threads 0`.replace("--threads 1 ", ""), /--threads is 0/],
    [
      "a budget that is none",
      run("tiny.yaml", "--data @/data --out @/out --budget nonsense"),
      /budget "nonsense"/,
    ],
    [
      "a flag given twice",
      run("tiny.yaml", "--data @/data --data @/data --out @/out"),
      /--data is given 2 times/,
    ],
    ["an empty flag", run("tiny.yaml", "--data @/data --out="), /--out is empty/],
    ["an out that is a file", run("tiny.yaml", "--data @/data --out @/file"), /--out .*file/],
    ["an out below a file", run("tiny.yaml", "--data @/data --out @/file/out"), /--out .*file/],
    [
      "a run that stands there",
      "run @/tiny.yaml --data @/data --out @/run --submissions @/submissions",
      /run already holds a finished run; give --overwrite/,
    ],
    [
      "a run that stands there, before the data are read",
      "run @/tiny.yaml --data @/missingChunk --out @/run --submissions @/submissions",
      /run already holds a finished run; give --overwrite/,
    ],
    [
      "resume and overwrite at once",
      run("tiny.yaml", "--data @/data --out @/run --resume --overwrite"),
      /--resume keeps/,
    ],
    [
      "resume with other settings",
      run("tiny.yaml", "--data @/data --out @/run --resume --seed 5"),
      /other settings \(seed is 0 there, 5 here\)/,
    ],
    ["no data", "run @/tiny.yaml", /data/],
    [
      "an unknown flag",
      run("tiny.yaml", "--data @/data --out @/out --sed 1"),
      /run has no flag --sed; did you mean --seed\?/,
    ],
    ["an unknown command", "rnu @/tiny.yaml", /no command rnu; did you mean run\?/],
    ["flags of no command", "--json", /no command before --json/],
  ])("%s", (_, words, message) => expectRefused(words, message));

  it("a folder where another run is at work", async () => {
    await writeFile(at("run", "run.lock"), String(process.ppid));
    await expectRefused(
      run("tiny.yaml", "--data @/data --out @/run --resume"),
      /process \d+ is running there/,
    );
    await rm(at("run", "run.lock"));
  });

  it("the end of a damaged last.safetensors", async () => {
    await cp(at("run"), at("damaged"), { recursive: true });
    await truncate(at("damaged", "last.safetensors"), 5000);
    await expectRefused(
      run("tiny.yaml", "--data @/data --out @/damaged --resume"),
      /damaged\/last\.safetensors/,
    );
  });
});

const submit = (rest: string) => `submit ${rest} --threads 1`;

describe("submit, predict, pick and score refuse in one sentence, leaving nothing", () => {
  it.each<[string, string, RegExp]>([
    ["random bytes", submit("@/random.safetensors --data @/data --out @/out"), /not a safetensors file/],
    ["a cut checkpoint", submit("@/cut.safetensors --data @/data --out @/out"), /may be cut short/],
    ["last.safetensors", submit("@/run/last.safetensors --data @/data --out @/out"), /not that of a best/],
    ["a missing checkpoint", submit("@/none.safetensors --data @/data --out @/out"), /cannot be read/],
    [
      "a run that is not there",
      submit("@/run/best.safetensors --data @/data --runs X --out @/out"),
      /no tomogram of "X"/,
    ],
    [
      "runs without a name",
      submit("@/run/best.safetensors --data @/data --runs , --out @/out"),
      /--runs is ",", wanted names of runs; give one/,
    ],
    [
      "runs to predict without a name",
      "predict @/run/best.safetensors --data @/data --runs , --out @/out --threads 1",
      /--runs is ","/,
    ],
    [
      "runs to tune on without a name",
      "ensemble @/run/best.safetensors --data @/data --tune , --out @/out --threads 1",
      /--tune is ","/,
    ],
    ["data that are missing", submit("@/run/best.safetensors --data @/none --out @/out"), /none/],
    ["no threads", "submit @/run/best.safetensors --data @/data --out @/out --threads 0", /--threads is 0/],
    ["an out that is a folder", submit("@/run/best.safetensors --data @/data --out @/hollow"), /is a folder/],
    [
      "an out below a file",
      submit("@/run/best.safetensors --data @/data --out @/file/a.csv"),
      /--out .*file/,
    ],
    [
      "a reconstruction that is not there",
      submit("@/run/best.safetensors --allow-code @/two-layers.mjs --data @/data --tomogram ctf --out @/out"),
      /TS_S1: no tomogram ctf/,
    ],
    [
      "a broken chunk to predict",
      "predict @/run/best.safetensors --allow-code @/two-layers.mjs --data @/nan --runs TS_S4 --out @/out --threads 1",
      /TS_S4 denoised: voxel/,
    ],
    ["no probabilities", "pick @/hollow --out @/out", /hollow/],
    ["a checkpoint that is none", "pick @/hollow --checkpoint @/cut.safetensors --out @/out", /cut short/],
    ["short rows", "score @/short.csv --truth @/data", /row 1|row 2|line 2/],
    ["wrong columns", "score @/columns.csv --truth @/data", /run/],
    ["an unknown type", "score @/unknown.csv --truth @/data", /ribosom/],
    ["text for a number", "score @/text.csv --truth @/data", /two/],
    ["NaN for a number", "score @/nan.csv --truth @/data", /NaN/],
    ["an empty CSV", "score @/empty.csv --truth @/data", /empty/],
    ["a missing CSV", "score @/none.csv --truth @/data", /none\.csv/],
    ["a truth that is missing", "score @/run/submission.csv --truth @/none", /none/],
    ["broken picks as truth", "score @/run/submission.csv --truth @/picks", /ribosome\.json/],
  ])("%s", (_, words, message) => expectRefused(words, message));
});
