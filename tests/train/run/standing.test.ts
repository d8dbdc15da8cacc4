import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { completeRecord, type RunRecord, recordTuning, startRecord } from "../../../src/domain/record.js";
import { canonicalJson, hashOf } from "../../../src/system/files.js";
import { experimentHash } from "../../../src/train/experiment/experiment.js";
import { writeProgress } from "../../../src/train/fit/progressFile.js";
import type { PreparedRun } from "../../../src/train/prepare/prepare.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { isScored, progressOf } from "../../../src/train/run/standing.js";
import { hearingReporter } from "../../support/hearingReporter.js";
import { experimentWith } from "../../support/leastExperiment.js";

const record = (metrics: Readonly<Record<string, number>>) =>
  ({
    name: "a",
    seed: 0,
    runs: { train: [], tune: [], holdout: ["A"] },
    startedAt: "2026-01-01T00:00:00.000Z",
    result: { metrics, durations: { predict: 1, score: 1 } },
  }) as unknown as RunRecord;

test("a run of features alone that was stopped before it was published goes on", async () => {
  const submissions = await mkdtemp(join(tmpdir(), "standing-"));
  try {
    for (const metrics of [{ score: 0.5 }, { "dice.membrane": 0.5 }]) {
      expect(await isScored(submissions)(record(metrics))).toBe(false);
      expect(await isScored(null)(record(metrics))).toBe(true);
    }
    expect(await isScored(submissions)(record({}))).toBe(true);
  } finally {
    await rm(submissions, { recursive: true });
  }
});

test("a trained run whose picking was tuned again is tuned anew by what goes on with it, which is said", async () => {
  const path = await mkdtemp(join(tmpdir(), "standing-"));
  try {
    const folder = runFolder(path);
    const experiment = experimentWith();
    await startRecord(folder.record, {
      ...{ name: "a", experiment, data: [], runs: { train: ["A"], tune: [], holdout: [] } },
      ...{ network: "plain", seed: 0, engine: "onnx-cpu" },
    });
    const hashes = { before: "0".repeat(64), after: "1".repeat(64) };
    await completeRecord(folder.record, {
      ...{ metrics: {}, durations: {}, checkpointHash: hashes.before, parameters: 1 },
    });
    const dataHash = hashOf(canonicalJson([]));
    await writeProgress(folder.last, {
      ...{ experimentHash: experimentHash(experiment), dataHash, done: [], current: null },
    });
    const reporter = hearingReporter();
    const prepared = {
      experiment,
      experimentHash: experimentHash(experiment),
      dataHash,
      manifest: [],
      reporter,
    };
    const goOn = async () => {
      reporter.notes.length = 0;
      const options = { experiment, data: "data", resume: true };
      await progressOf(folder, prepared as unknown as PreparedRun, options);
      return [...reporter.notes];
    };
    expect(await goOn()).toEqual([]);
    await recordTuning(folder.record, { experiment, ...hashes, tuneScore: 0.5 });
    expect(await goOn()).toEqual([expect.stringMatching(/best\.safetensors: its picking was tuned again/)]);
  } finally {
    await rm(path, { recursive: true });
  }
});
