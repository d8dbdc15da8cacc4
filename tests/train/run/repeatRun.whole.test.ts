import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldsAsked } from "../../../src/data/splits.js";
import { type RunRecord, readRecord } from "../../../src/domain/record.js";
import { canonicalJson, hashOf } from "../../../src/system/files.js";
import { readExperiment } from "../../../src/train/experiment/experiment.js";
import { repeatRun } from "../../../src/train/run/repeatRun.js";
import { runExperiment } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { runFolds } from "../../../src/train/run/runFolds.js";
import { pickbench } from "../../support/commandLine.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { allowTiny, tinyCode, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const one = () => at("submissions", "one");
const reporter = hearingReporter();
const repeat = (record: string, out: string, changes: { data?: string; overwrite?: boolean } = {}) =>
  repeatRun({
    record,
    data,
    out: at(out),
    overwrite: false,
    allowCode: [tinyCode(folder)],
    reporter,
    ...changes,
  });

/** The record of `one` with changes, as if it had been written so. */
async function recordWith(
  name: string,
  change: (record: RunRecord, result: NonNullable<RunRecord["result"]>) => unknown,
) {
  await cp(one(), at(name), { recursive: true });
  const path = at(name, "record.json");
  const record = await readRecord(path);
  change(record, record.result!);
  const { resolved } = record.experiment;
  const experiment = { resolved, hash: hashOf(canonicalJson(resolved)) };
  await writeFile(path, JSON.stringify({ ...record, experiment }));
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repeat-"));
  data = await tinyDataset(folder);
  const experiment = await tinyExperiment(at("one.yaml"), {
    name: "one",
    budget: "2 steps",
    splits: { train: ["TS_S1", "TS_S2"], holdout: ["TS_S4"] },
    patch: { shape: [16, 16, 16] },
  });
  const options = { experiment, data, seed: 3, resume: false, threads: 1 };
  await runExperiment(runFolder(at("one-seed3")), options, at("submissions"));
  await rename(at("submissions", "one-seed3"), at("submissions", "one"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("repeating a record of folds", () => {
  it("runs every fold again and ends in the same CSV and score; other runs make other folds, and are refused", async () => {
    const experiment = await tinyExperiment(at("folds.yaml"), {
      name: "folds",
      budget: "2 steps",
      splits: { folds: 2, tune: 1 },
      patch: { shape: [16, 16, 16] },
    });
    const options = { experiment, data, resume: false, threads: 1 };
    const folds = foldsAsked((await readExperiment(experiment)).splits, undefined)!;
    await runFolds(runFolder(at("folds")), { ...options, folds, submissions: null });
    const repetition = await repeat(at("folds"), "folds-again");
    expect(repetition).toMatchObject({ same: true, checkpoint: null, submission: true, isRepeatable: true });
    const [first, again] = await Promise.all(
      ["folds", "folds-again"].map((name) => readFile(at(name, "fold-1", "best.safetensors"))),
    );
    expect(again!.equals(first!)).toBe(true);
    const fewer = at("fewer");
    await cp(data, fewer, { recursive: true });
    for (const root of ["static", "overlay"])
      await rm(join(fewer, root, "ExperimentRuns", "TS_S4"), { recursive: true, force: true });
    await expect(repeat(at("folds"), "never", { data: fewer })).rejects.toThrow(/TS_S4.* is missing/);
  });
});

describe("repeating a record", () => {
  it("ends in the same checkpoint, CSV and score, warns of files that are new, and publishes nothing", async () => {
    const leaderboard = await readFile(at("submissions", "LEADERBOARD.md"), "utf8");
    const more = at("more-data");
    await cp(data, more, { recursive: true });
    await writeFile(join(more, "overlay", "ExperimentRuns", "TS_S1", "Picks", "notes.txt"), "new");
    const { score, ...repetition } = await repeat(one(), "again", { data: more });
    expect(repetition).toMatchObject({
      same: true,
      checkpoint: true,
      submission: true,
      isRepeatable: true,
      difference: null,
    });
    expect(score).toEqual({ before: score.before, after: score.before, same: true });
    expect(reporter.notes).toContain(
      "warning: the record does not know overlay/ExperimentRuns/TS_S1/Picks/notes.txt",
    );
    expect(await readFile(at("submissions", "LEADERBOARD.md"), "utf8")).toBe(leaderboard);
  });

  it("refuses data of which a file has changed or is missing, by its name, and runs nothing", async () => {
    const other = at("other-data");
    await cp(data, other, { recursive: true });
    const picks = join(other, "overlay", "ExperimentRuns", "TS_S2", "Picks", "ribosome.json");
    const text = await readFile(picks, "utf8");
    await writeFile(picks, text.replace(/\d(?=\D*$)/, "7 "));
    const name = "overlay/ExperimentRuns/TS_S2/Picks/ribosome.json";
    await expect(repeat(one(), "refused", { data: other })).rejects.toMatchObject({
      tag: "BadDataset",
      message: expect.stringContaining(`${name} has changed since`),
    });
    await rename(picks, `${picks}.moved`);
    await expect(repeat(one(), "refused", { data: other })).rejects.toThrow(`${name} is missing`);
    await expect(readFile(at("refused", "record.json"))).rejects.toThrow("ENOENT");
    const { code, stderr } = await pickbench(
      "repeat",
      one(),
      "--data",
      other,
      "--out",
      at("refused"),
      ...allowTiny(folder),
    );
    expect([code, stderr.split("\n")[0]]).toEqual([1, expect.stringContaining(`${name} is missing`)]);
  });

  it("says where the result is another, and exits with 1", async () => {
    const path = await recordWith("altered", (_, result) => {
      result.metrics.score = 0.9;
      result.checkpointHash = "0".repeat(64);
    });
    const { code, stdout } = await pickbench(
      "repeat",
      path,
      "--data",
      data,
      "--out",
      at("unlike"),
      ...allowTiny(folder),
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^checkpoint: not the same\nsubmission\.csv: the same\nscore: not the same \(0\.9000 before/,
    );
    expect(stdout).toMatch(/It is not the same, though its budget is in steps/);
  });

  it("leaves alone what stands in its folder, and the record's own folder", async () => {
    await expect(repeat(one(), join("submissions", "one"))).rejects.toThrow(/holds the record/);
    await expect(repeat(one(), "one-seed3")).rejects.toThrow(
      /already holds a finished run; give --overwrite/,
    );
  });

  it("refuses a record that was never finished", async () => {
    const path = await recordWith("unfinished", () => undefined);
    await writeFile(path, JSON.stringify({ ...(await readRecord(path)), result: null }));
    await expect(repeat(path, "no")).rejects.toThrow(/was never finished/);
  });

  it("repeats a record of train alone", async () => {
    const path = await recordWith("alone", (_, result) => {
      delete result.durations.predict;
      delete result.metrics.score;
      delete result.submissionHash;
    });
    await rm(at("alone", "submission.csv"));
    const { same, checkpoint, submission, score } = await repeat(path, "alone-again");
    expect({ same, checkpoint, submission, score: score.same }).toEqual({
      same: true,
      checkpoint: true,
      submission: null,
      score: null,
    });
  });
});

it("a budget in minutes cannot be the same to the bit, which is no failure", async () => {
  const path = await recordWith("timed", ({ experiment }) => {
    experiment.resolved.budget = "1s";
  });
  const { code, stdout } = await pickbench(
    "repeat",
    path,
    "--data",
    data,
    "--out",
    at("timed-again"),
    ...allowTiny(folder),
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^checkpoint: not the same\n/);
  expect(stdout).toMatch(/cannot be the same to the bit/);
});

it("leaderboard --check --data scores its CSVs again, and names truth that has changed", async () => {
  const check = (where: string) =>
    pickbench("leaderboard", "--check", "--submissions", at("submissions"), "--data", where);
  const fine = await check(data);
  expect([fine.code, fine.stdout]).toEqual([
    0,
    expect.stringMatching(/^one: its CSV scores the same again\n/),
  ]);
  const changed = at("changed-truth");
  await cp(data, changed, { recursive: true });
  const picks = join(changed, "overlay", "ExperimentRuns", "TS_S4", "Picks", "ribosome.json");
  await writeFile(picks, `${await readFile(picks, "utf8")} `);
  const { code, stdout } = await check(changed);
  expect(code).toBe(1);
  expect(stdout).toContain(
    "one: cannot be reproduced: the truth has changed since: overlay/ExperimentRuns/TS_S4",
  );
});
