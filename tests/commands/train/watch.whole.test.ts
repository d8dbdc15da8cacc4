import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { hashFile } from "../../../src/system/files.js";
import { readLog } from "../../../src/train/watch/readLog.js";
import { pickbench } from "../../support/commandLine.js";
import { type MlflowServer, startMlflow } from "../../support/mlflowServer.js";
import { pythonHas, runPythonFile } from "../../support/python.js";
import { tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
let experiment: string;
let server: MlflowServer;
const at = (...names: string[]) => join(folder, ...names);
const steps = 160;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "watch-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(at("tiny.yaml"), {
    loss: [{ kind: "crossEntropy", backgroundWeight: 0.1 }, { kind: "tversky" }],
    budget: `${steps} steps`,
  });
  server = await startMlflow();
});

afterAll(async () => {
  delete process.env.MLFLOW_TRACKING_URI;
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function train(out: string, ...flags: string[]): Promise<string> {
  const common = ["--data", data, "--out", at(out), "--threads", "1", "--quiet"];
  const { code, stdout, stderr } = await pickbench("train", experiment, ...common, ...flags);
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  return `${stdout}\n${stderr}`;
}

test("a training is watched on the tune runs, which changes no bit of its checkpoint", async () => {
  await train("plain", "--set", "watch.share=0");
  process.env.MLFLOW_TRACKING_URI = server.url;
  const watching = ["watch.share=0.5", "watch.crops=3", "tensorboard=true"].flatMap((set) => ["--set", set]);
  const told = await train("watched", ...watching);
  delete process.env.MLFLOW_TRACKING_URI;
  expect(await hashFile(at("watched", "best.safetensors"))).toBe(
    await hashFile(at("plain", "best.safetensors")),
  );

  const log = await readLog(at("watched", "log.jsonl"));
  expect(log.steps).toHaveLength(steps);
  const { loss, parts } = log.steps.at(-1)!;
  expect(Object.keys(parts!)).toEqual(["crossEntropy", "tversky"]);
  expect(parts!.crossEntropy! + parts!.tversky!).toBeCloseTo(loss, 5);
  expect(log.looks.length).toBeGreaterThan(0);
  for (const { watch } of log.looks) {
    expect(watch.crops).toBe(3);
    expect(Object.values(watch.f4).every((f4) => f4 >= 0 && f4 <= 1)).toBe(true);
  }
  const metrics = (await readRecord(at("watched", "record.json"))).result!.metrics;
  expect(metrics.looks).toBe(log.looks.length);
  // How large it is depends on the machine; schedule.test.ts holds its bound, by a clock of its own.
  expect(metrics.watchedShare).toBeGreaterThan(0);
  expect(metrics.watchedShare).toBeLessThan(1);
  expect(told).toMatch(/watching the tune runs took \d+\.\d % \(\d+ looks?\)/);
  const unwatched = await readLog(at("plain", "log.jsonl"));
  expect(unwatched.looks).toEqual([]);
  expect(existsSync(at("plain", "tensorboard"))).toBe(false);

  const run = server.runs.get("run0")!;
  expect([run.name, run.status, run.params.get("watch.crops")]).toEqual(["tiny", "FINISHED", "3"]);
  expect(run.metrics.filter(({ key }) => key === "tune/crops/loss")).toHaveLength(log.looks.length);
});

test.skipIf(!pythonHas("struct"))("its event file holds every step (skipped without Python)", async () => {
  const log = await readLog(at("watched", "log.jsonl"));
  const script = new URL("../../fixtures/formats/tfevents.py", import.meta.url).pathname;
  const [name] = readdirSync(at("watched", "tensorboard"));
  const events = runPythonFile(script, at("watched", "tensorboard", name!)) as {
    step: number;
    values: [string, number][];
  }[];
  const losses = events.flatMap(({ step, values }) =>
    values.filter(([tag]) => tag === "train/loss").map(([, value]) => [step, value]),
  );
  expect(losses).toEqual(log.steps.map((step) => [step.step + 1, Math.fround(step.loss)]));
});

test("a server that hangs neither slows nor ends a training", async () => {
  server.fault = () => true;
  process.env.MLFLOW_TRACKING_URI = server.url;
  const told = await train("hanging");
  delete process.env.MLFLOW_TRACKING_URI;
  server.fault = () => false;
  expect(told).toMatch(/not all figures reached MLflow at http:\/\/127/);
  expect(await hashFile(at("hanging", "best.safetensors"))).toBe(
    await hashFile(at("plain", "best.safetensors")),
  );
});

test("logs are handed on afterwards", async () => {
  const csv = await pickbench("log", at("watched"), at("plain"), "--to", "csv", "--out", at("tables"));
  expect([csv.code, csv.stderr]).toEqual([0, ""]);
  const [head, first] = (await readFile(at("tables", "plain.csv"), "utf8")).split("\n");
  expect(head).toBe(
    "network,step,train/loss,train/parts/crossEntropy,train/parts/tversky,train/norm,train/rate,train/ms,train/waited_ms,train/samples_per_second,tune/score",
  );
  expect(first).toMatch(/^all,1,\d/);
  const again = await pickbench("log", at("plain"), "--to", "csv", "--out", at("tables"));
  expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/--overwrite/)]);

  const board = await pickbench("log", at("plain"), "--to", "tensorboard");
  expect(board.code).toBe(0);
  expect(readdirSync(at("plain", "tensorboard"))).toEqual([
    expect.stringMatching(/^events\.out\.tfevents\.\d{10}\.pickbench$/),
  ]);

  const nowhere = await pickbench("log", at("plain"), "--to", "mlflow");
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/MLFLOW_TRACKING_URI/)]);
  process.env.MLFLOW_TRACKING_URI = server.url;
  const sent = await pickbench("log", at("plain"), "--to", "mlflow", "--quiet");
  delete process.env.MLFLOW_TRACKING_URI;
  expect([sent.code, sent.stderr]).toEqual([0, ""]);
  const run = [...server.runs.values()].at(-1)!;
  expect([run.name, run.status]).toEqual(["plain", "FINISHED"]);
  expect(run.metrics.filter(({ key }) => key === "train/loss")).toHaveLength(steps);

  const none = await pickbench("log", at("data"), "--to", "csv");
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/holds no log\.jsonl/)]);
});
