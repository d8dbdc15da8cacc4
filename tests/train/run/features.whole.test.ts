/** Whole runs that learn features by masks: alone, and beside types. */
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { denseVolume } from "../../../src/infer/predict/sparseMap.js";
import { readReport } from "../../../src/leaderboard/submissionFolder.js";
import { readFoldsReport } from "../../../src/score/folds.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { prepareRun } from "../../../src/train/prepare/prepare.js";
import { detectHoldout, type PredictedMask } from "../../../src/train/run/holdout.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { tuneOnly } from "../../../src/train/run/tuneAgain.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { writeBlobs } from "../../support/masks.js";
import {
  allowTiny,
  evaluatedTwice,
  tinyCode,
  tinyDataset,
  tinyExperiment,
  tinyRuns,
} from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const loss = [{ kind: "binaryCrossEntropy", positiveWeight: 5 }, { kind: "tversky" }];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "features-"));
  data = await tinyDataset(folder);
  for (const run of tinyRuns) await writeBlobs(data, run);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (experiment: string, out: string, ...flags: string[]) =>
  pickbench(
    "run",
    experiment,
    "--data",
    data,
    "--out",
    at(out),
    ...(flags.includes("--submissions") ? [] : ["--submissions", at("submissions")]),
    "--quiet",
    ...flags,
  );

const aloneWith = (file: string, ...thresholds: number[]) =>
  tinyExperiment(at(file), {
    types: [],
    features: [{ name: "blob", annotated: "slices" }],
    loss,
    budget: "40 steps",
    picking: { thresholds },
  });

test("features alone: trained, tuned by Dice, predicted, and the same bytes again", async () => {
  const experiment = await aloneWith("alone.yaml", 0.2, 0.4, 0.6);
  const { stderr, code } = await run(experiment, "alone");
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const checkpoint = await readCheckpoint(at("alone", "best.safetensors"), { allowCode: [tinyCode(folder)] });
  expect(checkpoint.features).toEqual([{ name: "blob", threshold: expect.any(Number) }]);
  expect([0.2, 0.4, 0.6]).toContain(checkpoint.features![0]!.threshold);
  expect(checkpoint.picking.size).toBe(0);
  expect(checkpoint.networks[0]!.channels).toEqual(["blob"]);
  expect(checkpoint.tuneScore).toBeGreaterThan(0.2);
  const again = await run(experiment, "again");
  expect(again.code).toBe(0);
  expect(await readFile(at("again", "best.safetensors"))).toEqual(
    await readFile(at("alone", "best.safetensors")),
  );
  const predicted = await pickbench(
    ...["predict", at("alone", "best.safetensors"), "--data", data, "--runs", tinyRuns[3]!],
    ...["--out", at("maps"), "--json", ...allowTiny(folder)],
  );
  expect(JSON.parse(predicted.stdout)).toMatchObject({ types: [], features: { blob: expect.any(Number) } });
});

test("features alone are scored, drawn, published without a CSV, and reported", async () => {
  const { holdout, features } = await readReport(at("alone", "report.json"));
  expect(holdout).toBeNull();
  const { blob } = features!;
  expect(Object.keys(blob!.perRun)).toEqual([tinyRuns[3]]);
  expect(Object.keys(blob!.tune!.perRun)).toEqual([tinyRuns[2]]);
  expect(blob!.mean.dice).toBeGreaterThan(0.1);
  const { known, tp, fn } = blob!.perRun[tinyRuns[3]!]!;
  const { tuneScore, result } = await recordOf("alone");
  expect(blob!.tune!.mean.dice).toBeCloseTo(tuneScore!, 12);
  expect(result.metrics["dice.blob"]).toBe(blob!.mean.dice);
  expect(known % (64 * 64)).toBe(0);
  expect(known).toBeLessThan(40 * 64 * 64);
  expect(tp + fn).toBeGreaterThan(0);
  const { width, height } = decode(await readFile(at("alone", "overlays", tinyRuns[3]!, "blob.png")));
  expect([width, height]).toEqual([3 * 64 + 6, 64]);
  expect((await readdir(at("submissions", "tiny"))).sort()).not.toContain("submission.csv");
  const made = await pickbench("report", at("alone"), "--out", at("alone.html"));
  expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
  expect(await readFile(at("alone.html"), "utf8")).toContain("blob on the held-out runs");
});

const recordOf = async (run: string) => {
  const { result } = await readRecord(at(run, "record.json"));
  return { result: result!, tuneScore: result!.metrics.tuneScore };
};

test("a held-out run's maps come with its masks, and submit has nothing to pick", async () => {
  const experiment = { experiment: at("alone.yaml"), data, resume: false, threads: 1 };
  const prepared = await prepareRun(experiment);
  const found: PredictedMask[] = [];
  const picks = await detectHoldout(prepared, runFolder(at("alone")), (masks) => {
    found.push(...masks);
  });
  expect([picks.types, picks.truth.size, picks.picks.size]).toEqual([[], 0, 0]);
  expect(found.map(({ run: name, feature }) => [name, feature])).toEqual([[tinyRuns[3], "blob"]]);
  const { probability, truth, threshold } = found[0]!;
  expect(new Set(truth.voxels)).toEqual(new Set([0, 1, 2]));
  const { data: maps } = denseVolume(probability);
  let [hits, wrong, missed] = [0, 0, 0];
  truth.voxels.forEach((value, voxel) => {
    const isFound = maps[voxel]! > Math.fround(threshold);
    if (value === 1) isFound ? hits++ : missed++;
    else if (value === 0 && isFound) wrong++;
  });
  expect((2 * hits) / (2 * hits + wrong + missed)).toBeGreaterThan(0.2);
  const submitted = await pickbench(
    ...["submit", at("alone", "best.safetensors"), "--data", data, "--out", at("none.csv")],
    ...allowTiny(folder),
  );
  expect([submitted.code, submitted.stderr]).toEqual([
    1,
    expect.stringMatching(/segments blob and picks nothing/),
  ]);
});

test("features that are tuned again have the scores of the thresholds before, which is said", async () => {
  await cp(at("alone"), at("retuned"), { recursive: true });
  const reporter = hearingReporter();
  const experiment = await aloneWith("retuned.yaml", 0.3);
  await tuneOnly(runFolder(at("retuned")), { experiment, data, resume: false, threads: 1, reporter });
  expect(reporter.notes).toEqual([
    expect.stringMatching(/retuned: its scores and overlays are of the thresholds before$/),
  ]);
});

test("a feature beside a type: both are learned, the type alone is picked", async () => {
  const experiment = await tinyExperiment(at("mixed.yaml"), {
    types: ["apo-ferritin"],
    features: ["blob"],
    loss,
    augment: { mixup: 0.4, rotation: 20 },
  });
  const { code, stderr } = await run(experiment, "mixed");
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const checkpoint = await readCheckpoint(at("mixed", "best.safetensors"), { allowCode: [tinyCode(folder)] });
  expect(checkpoint.networks[0]!.channels).toEqual(["apo-ferritin", "blob"]);
  expect([...checkpoint.picking.keys()]).toEqual(["apo-ferritin"]);
  expect(checkpoint.features!.map(({ name }) => name)).toEqual(["blob"]);
  const report = JSON.parse(await readFile(at("mixed", "report.json"), "utf8"));
  expect(report.holdout.score).toEqual(expect.any(Number));
  expect(report.features.blob.perRun[tinyRuns[3]!].known).toBe(40 * 64 * 64);
  expect((await recordOf("mixed")).result.metrics.score).toBe(report.holdout.score);
  const board = await pickbench("leaderboard", "--submissions", at("submissions"), "--json");
  expect(JSON.parse(board.stdout).unranked).toEqual([]);
});

test("folds have the features of all runs, each from the fold that held it out", async () => {
  const experiment = await tinyExperiment(at("folds.yaml"), {
    name: "folded",
    types: ["ribosome"],
    features: ["blob"],
    splits: { folds: 2, tune: 1 },
    loss,
    budget: "4 steps",
  });
  const { code, stderr, stdout } = await run(experiment, "folded");
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const whole = (await readReport(at("folded", "report.json"))).features!.blob!;
  expect(Object.keys(whole.perRun).sort()).toEqual(tinyRuns);
  for (const fold of ["fold-0", "fold-1"]) {
    const { perRun } = (await readReport(at("folded", fold, "report.json"))).features!.blob!;
    for (const [name, score] of Object.entries(perRun)) expect(whole.perRun[name]).toEqual(score);
  }
  expect(whole.interval).not.toBeNull();
  expect(stdout).toMatch(/^blob +Dice/m);
  const { rows } = JSON.parse(
    (await pickbench("leaderboard", "--submissions", at("submissions"), "--json")).stdout,
  ).groups.find(({ rows }: { rows: { name: string }[] }) => rows[0]!.name === "folded-folds");
  expect(rows[0].dice).toEqual({ blob: whole.mean.dice });
});

test("folds of features alone: mean Dice in the place of the score, and no CSV", async () => {
  const experiment = await tinyExperiment(at("aloneFolds.yaml"), {
    name: "aloneFolded",
    types: [],
    features: ["blob"],
    splits: { folds: 2, tune: 1 },
    loss,
    budget: "4 steps",
  });
  const { code, stderr, stdout } = await run(experiment, "aloneFolded");
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const { holdout, features } = await readReport(at("aloneFolded", "report.json"));
  expect([holdout, Object.keys(features!.blob!.perRun).sort()]).toEqual([null, tinyRuns]);
  const folds = await readFoldsReport(at("aloneFolded", "folds.json"));
  expect(folds.outOfFold).toEqual({ score: features!.blob!.mean.dice, interval: null });
  for (const { fold, score, strictScore, perType } of folds.folds) {
    const own = await readReport(at("aloneFolded", `fold-${fold}`, "report.json"));
    expect([score, strictScore, perType]).toEqual([own.features!.blob!.mean.dice, null, {}]);
  }
  expect(stdout).toMatch(/^fold +held out +tuned on +mean Dice/m);
  expect(stdout).not.toContain("submission.csv");
  expect(await readdir(at("submissions", "aloneFolded-folds"))).not.toContain("submission.csv");
  const resumed = await run(experiment, "aloneFolded", "--resume");
  expect([resumed.code, resumed.stdout]).toEqual([0, stdout]);
  expect((await pickbench("report", at("aloneFolded"), "--out", at("folds.html"))).code).toBe(0);
});

test("a network of a feature that no tune run shows keeps its last weights", async () => {
  const experiment = await tinyExperiment(at("unseen.yaml"), {
    types: ["apo-ferritin"],
    features: [{ name: "blob", annotated: { slices: { [tinyRuns[0]!]: "all", [tinyRuns[1]!]: "all" } } }],
    networks: "perType",
    loss,
    budget: "8 steps",
    evaluate: evaluatedTwice,
  });
  const { code, stderr } = await run(experiment, "unseen", "--submissions", at("others"));
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const lines = (await readFile(at("unseen", "log.jsonl"), "utf8")).trim().split("\n");
  const judged = lines.map((line) => JSON.parse(line)).filter(({ tuneScore }) => tuneScore !== undefined);
  expect(judged.map(({ network }) => network)).toEqual(["apo-ferritin", "apo-ferritin"]);
});
