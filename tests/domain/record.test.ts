import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  completeRecord,
  datasetOf,
  type RecordStart,
  readRecord,
  recordTuning,
  startRecord,
  trainedHash,
} from "../../src/domain/record.js";
import { canonicalJson, hashOf } from "../../src/system/files.js";

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pickbench-record-"));
  path = join(folder, "run", "record.json");
});
afterAll(() => rmSync(folder, { recursive: true }));

const data = [{ path: "static/a", size: 3, sha256: hashOf("abc") }];
const start: RecordStart = {
  name: "unet3d-baseline",
  experiment: { net: "baseline", loss: { beta: 2, alpha: 1 } },
  data,
  runs: { train: ["TS_1"], tune: ["TS_2"], holdout: ["TS_3"] },
  network: "baseline",
  seed: 7,
  engine: "onnx cpu",
  command: ["run", join(process.cwd(), "experiments/x.yaml"), "--data", join(homedir(), "czii")],
};
const result = {
  metrics: { score: 0.5 },
  durations: { train: 60 },
  checkpointHash: hashOf("weights"),
  parameters: 1_119_986,
};

describe("a record", () => {
  test("stands before the first step and says where everything came from", async () => {
    const record = await startRecord(path, start);
    expect(await readRecord(path)).toEqual(record);
    expect(record).toMatchObject({
      recordVersion: 1,
      seed: 7,
      result: null,
      versions: { node: process.versions.node },
    });
    expect(record.experiment.hash).toBe(hashOf(canonicalJson(start.experiment)));
    expect(record.data).toEqual({ hash: hashOf(canonicalJson(data)), files: data });
    expect(record.versions.pickbench).toBe(JSON.parse(readFileSync("package.json", "utf8")).version);
    expect(record.versions.onnxruntime).toMatch(/^\d+\.\d+\.\d+/);
    expect(record.code.lockfileHash).toBe(hashOf(readFileSync("package-lock.json")));
    expect(record.machine.cores).toBeGreaterThan(0);
  });

  test("names no host and no home", async () => {
    const text = readFileSync(path, "utf8");
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain(`${homedir()}/`);
    if (hostname().length > 3) expect(text).not.toContain(hostname());
    expect((await readRecord(path)).command).toEqual(["run", "experiments/x.yaml", "--data", "~/czii"]);
  });

  test("does not depend on the order of the experiment's keys", async () => {
    const other = await startRecord(join(folder, "other.json"), {
      ...start,
      experiment: { loss: { alpha: 1, beta: 2 }, net: "baseline" },
    });
    expect(other.experiment).toEqual((await readRecord(path)).experiment);
  });

  test("is completed at the end, all else unchanged", async () => {
    const before = await readRecord(path);
    const after = await completeRecord(path, result);
    expect(after.result).toMatchObject(result);
    expect({ ...after, result: null }).toEqual(before);
    expect(await readRecord(path)).toEqual(after);
    expect(Date.parse(after.result!.finishedAt)).toBeGreaterThanOrEqual(Date.parse(after.startedAt));
  });
});

describe("a record keeps what it was made by", () => {
  test("of a run that was stopped and resumed, every part, the first one first", async () => {
    const place = join(folder, "resumed.json");
    const first = await startRecord(place, { ...start, threads: 2, command: ["run", "a"] });
    const old = { ...first, code: { commit: "a".repeat(40), dirty: false, lockfileHash: null } };
    const second = await startRecord(place, { ...start, command: ["run", "b"], resumed: old });
    const third = await startRecord(place, { ...start, command: ["run", "c"], resumed: second });
    expect(third.earlier).toMatchObject([
      { code: old.code, command: ["run", "a"], startedAt: first.startedAt, threads: 2 },
      { code: second.code, versions: second.versions, command: ["run", "b"], startedAt: second.startedAt },
    ]);
    expect(third.command).toEqual(["run", "c"]);
    expect((await completeRecord(place, result)).earlier).toEqual(third.earlier);
    expect(first.earlier).toBeUndefined();
  });

  test("of a run that was tuned again, with what, and which checkpoint there was before", async () => {
    const place = join(folder, "tuned.json");
    await startRecord(place, start);
    const done = await completeRecord(place, { ...result, metrics: { score: 0.5, tuneScore: 0.6 } });
    expect(trainedHash(done)).toBe(result.checkpointHash);
    const [one, two] = ["one", "two"].map((name) => hashOf(name));
    const other = { ...start.experiment, picking: { thresholds: [0.3] } };
    await recordTuning(place, {
      experiment: other,
      before: result.checkpointHash,
      after: one!,
      tuneScore: 0.7,
    });
    const tuned = await recordTuning(place, {
      experiment: other,
      before: one!,
      after: two!,
      tuneScore: null,
    });
    expect(tuned.tunings).toMatchObject([
      { before: result.checkpointHash, after: one, tuneScore: 0.7, experiment: { resolved: other } },
      { before: one, after: two, tuneScore: null, code: tuned.code, versions: tuned.versions },
    ]);
    expect(tuned.result).toMatchObject({ checkpointHash: two, metrics: { score: 0.5 } });
    expect(tuned.result!.metrics.tuneScore).toBeUndefined();
    expect(trainedHash(tuned)).toBe(result.checkpointHash);
    expect(tuned.experiment).toEqual(done.experiment);
    expect(await readRecord(place)).toEqual(tuned);
  });
});

describe("a record that cannot be used is refused", () => {
  type Json = Record<string, unknown>;
  test.each<[string, (record: Json) => unknown, RegExp]>([
    ["another version", (record) => ({ ...record, recordVersion: 2 }), /recordVersion is 2, wanted 1/],
    ["a missing key", ({ seed: _, ...rest }) => rest, /seed: /],
    ["a surplus key", (record) => ({ ...record, extra: 1 }), /extra/],
    ["a list", () => [], /the document: /],
    [
      "an experiment altered afterwards",
      (record) => ({ ...record, experiment: { ...(record.experiment as Json), resolved: { net: "plain" } } }),
      /experiment was altered/,
    ],
    [
      "a manifest altered afterwards",
      (record) => ({ ...record, data: { ...(record.data as Json), files: [] } }),
      /manifest was altered/,
    ],
  ])("%s", async (_, alter, message) => {
    const broken = join(folder, "broken.json");
    writeFileSync(broken, JSON.stringify(alter(JSON.parse(readFileSync(path, "utf8")))));
    await expect(readRecord(broken)).rejects.toMatchObject({ tag: "BadExperiment", path: broken });
    await expect(readRecord(broken)).rejects.toThrow(message);
  });

  test("half a file, and none", async () => {
    const broken = join(folder, "half.json");
    writeFileSync(broken, readFileSync(path, "utf8").slice(0, 300));
    await expect(readRecord(broken)).rejects.toMatchObject({ tag: "BadExperiment" });
    await expect(readRecord(join(folder, "none.json"))).rejects.toThrow(/it does not exist/);
  });
});

test("a record nested 20,000 levels deep is refused in a sentence", async () => {
  await startRecord(path, start);
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  writeFileSync(path, readFileSync(path, "utf8").replace(/"net": ?"baseline"/, `"net": ${deep}`));
  await expect(readRecord(path)).rejects.toMatchObject({
    name: "BadExperiment",
    message: expect.stringContaining("it is nested too deeply; run the experiment again"),
  });
});

test.each([
  [{ dataset: "data/czii", command: ["run", "a.yaml", "--data", "other"] }, "data/czii"],
  [{ command: ["run", "a.yaml", "--data", "other"] }, "other"],
  [{ command: ["run", "--data=x/y", "a.yaml"] }, "x/y"],
  [{ command: ["run", "a.yaml"] }, undefined],
])("of %j the data set is %s", (record, path) => {
  expect(datasetOf(record)).toBe(path);
});
