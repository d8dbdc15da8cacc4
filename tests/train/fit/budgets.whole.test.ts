/** Schedules that follow budgets of seconds and of steps. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { readLog } from "../../../src/train/watch/readLog.js";
import { pickbench } from "../../support/commandLine.js";
import { tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
let experiment: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "budgets-"));
  data = await tinyDataset(folder);
  experiment = await tinyExperiment(join(folder, "tiny.yaml"), { optimiser: { rate: 3e-3 }, evaluate: {} });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function train(out: string, ...flags: string[]) {
  const path = join(folder, out);
  const common = ["--data", data, "--out", path, "--threads", "1", "--quiet"];
  const { code, stderr } = await pickbench("train", experiment, ...common, ...flags);
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  const { result, experiment: recorded } = await readRecord(join(path, "record.json"));
  const { steps, evaluations } = await readLog(join(path, "log.jsonl"));
  return { metrics: result!.metrics, resolved: recorded.resolved, steps, evaluations };
}

test("of seconds: a twentieth of the steps warms up, and the record says what was followed", async () => {
  const { metrics, resolved, steps, evaluations } = await train("seconds", "--budget", "10s");
  const { length } = steps;
  expect(metrics.warmupSteps).toBe(Math.ceil(Math.min(length / 20, 2000)));
  expect(metrics.averageDecay).toBeCloseTo(length / (9 + length), 12);
  expect(metrics.evaluations).toBe(evaluations.length);
  expect(resolved).toMatchObject({ optimiser: { warmupSteps: "auto", average: "auto" } });
  const rates = steps.map(({ rate }) => rate!);
  expect(rates[0]).toBeLessThan(3e-3 / 100);
  expect(Math.max(...rates)).toBeGreaterThan(0.9 * 3e-3);
});

test("of steps: what is followed is known beforehand", async () => {
  // An evaluation is worth 4 steps here: the tune run has ten times the voxels of a patch.
  const few = await train("few", "--budget", "10 steps");
  expect(few.metrics).toMatchObject({ warmupSteps: 1, evaluations: 0 });
  expect(few.evaluations).toEqual([]);
  const many = await train("many", "--budget", "400 steps");
  expect(many.metrics).toMatchObject({ warmupSteps: 20, evaluations: 5 });
  expect(many.evaluations.map(({ step }) => step + 1)).toEqual([240, 280, 320, 360, 400]);
  const rates = many.steps.map(({ rate }) => rate!);
  expect(rates[0]).toBeCloseTo(3e-3 / 20, 9);
  expect(rates.indexOf(Math.max(...rates))).toBe(19);
});

test("of numbers that the experiment names: they are obeyed", async () => {
  const set = ["optimiser.warmupSteps=4", "optimiser.average=0.5", "evaluate.times=1"];
  const { metrics } = await train("named", "--budget", "12 steps", ...set.flatMap((each) => ["--set", each]));
  expect(metrics).toMatchObject({ warmupSteps: 4, averageDecay: 0.5, evaluations: 1 });
});
