/** Which runs a comparison takes as finished. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isFinished } from "../../src/compare/compare.js";
import type { Dataset } from "../../src/data/model.js";
import { completeRecord, startRecord } from "../../src/domain/record.js";
import { checkExperiment } from "../../src/train/experiment/experiment.js";

let folder: string;
afterEach(() => rm(folder, { recursive: true, force: true }));

const experimentOn = (tomogram: string) =>
  checkExperiment(
    {
      name: "recipe",
      network: "baseline",
      splits: { train: 1 },
      loss: [{ kind: "crossEntropy" }],
      budget: "1 step",
      data: { tomogram },
    },
    "recipe.yaml",
  );

/** A data set of one run with these reconstructions. */
const datasetOf = (...types: readonly string[]): Dataset => ({
  ...{ root: "", overlayRoot: "", roots: [], particles: [] },
  runs: [{ name: "A", tomograms: types.map((tomoType) => ({ run: "A", tomoType, path: tomoType })) }],
});

test.each([
  ["denoised", "wbp", ["wbp"], true],
  ["denoised", "wbp", ["denoised", "wbp"], false],
  ["denoised", "wbp", ["denoised"], false],
  ["wbp", "wbp", ["denoised", "wbp"], true],
  ["wbp", "denoised", ["denoised", "wbp"], false],
])("a recipe of %s, a result on %s, data of %j: finished is %s", async (asked, before, types, wanted) => {
  folder = await mkdtemp(join(tmpdir(), "finished-"));
  const record = join(folder, "record.json");
  await startRecord(record, {
    ...{ name: "recipe", experiment: experimentOn(before), data: [], network: "baseline", seed: 0 },
    ...{ runs: { train: ["A"], tune: [], holdout: [] }, engine: "onnx-cpu", threads: 1, weights: {} },
  });
  await completeRecord(record, { metrics: {}, durations: {}, checkpointHash: "0".repeat(64), parameters: 1 });
  const entrant = { architecture: "baseline", seed: 0, experiment: experimentOn(asked), path: "", folder };
  expect(await isFinished(entrant, datasetOf(...types))).toBe(wanted);
});
