import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/dataset.js";
import { readTruth } from "../../../src/data/picks.js";
import { randomFor } from "../../../src/domain/random.js";
import { readRecord } from "../../../src/domain/record.js";
import { readLeaderboard } from "../../../src/leaderboard/leaderboard.js";
import { readReport } from "../../../src/leaderboard/submissionFolder.js";
import { foldsText } from "../../../src/score/folds.js";
import { runReportText } from "../../../src/score/report.js";
import { readSubmission, writeSubmission } from "../../../src/score/submissionCsv.js";
import { readSettings } from "../../../src/train/checkpoint/checkpoint.js";
import type { FoldsOptions } from "../../../src/train/run/foldsPlan.js";
import { runExperiment } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { type FoldsResult, runFolds, runOneFold } from "../../../src/train/run/runFolds.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { evaluatedTwice, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

const source = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
let folder: string;
let data: string;
let experiment: string;
let whole: FoldsResult;
const at = (...parts: string[]) => join(folder, ...parts);

const run = (out: string, changes: Partial<FoldsOptions> = {}): Promise<FoldsResult> =>
  runFolds(runFolder(at(out)), {
    experiment,
    data,
    submissions: at("submissions"),
    folds: { folds: 2, tune: 1 },
    resume: false,
    threads: 1,
    ...changes,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folds-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(at("tiny.yaml"), {
    budget: "40 steps",
    checkpoint: { everySeconds: 0 },
    evaluate: evaluatedTwice,
    picking: { thresholds: [0.1, 0.2, 0.3], minVolumes: [0.05] },
  });
  whole = await run("whole");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const best = (out: string, fold: number) => at(out, `fold-${fold}`, "best.safetensors");

async function expectSame(out: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const [got, wanted] = await Promise.all([readFile(at(out, file)), readFile(at("whole", file))]);
    expect(got.equals(wanted), file).toBe(true);
  }
}

describe("an experiment in folds", () => {
  it("writes down the densities of picks that each fold's annotated runs allow", async () => {
    const dense = await tinyExperiment(at("dense.yaml"), {
      budget: "40 steps",
      picking: { thresholds: [0.1, 0.2, 0.3], minVolumes: [0.05], density: "annotated" },
    });
    const { folds } = await run("dense", {
      experiment: dense,
      folds: { folds: 4, tune: 1 },
      submissions: at("dense-submissions"),
    });
    const truth = await readTruth(await openDataset(data));
    let seen = 0;
    for (const { picking, runs } of folds.folds)
      for (const [type, { density }] of Object.entries(picking)) {
        if (density === undefined) continue;
        const counts = [...runs.train, ...runs.tune].map(
          (name) => truth.get(name)!.filter((pick) => pick.type === type).length,
        );
        expect(density.most).toBeGreaterThan(0);
        expect(density.least / density.most).toBeCloseTo(Math.min(...counts) / Math.max(...counts), 9);
        seen++;
      }
    expect(seen).toBeGreaterThan(0);
  });

  it("holds out every run once, each fold being a run of its own", async () => {
    const folds = [
      { train: ["TS_S4"], tune: ["TS_S3"], holdout: ["TS_S1", "TS_S2"] },
      { train: ["TS_S2"], tune: ["TS_S1"], holdout: ["TS_S3", "TS_S4"] },
    ];
    expect(whole.folds.folds.map(({ runs }) => runs)).toEqual(folds);
    const record = await readRecord(at("whole", "record.json"));
    expect(record.runs).toEqual({
      train: [],
      tune: [],
      holdout: ["TS_S1", "TS_S2", "TS_S3", "TS_S4"],
      folds,
    });
    expect(record.experiment.resolved.splits).toEqual({ folds: 2, tune: 1 });
    expect(record.result?.checkpointHash).toBeNull();
    for (const fold of [0, 1]) {
      const own = await readRecord(at("whole", `fold-${fold}`, "record.json"));
      expect(own.runs).toEqual(folds[fold]);
      expect(own.experiment.resolved).toEqual({
        ...record.experiment.resolved,
        splits: { fold, folds: 2, tune: 1 },
      });
      expect(own.data.hash).toBe(record.data.hash);
    }
  });

  it("scores every run by the picks of the fold that held it out, as SciPy's script does", async ({
    skip,
  }) => {
    const picks = await readSubmission(at("whole", "submission.csv"));
    for (const { fold, runs, score } of whole.folds.folds) {
      const own = await readSubmission(at("whole", `fold-${fold}`, "submission.csv"));
      for (const name of runs.holdout) expect(picks.get(name)).toEqual(own.get(name));
      expect(score).toBeGreaterThan(0);
    }
    await writeSubmission(at("truth.csv"), await readTruth(await openDataset(data)));
    const args = [source("bench/peers/score_scipy.py"), at("truth.csv"), at("whole", "submission.csv")];
    const peer = await promisify(execFile)("/usr/bin/python3", args).catch(() => undefined);
    if (!peer) return skip("needs python3-scipy");
    const { score } = JSON.parse(peer.stdout) as { readonly score: number };
    expect(whole.folds.outOfFold.score).toBeCloseTo(score, 12);
    expect(whole.report.holdout?.score).toBe(whole.folds.outOfFold.score);
  });

  it("is one row of the leaderboard, with the time of all folds", async () => {
    const { groups, unranked } = await readLeaderboard(at("submissions"));
    expect(unranked).toEqual([]);
    expect(groups.map(({ rows }) => rows.map(({ name }) => name))).toEqual([["tiny-folds"]]);
    const seconds = whole.folds.folds.reduce((sum, fold) => sum + fold.seconds, 0);
    const row = groups[0]!.rows[0]!;
    expect(row.minutes).toBeCloseTo(seconds / 60, 6);
    expect(row).toMatchObject({ seed: 0, score: whole.folds.outOfFold.score });
    expect(JSON.parse(await readFile(at("submissions", "tiny-folds", "folds.json"), "utf8"))).toEqual(
      whole.folds,
    );
  });

  it("says that thresholds come from runs that are not scored", () => {
    expect(foldsText(whole.folds)).toMatch(/Thresholds and checkpoint .* tune runs, which it does not score/);
  });

  it("takes finished folds as they stand, even from elsewhere", async () => {
    for (const fold of ["fold-0", "fold-1"])
      await cp(at("whole", fold), at("elsewhere", fold), { recursive: true });
    const before = await stat(best("elsewhere", 1));
    const reporter = hearingReporter();
    const again = await run("elsewhere", { resume: true, reporter });
    expect(reporter.notes.map((note) => note.includes("finished before"))).toEqual([true, true]);
    expect((await stat(best("elsewhere", 1))).mtimeMs).toBe(before.mtimeMs);
    expect(again.folds).toEqual(whole.folds);
    await expectSame("elsewhere", ["submission.csv", "report.json", "folds.json"]);
  });
});

describe("thresholds from the held-out runs of all folds", () => {
  const pooling = { thresholds: [0.1, 0.2, 0.3], minVolumes: [0.05], from: "folds", density: "annotated" };
  let asked: string;
  const folded = (out: string, changes: Partial<FoldsOptions> = {}) =>
    run(out, { experiment: asked, submissions: null, folds: { folds: 4, tune: 1 }, ...changes });
  const settingsOf = (file: string) => readSettings(at("pooled", "fold-0", file));
  beforeAll(async () => {
    const changes = { budget: "12 steps", picking: pooling };
    asked = await tinyExperiment(at("pooled.yaml"), changes);
    for (const fold of [2, 0, 3, 1])
      await runOneFold(
        runFolder(at("apart")),
        {
          experiment: asked,
          data,
          folds: { folds: 4, tune: 1 },
          submissions: null,
          resume: false,
          threads: 1,
        },
        fold,
      );
  });

  it("are scored beside those of the tune runs, whose picks stay", async () => {
    const { report } = await folded("pooled");
    const plain = await tinyExperiment(at("plain.yaml"), {
      budget: "12 steps",
      picking: { ...pooling, from: undefined },
    });
    const without = await run("plain", {
      experiment: plain,
      submissions: null,
      folds: { folds: 4, tune: 1 },
    });
    expect(without.report.pooled).toBeUndefined();
    expect({ ...report, pooled: undefined }).toEqual(without.report);
    const { pooled } = report;
    expect(Object.keys(pooled!.perType)).toEqual(["apo-ferritin", "ribosome"]);
    for (const [type, { perFold, pooled: crossed }] of Object.entries(pooled!.perType)) {
      expect(perFold).toHaveLength(4);
      const { tp, fn } = report.holdout!.perType[type]!;
      expect(crossed.tp + crossed.fn).toBe(tp + fn);
    }
    expect(runReportText(report)).toContain(`score: tuned ${pooled!.tunedScore.toFixed(4)}, pooled`);
  });

  it("are in a checkpoint of each fold, which has seen all runs and holds to no density", async () => {
    const { pooled } = await readReport(at("pooled", "report.json"));
    const [tuned, both] = [await settingsOf("best.safetensors"), await settingsOf("pooled.safetensors")];
    for (const [type, { density, ...settings }] of tuned.picking) {
      expect(both.picking.get(type)).toEqual({ ...settings, threshold: pooled!.perType[type]!.threshold });
      if (type === "apo-ferritin") expect(density).toBeDefined();
    }
    const seen = both.lineage![0]!.roles.tune!.map((each) => each.run);
    expect(seen.toSorted()).toEqual(["TS_S1", "TS_S2", "TS_S3", "TS_S4"]);
    expect(both.tuneScore).toBe(pooled!.fittedScore);
  });

  it("are the same to the byte where the folds were done one by one, in any order", async () => {
    await folded("apart", { resume: true });
    for (const file of ["report.json", "submission.csv", "fold-1/pooled.safetensors", "fold-3/sweep.json"]) {
      const [got, wanted] = await Promise.all(["apart", "pooled"].map((out) => readFile(at(out, file))));
      expect(got!.equals(wanted!), file).toBe(true);
    }
  });

  it.each<[string, RegExp, (sweep: string) => Promise<unknown>]>([
    [
      "without the counts of a fold",
      /fold-2.sweep\.json: is missing, .*; remove .*fold-2/,
      (sweep) => rm(sweep),
    ],
    [
      "by those of other runs",
      /fold-2.sweep\.json: counts TS_S2, wanted TS_S3/,
      (sweep) => cp(at("pooled", "fold-1", "sweep.json"), sweep),
    ],
  ])("are not chosen %s", async (_, message, spoil) => {
    await cp(at("pooled"), at("spoilt"), { recursive: true });
    await spoil(at("spoilt", "fold-2", "sweep.json"));
    await expect(folded("spoilt", { resume: true })).rejects.toThrow(message);
  });
});

it("replaces folds that stand there where it is asked to", async () => {
  for (const fold of ["fold-0", "fold-5"])
    await cp(at("whole", "fold-0"), at("replaced", fold), { recursive: true });
  await writeFile(at("replaced", "fold-5", "record.json"), "{");
  const replaced = await run("replaced", {
    overwrite: true,
    budget: "1 step",
    submissions: at("replaced", "s"),
  });
  expect(existsSync(at("replaced", "fold-5"))).toBe(false);
  expect(replaced.folds.experimentHash).not.toBe(whole.folds.experimentHash);
  const { experiment: recorded } = await readRecord(at("replaced", "fold-0", "record.json"));
  expect(recorded.resolved.budget).toBe("1 step");
});

describe("refuses, changing nothing,", () => {
  const copied = async (name: string, spoil: () => Promise<unknown>) => {
    await cp(at("whole"), at(name), { recursive: true });
    await spoil();
  };
  it.each<[string, RegExp, () => Promise<unknown>]>([
    ["to begin anew unasked", /already holds a finished run; give --overwrite/, () => run("whole")],
    [
      "other settings",
      /whole: the run there was begun with other settings \(budget is .*41 steps" here\)/,
      () => run("whole", { resume: true, budget: "41 steps" }),
    ],
    [
      "another number of folds",
      /splits\.folds is 2 there, 3 here/,
      () => run("whole", { resume: true, folds: { folds: 3, tune: 1 } }),
    ],
    ["more folds than runs", /5 folds of 4 runs/, () => run("many", { folds: { folds: 5, tune: 1 } })],
    [
      "folds that leave no run to train on",
      /no run is left to train on/,
      () => run("many", { folds: { folds: 2, tune: 2 } }),
    ],
    [
      "an altered checkpoint",
      /fold-1.best\.safetensors: not the file that its record names/,
      async () => {
        await copied("checkpoint", () => appendFile(best("checkpoint", 1), "x"));
        return run("checkpoint", { resume: true });
      },
    ],
    [
      "a broken record of a fold",
      /no record that can be used.*; remove .*fold-1 to train this fold again/,
      async () => {
        await copied("record", () => writeFile(at("record", "fold-1", "record.json"), "{"));
        return run("record", { resume: true });
      },
    ],
    [
      "the folder of another fold",
      /fold-1: the run there was begun with other settings \(splits\.fold is 0 there, 1 here\)/,
      async () => {
        await copied("swapped", () => rm(at("swapped", "fold-1"), { recursive: true }));
        await cp(at("whole", "fold-0"), at("swapped", "fold-1"), { recursive: true });
        return run("swapped", { resume: true });
      },
    ],
    [
      "an altered submission of a fold",
      /fold-0.submission\.csv: scores 0, its record says 0\./,
      async () => {
        const csv = "id,experiment,particle_type,x,y,z\n";
        await copied("csv", () => writeFile(at("csv", "fold-0", "submission.csv"), csv));
        return run("csv", { resume: true });
      },
    ],
    [
      "a folder in use",
      /process \d+ is running there/,
      async () => {
        await copied("locked", () => writeFile(at("locked", "run.lock"), String(process.ppid)));
        return run("locked", { resume: true });
      },
    ],
    [
      "one run in the folder of folds",
      /whole holds the folds of a run, not one run/,
      () =>
        runExperiment(
          runFolder(at("whole")),
          { experiment, data, resume: true, threads: 1 },
          at("submissions"),
        ),
    ],
  ])("%s", async (_, message, work) => {
    const kept = await readFile(at("whole", "folds.json"));
    await expect(work()).rejects.toThrow(message);
    expect((await readFile(at("whole", "folds.json"))).equals(kept)).toBe(true);
  });
});

/** A copy of the data set in which the runs hold other picks, as many as chance wants, anywhere. */
async function poisoned(name: string, runs: readonly string[]): Promise<string> {
  await cp(data, at(name), { recursive: true });
  for (const [i, each] of runs.entries()) {
    const picks = at(name, "overlay", "ExperimentRuns", each, "Picks");
    for (const [j, type] of ["apo-ferritin", "ribosome"].entries()) {
      const path = join(picks, `${type}.json`);
      const random = randomFor(9, "tests/poison", 2 * i + j);
      const points = Array.from({ length: 2 + random.integer(9) }, () => ({
        location: { x: 640 * random.uniform(), y: 640 * random.uniform(), z: 400 * random.uniform() },
      }));
      const content = JSON.parse(await readFile(path, "utf8")) as object;
      await writeFile(path, JSON.stringify({ ...content, points }));
    }
  }
  return at(name);
}

/** Gives two runs one another's tomograms. */
async function exchanged(root: string, a: string, b: string): Promise<void> {
  const tomograms = (name: string) => join(root, "static", "ExperimentRuns", name);
  await rename(tomograms(a), join(root, "third"));
  await rename(tomograms(b), tomograms(a));
  await rename(join(root, "third"), tomograms(b));
}

describe("leakage", () => {
  it("truth and tomograms held out leave weights, thresholds and choice of checkpoint as they were", async () => {
    const heldOut = await poisoned("data-1", ["TS_S1", "TS_S2"]);
    await exchanged(heldOut, "TS_S1", "TS_S2");
    const { folds } = await run("poisoned-1", { data: heldOut });
    await expectSame("poisoned-1", ["fold-0/best.safetensors"]);
    expect(folds.folds[0]!.score).not.toBe(whole.folds.folds[0]!.score);
    expect((await readFile(best("poisoned-1", 1))).equals(await readFile(best("whole", 1)))).toBe(false);
  });

  it("truth tuned on moves thresholds and choice, in the fold that tunes on it alone", async () => {
    const tuned = await poisoned("data-2", ["TS_S3"]);
    const { folds } = await run("poisoned-2", { data: tuned });
    await expectSame("poisoned-2", ["fold-1/best.safetensors"]);
    expect(folds.folds[1]!.score).not.toBe(whole.folds.folds[1]!.score);
    const [got, was] = await Promise.all(["poisoned-2", "whole"].map((out) => readSettings(best(out, 0))));
    expect(got!.tuneScore).not.toBe(was!.tuneScore);
    expect(Object.fromEntries(got!.picking)).not.toEqual(Object.fromEntries(was!.picking));
  });
});
