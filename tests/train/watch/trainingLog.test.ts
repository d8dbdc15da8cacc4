/** The log of a training and what hears it: no sink ends a training. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { runFolder } from "../../../src/train/run/runFolder.js";
import { openTrainingLog } from "../../../src/train/watch/sinks/trainingLog.js";
import { hearingReporter } from "../../support/hearingReporter.js";

const root = mkdtempSync(join(tmpdir(), "training-log-"));
afterAll(() => rmSync(root, { recursive: true }));

it("goes on without TensorBoard's files, and says so, where the log before cannot be read", async () => {
  const experiment = checkExperiment(
    {
      ...{ name: "t", network: "plain", splits: { train: 1 }, loss: [{ kind: "crossEntropy" }] },
      ...{ budget: "9 steps", tensorboard: true },
    },
    "t.yaml",
  );
  const reporter = hearingReporter();
  const folder = runFolder(root);
  writeFileSync(folder.log, '{"network":"all","step":0,"strange":true}\n');
  const log = await openTrainingLog({ experiment, reporter }, folder, { done: [], current: "all", step: 1 });
  const step = { network: "all", step: 1, loss: 1, parts: {}, norm: 1, rate: 1, ms: 1, waitedMs: 0 };
  log.write({ ...step, samplesPerSecond: 1 });
  await log.close();
  expect(reporter.notes).toEqual([
    expect.stringMatching(/^no files for TensorBoard are written \(.*line 1 is neither.*training goes on/),
  ]);
  expect(readFileSync(folder.log, "utf8").split("\n")).toHaveLength(3);
  expect(existsSync(folder.tensorboard)).toBe(false);
});
