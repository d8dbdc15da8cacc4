/** An experiment that chooses how to predict: what its checkpoint and its record hold. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRecord } from "../../../src/domain/record.js";
import { readCheckpoint } from "../../../src/train/checkpoint/checkpoint.js";
import { trainOnly } from "../../../src/train/run/runExperiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { tuneOnly } from "../../../src/train/run/tuneAgain.js";
import { openDetector } from "../../../src/train/submit/detector.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { tinyCode, tinyDataset, tinyExperiment } from "../../support/tinyRun.js";

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const own = { tile: [40, 32, 32], overlap: 8, choose: "fastest" };
const leave = () => ({ allowCode: [tinyCode(folder)] });

/** Trains the tiny experiment with changes; returns its options, its folder and what was said. */
async function trained(name: string, changes: Readonly<Record<string, unknown>> = {}) {
  const experiment = await tinyExperiment(at(`${name}.yaml`), {
    budget: "6 steps",
    predict: own,
    ...changes,
  });
  const reporter = hearingReporter();
  const options = { experiment, data, resume: false, threads: 1, reporter };
  const run = runFolder(at(name));
  await trainOnly(run, options);
  return { options, run, notes: reporter.notes, result: (await readRecord(run.record)).result! };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "choosing-"));
  data = await tinyDataset(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the checkpoint predicts by what was chosen, and the record says what was tried", async () => {
  const { run, notes, result } = await trained("one");
  const tried = result.tried!;
  const { score, ...first } = tried[0]!;
  expect(first).toMatchObject({ tile: own.tile, overlap: own.overlap, precision: "float32" });
  const chosen = tried.filter((each) => each.chosen);
  expect(chosen).toEqual([tried.at(-1)]);
  expect(chosen[0]!.work).toBeLessThan(first.work);
  expect(chosen[0]!.score).toBeGreaterThanOrEqual(score - 0.002);
  for (const each of tried.slice(1, -1)) expect(each.score).toBeLessThan(score - 0.002);
  const { experiment, tuneScore } = await readCheckpoint(run.best, leave());
  const { tile, overlap, precision } = chosen[0]!;
  expect(experiment.predict).toMatchObject({ tile, overlap, choose: "fastest" });
  expect(experiment.predict.precision ?? "float32").toBe(precision);
  expect(tuneScore).toBe(chosen[0]!.score);
  const detector = await openDetector([run.best], { engine: "onnx-cpu", threads: 1, ...leave() });
  expect(detector.precision).toBe(precision);
  await detector.close();
  expect(notes.filter((note) => note.includes(`predicts with tiles of ${tile.join("×")}`))).toHaveLength(1);
});

test("the same seed chooses the same, and so does tuning again", async () => {
  const { run, options } = await trained("again");
  const bytes = await readFile(run.best);
  expect(bytes.equals(await readFile((await trained("another")).run.best))).toBe(true);
  const { tried } = await tuneOnly(run, options);
  expect(tried!.some(({ chosen }) => chosen)).toBe(true);
  expect(bytes.equals(await readFile(run.best))).toBe(true);
});

test("a precision that is named stays", async () => {
  const { result } = await trained("named", { predict: { ...own, precision: "float32" } });
  expect(new Set(result.tried!.map(({ precision }) => precision))).toEqual(new Set(["float32"]));
});

test("without a run to tune on, nothing is chosen, and that is said", async () => {
  const { run, notes, result } = await trained("untuned", {
    splits: { train: 3, tune: 0, holdout: 1 },
    evaluate: { times: 0 },
  });
  expect(result.tried).toBeUndefined();
  expect((await readCheckpoint(run.best, leave())).experiment.predict).toMatchObject(own);
  expect(notes).toContainEqual(expect.stringMatching(/^predict\.choose: no run is tuned on/));
});

test("an experiment that does not choose has neither in its checkpoint nor in its record a word of it", async () => {
  const { run, result } = await trained("plain", { predict: { tile: own.tile, overlap: own.overlap } });
  expect(result).not.toHaveProperty("tried");
  expect((await readCheckpoint(run.best, leave())).experiment.predict).not.toHaveProperty("choose");
});
