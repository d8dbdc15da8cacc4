/** Whole runs that learn features by masks: alone, and beside types. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { readReport } from "../../../src/leaderboard/submissionFolder.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { pickbench } from "../../support/commandLine.js";
import { writeBlobs } from "../../support/masks.js";
import { allowTiny, tinyCode, tinyDataset, tinyExperiment, tinyRuns } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const loss = [{ kind: "binaryCrossEntropy", positiveWeight: 5 }, { kind: "tversky" }];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "features-"));
  data = await tinyDataset(folder);
  for (const run of tinyRuns) await writeBlobs(data, run);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (experiment: string, out: string, ...flags: string[]) =>
  pickbench(
    "run",
    experiment,
    "--data",
    data,
    "--out",
    at(out),
    "--submissions",
    at("submissions"),
    "--quiet",
    ...flags,
  );

test("features alone: trained, tuned by Dice, predicted, and the same bytes again", async () => {
  const experiment = await tinyExperiment(at("alone.yaml"), {
    types: [],
    features: [{ name: "blob", annotated: "slices" }],
    loss,
    budget: "40 steps",
    picking: { thresholds: [0.2, 0.4, 0.6] },
  });
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
