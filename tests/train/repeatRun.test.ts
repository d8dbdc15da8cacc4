import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repeatRun } from "../../src/train/repeatRun.js";
import { runExperiment, trainOnly } from "../../src/train/runExperiment.js";
import { runFolder } from "../../src/train/runFolder.js";
import { pickbench } from "../score/pickbench.js";
import { tinyDataset, tinyExperiment } from "./fixtures/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const warnings: string[] = [];
const repeat = (name: string, out: string, changes: { data?: string; overwrite?: boolean } = {}) =>
  repeatRun({
    record: at("submissions", name),
    data,
    out: at(out),
    overwrite: false,
    quiet: true,
    onWarning: (warning) => warnings.push(warning),
    ...changes,
  });

const run = async (name: string, changes: Readonly<Record<string, unknown>>, seed: number) => {
  const experiment = await tinyExperiment(at(`${name}.yaml`), {
    name,
    budget: "2 steps",
    evaluate: { times: 1 },
    ...changes,
  });
  const options = { experiment, data, seed, resume: false, threads: 1, quiet: true };
  await runExperiment(runFolder(at(name)), options, at("submissions"));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repeat-"));
  data = await tinyDataset(folder);
  await run("one", {}, 0);
  await run("two", {}, 3);
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("repeating a record", () => {
  it("ends in the same checkpoint, CSV and score, warns of files that are new, and publishes nothing", async () => {
    const leaderboard = await readFile(at("submissions", "LEADERBOARD.md"), "utf8");
    const more = at("more-data");
    await cp(data, more, { recursive: true });
    await writeFile(join(more, "overlay", "ExperimentRuns", "TS_S1", "Picks", "notes.txt"), "new");
    for (const [name, where] of [
      ["one", data],
      ["two-seed3", more],
    ] as const) {
      warnings.length = 0;
      const { score, ...repetition } = await repeat(name, `${name}-again`, { data: where });
      expect(repetition).toMatchObject({
        same: true,
        checkpoint: true,
        submission: true,
        isRepeatable: true,
        difference: null,
      });
      expect(score).toEqual({ before: score.before, after: score.before, same: true });
      const added = "the record does not know overlay/ExperimentRuns/TS_S1/Picks/notes.txt";
      expect(warnings.includes(added)).toBe(where === more);
    }
    expect(await readFile(at("submissions", "LEADERBOARD.md"), "utf8")).toBe(leaderboard);
  }, 240_000);

  it("refuses data of which a file has changed or is missing, by its name, and runs nothing", async () => {
    const other = at("other-data");
    await cp(data, other, { recursive: true });
    const picks = join(other, "overlay", "ExperimentRuns", "TS_S2", "Picks", "ribosome.json");
    const text = await readFile(picks, "utf8");
    await writeFile(picks, text.replace(/\d(?=\D*$)/, "7 "));
    const name = "overlay/ExperimentRuns/TS_S2/Picks/ribosome.json";
    await expect(repeat("one", "refused", { data: other })).rejects.toMatchObject({
      tag: "BadDataset",
      message: expect.stringContaining(`${name} has changed since`),
    });
    await rename(picks, `${picks}.moved`);
    await expect(repeat("one", "refused", { data: other })).rejects.toThrow(`${name} is missing`);
    await expect(readFile(at("refused", "record.json"))).rejects.toThrow("ENOENT");
    const { code, stderr } = await pickbench("repeat", at("one"), "--data", other, "--out", at("refused"));
    expect([code, stderr.split("\n")[0]]).toEqual([1, expect.stringContaining(`${name} is missing`)]);
  }, 120_000);

  it("says where the result is another, and exits with 1", async () => {
    const altered = at("altered");
    await cp(at("submissions", "one"), altered, { recursive: true });
    const path = join(altered, "record.json");
    const record = JSON.parse(await readFile(path, "utf8"));
    record.result.metrics.score = 0.9;
    record.result.checkpointHash = "0".repeat(64);
    await writeFile(path, JSON.stringify(record));
    const { code, stdout } = await pickbench("repeat", path, "--data", data, "--out", at("unlike"));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^checkpoint: not the same\nsubmission\.csv: the same\nscore: not the same \(0\.9000 before/,
    );
    expect(stdout).toMatch(/It is not the same, though its budget is in steps/);
  }, 120_000);

  it("leaves alone what stands in its folder, and the record's own folder", async () => {
    await expect(repeat("one", join("submissions", "one"))).rejects.toThrow(/holds the record/);
    await expect(repeat("one", "one")).rejects.toThrow(/a finished run stands there; give --overwrite/);
  });

  it("refuses a record that was never finished", async () => {
    const broken = at("unfinished.json");
    const record = JSON.parse(await readFile(at("one", "record.json"), "utf8"));
    await writeFile(broken, JSON.stringify({ ...record, result: null }));
    const options = { data, out: at("no"), overwrite: false, quiet: true, onWarning: () => undefined };
    await expect(repeatRun({ ...options, record: broken })).rejects.toThrow(/was never finished/);
  });

  it("repeats a record of train alone", async () => {
    const experiment = await tinyExperiment(at("alone.yaml"), {
      name: "alone",
      budget: "1 step",
      splits: { train: 1 },
    });
    await trainOnly(runFolder(at("alone")), { experiment, data, resume: false, threads: 1, quiet: true });
    const options = {
      data,
      out: at("alone-again"),
      overwrite: false,
      quiet: true,
      onWarning: () => undefined,
    };
    const { same, checkpoint, submission, score } = await repeatRun({ ...options, record: at("alone") });
    expect({ same, checkpoint, submission, score: score.same }).toEqual({
      same: true,
      checkpoint: true,
      submission: null,
      score: null,
    });
  }, 120_000);
});

it("a budget in minutes cannot be the same to the bit, which is no failure", async () => {
  await run("timed", { budget: "1s" }, 0);
  const { code, stdout } = await pickbench("repeat", at("timed"), "--data", data, "--out", at("timed-cli"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/cannot be the same to the bit|It is the same/);
}, 240_000);

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
}, 120_000);
