import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readPicksFile, readRunPicks } from "../../src/data/picks.js";
import { readRecord } from "../../src/domain/record.js";
import { readLeaderboard } from "../../src/leaderboard/leaderboard.js";
import { scorePicks } from "../../src/score/score.js";
import { readSubmission } from "../../src/score/submissionCsv.js";
import { readSweep } from "../../src/score/sweep.js";
import { hashFile } from "../../src/system/files.js";
import { readCheckpoint, readSettings } from "../../src/train/checkpoint/checkpoint.js";
import { type RunResult, runExperiment } from "../../src/train/run/runExperiment.js";
import { runFolder } from "../../src/train/run/runFolder.js";
import { tuneOnly } from "../../src/train/run/tuneAgain.js";
import { pickbench } from "../support/commandLine.js";
import { allowTiny, evaluatedTwice, tinyCode, tinyDataset, tinyExperiment } from "../support/tinyRun.js";

let folder: string;
let data: string;
let result: RunResult;
const at = (...parts: string[]) => join(folder, ...parts);

/** Two evaluations and a grid of three thresholds, which the tests below compare. */
const compared = {
  evaluate: evaluatedTwice,
  picking: { thresholds: [0.1, 0.2, 0.3], minVolumes: [0.05] },
} as const;

const runTiny = async (name: string, changes: Readonly<Record<string, unknown>> = {}, seed = 0) => {
  const experiment = await tinyExperiment(at(`${name}.yaml`), changes);
  const options = { experiment, data, seed, resume: false, threads: 1 };
  return runExperiment(runFolder(at(name)), options, at("submissions"));
};

/** What `tune --json` tells of a type. */
interface TunedType {
  readonly threshold: number;
  readonly fbeta: number;
  readonly flat: { readonly from: number; readonly to: number };
}

const read = (path: string) => readCheckpoint(path, { allowCode: [tinyCode(folder)] });
const bytes = (...parts: string[]) => readFile(at(...parts));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chain-"));
  data = await tinyDataset(folder);
  result = await runTiny("first", compared);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("run", () => {
  it("leaves record, log, checkpoints, submission, report and leaderboard row, and nothing else", async () => {
    expect((await readdir(at("first"))).sort()).toEqual([
      "best.safetensors",
      "last.safetensors",
      "log.jsonl",
      "picks",
      "record.json",
      "report.json",
      "submission.csv",
      "sweep.json",
    ]);
    const record = await readRecord(at("first", "record.json"));
    expect(record.runs).toEqual({ train: ["TS_S1", "TS_S2"], tune: ["TS_S3"], holdout: ["TS_S4"] });
    expect(record.result?.metrics).toMatchObject({ score: result.report.holdout!.score });
    const { groups, unranked } = await readLeaderboard(at("submissions"));
    expect(unranked).toEqual([]);
    expect(groups[0]!.rows[0]).toMatchObject({ name: "tiny", score: result.report.holdout!.score });
    expect(existsSync(at("submissions", "LEADERBOARD.md"))).toBe(true);
    expect((await readdir(at("submissions", "tiny"))).sort()).toEqual([
      "record.json",
      "report.json",
      "submission.csv",
    ]);
  });

  it("logs every step once, in order, and the evaluations", async () => {
    const lines = (await readFile(at("first", "log.jsonl"), "utf8")).trimEnd().split("\n");
    const logged = lines.map(
      (line) => JSON.parse(line) as { step: number; loss?: number; tuneScore?: number },
    );
    expect(logged.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, step) => step),
    );
    expect(logged.filter(({ tuneScore }) => tuneScore !== undefined).map(({ step }) => step)).toEqual([
      5, 11,
    ]);
  });

  it("keeps every evaluation's weights where the experiment says so, and is otherwise the same run", async () => {
    await runTiny("kept", { ...compared, checkpoint: { keep: true } });
    expect((await readdir(at("kept", "snapshots"))).sort()).toEqual([
      "all-0000006.safetensors",
      "all-0000012.safetensors",
    ]);
    const best = await read(at("kept", "best.safetensors"));
    expect((await read(at("first", "best.safetensors"))).networks).toEqual(best.networks);
    const snapshots = await Promise.all(
      ["6", "12"].map((step) => read(at("kept", "snapshots", `all-${step.padStart(7, "0")}.safetensors`))),
    );
    expect(snapshots.map(({ tuneScore }) => tuneScore)).toContain(best.tuneScore);
    expect(snapshots.some(({ networks }) => isDeepStrictEqual(networks, best.networks))).toBe(true);
    expect(isDeepStrictEqual(snapshots[0]!.networks, snapshots[1]!.networks)).toBe(false);
  });

  it("reports the score that its submission has against the held-out run's picks", async () => {
    const dataset = await openDataset(data);
    const truth = new Map([["TS_S4", await readRunPicks(dataset, "TS_S4")]]);
    const picks = await readSubmission(at("first", "submission.csv"));
    expect([...picks.keys()]).toEqual(["TS_S4"]);
    const { score } = scorePicks(truth, picks, dataset.particles);
    expect(score).toBe(result.report.holdout!.score);
  });

  it("leaves the held-out picks with confidences, and their counts at every threshold of the grid", async () => {
    const dataset = await openDataset(data);
    const truth = new Map([["TS_S4", await readRunPicks(dataset, "TS_S4")]]);
    const types = ["apo-ferritin", "ribosome"];
    const path = (type: string) => at("first/picks/ExperimentRuns/TS_S4/Picks", `pickbench_run_${type}.json`);
    const picks = (await Promise.all(types.map((type) => readPicksFile(path(type), type)))).flat();
    expect(picks.length).toBeGreaterThan(0);
    expect(picks.every(({ score }) => score! > 0 && score! <= 1)).toBe(true);
    const report = scorePicks(truth, new Map([["TS_S4", picks]]), dataset.particles);
    expect(report).toEqual(result.report.holdout);
    const sweep = (await readSweep(at("first", "sweep.json")))!;
    const { picking } = await readSettings(at("first", "best.safetensors"));
    expect(sweep.runs).toEqual(["TS_S4"]);
    for (const type of types) {
      const { used, points } = sweep.perType[type]!;
      expect(points.map(({ threshold }) => threshold)).toEqual([0.1, 0.2, 0.3]);
      expect(used).toBe(picking.get(type)!.threshold);
      const { tp, fp, fn } = result.report.holdout!.perType[type]!;
      expect(points.find(({ threshold }) => threshold === used)).toEqual({ threshold: used, tp, fp, fn });
      expect(new Set(points.map((point) => point.tp + point.fp)).size).toBeGreaterThan(1);
    }
  });

  it("gives the same bytes for the same seed and others for another", async () => {
    await runTiny("again", compared);
    await runTiny("other", compared, 1);
    for (const file of ["best.safetensors", "last.safetensors", "submission.csv"]) {
      expect((await bytes("again", file)).equals(await bytes("first", file)), file).toBe(true);
      expect((await bytes("other", file)).equals(await bytes("first", file)), file).toBe(false);
    }
  });
});

describe("what a run leaves is all that is needed after it", () => {
  it("submit writes the run's own submission", async () => {
    const args = ["--data", data, "--runs", "TS_S4", "--threads", "1", "--out", at("submitted.csv")];
    const { code, stderr } = await pickbench(
      ...["submit", at("first", "best.safetensors"), ...args, ...allowTiny(folder)],
    );
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("pickbench:")]);
    expect((await bytes("submitted.csv")).equals(await bytes("first", "submission.csv"))).toBe(true);
  });

  it("predict and pick --checkpoint give the picks that submit gives", async () => {
    const checkpoint = at("first", "best.safetensors");
    const where = ["--data", data, "--runs", "TS_S4", "--threads", "1"];
    expect(
      (await pickbench("predict", checkpoint, ...where, ...allowTiny(folder), "--out", at("maps"))).code,
    ).toBe(0);
    const picked = await pickbench(
      "pick",
      at("maps"),
      "--checkpoint",
      checkpoint,
      "--out",
      at("picks"),
      "--json",
    );
    expect(picked.code).toBe(0);
    const noted = JSON.parse(await readFile(at("picks", "lineage.json"), "utf8"));
    expect(noted[0].roles.train.map(({ run }: { run: string }) => run)).toEqual(["TS_S1", "TS_S2"]);
    const submitted = (await readSubmission(at("first", "submission.csv"))).get("TS_S4")!;
    for (const { type, path } of JSON.parse(picked.stdout).picked) {
      const picks = await readPicksFile(path, type);
      const own = submitted.filter((pick) => pick.type === type);
      expect(picks.length).toBe(own.length);
      const byPlace = (a: { x: number; y: number; z: number }, b: typeof a) =>
        a.z - b.z || a.y - b.y || a.x - b.x;
      [...picks].sort(byPlace).forEach(({ x, y, z }, i) => {
        const other = [...own].sort(byPlace)[i]!;
        expect(Math.hypot(x - other.x, y - other.y, z - other.z)).toBeLessThan(1e-3);
      });
    }
  });

  it("tune leaves the same best.safetensors, and refuses an experiment of other networks", async () => {
    const before = await bytes("first", "best.safetensors");
    const options = { data, seed: 0, resume: false, threads: 1 };
    const { score: tuned } = await tuneOnly(runFolder(at("first")), {
      ...options,
      experiment: at("first.yaml"),
    });
    expect(tuned).toBe(result.trained.tuneScore);
    expect(tuned).toBeGreaterThan(0);
    expect((await bytes("first", "best.safetensors")).equals(before)).toBe(true);
    const fewer = await tinyExperiment(at("fewer.yaml"), { types: ["ribosome"] });
    await expect(tuneOnly(runFolder(at("first")), { ...options, experiment: fewer })).rejects.toMatchObject({
      tag: "BadExperiment",
    });
    expect((await bytes("first", "best.safetensors")).equals(before)).toBe(true);
  });

  it("tune with another grid names itself and the new checkpoint in the record", async () => {
    await cp(at("first"), at("retuned"), { recursive: true });
    const was = await readRecord(at("retuned", "record.json"));
    const grid = { thresholds: [0.15, 0.25], minVolumes: [0.05, 0.1] };
    const experiment = await tinyExperiment(at("grid.yaml"), { ...compared, name: "first", picking: grid });
    const { code, stderr, stdout } = await pickbench(
      ...["tune", experiment, "--data", data, "--out", at("retuned"), "--threads", "1", "--json"],
    );
    expect(code, stderr).toBe(0);
    const now = await readRecord(at("retuned", "record.json"));
    const hash = await hashFile(at("retuned", "best.safetensors"));
    expect(hash).not.toBe(was.result!.checkpointHash);
    expect(now.result).toMatchObject({
      checkpointHash: hash,
      metrics: { score: was.result!.metrics.score, tuneScore: JSON.parse(stdout).tuneScore },
    });
    expect(now.tunings).toMatchObject([
      { before: was.result!.checkpointHash, after: hash, experiment: { resolved: { picking: grid } } },
    ]);
    expect(stderr).toContain("its score, picks and submission.csv are of the settings before");
    const { picking } = await read(at("retuned", "best.safetensors"));
    for (const [type, { threshold, fbeta, flat }] of Object.entries<TunedType>(JSON.parse(stdout).types)) {
      expect(threshold).toBe(picking.get(type)!.threshold);
      expect(fbeta).toBeGreaterThanOrEqual(0);
      expect(grid.thresholds).toEqual(expect.arrayContaining([flat.from, flat.to]));
    }
  });

  it("an ensemble of two checkpoints predicts what both learned", async () => {
    await runTiny("second", { types: ["ribosome", "thyroglobulin"], budget: "2 steps" });
    const two = ["first", "second"].map((name) => at(name, "best.safetensors"));
    const args = ["--data", data, "--runs", "TS_S4", "--threads", "1", "--out", at("both.csv"), "--json"];
    const { code, stdout } = await pickbench("submit", ...two, ...args, ...allowTiny(folder));
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout).runs[0].perType)).toEqual([
      "apo-ferritin",
      "ribosome",
      "thyroglobulin",
    ]);
  });
});

describe("one network per type", () => {
  const perType = { networks: "perType", budget: "8 steps" };

  it.each([
    ["sigmoid", { output: "sigmoid", loss: [{ kind: "binaryCrossEntropy", positiveWeight: 5 }] }],
    [
      "heatmap",
      {
        output: "heatmap",
        target: { kind: "gaussian", sigma: 2 },
        loss: [{ kind: "squaredError", positiveWeight: 10 }],
        picking: { method: "peaks", thresholds: [0.05, 0.1, 0.2] },
      },
    ],
  ])("trains, tunes and scores with output %s", async (name, changes) => {
    const { report, trained } = await runTiny(name, { ...perType, ...changes });
    expect(report.holdout).not.toBeNull();
    expect(trained.steps).toBe(8);
    const { networks, picking } = await read(at(name, "best.safetensors"));
    expect(networks.map(({ channels }) => channels)).toEqual([["apo-ferritin"], ["ribosome"]]);
    expect([...picking.keys()]).toEqual(["apo-ferritin", "ribosome"]);
  });
});
