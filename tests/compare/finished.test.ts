/** Which runs a comparison takes as finished. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isFinished } from "../../src/compare/compare.js";
import type { Dataset } from "../../src/data/model.js";
import { completeRecord, startRecord } from "../../src/domain/record.js";
import type { Experiment } from "../../src/train/experiment/schema.js";
import { experimentWith } from "../support/leastExperiment.js";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const experimentOn = (tomogram: string, changes: object = {}) =>
  experimentWith({ name: "recipe", network: "baseline", data: { tomogram }, ...changes });

/** A data set of one run with these reconstructions. */
const datasetOf = (...types: readonly string[]): Dataset => ({
  ...{ root: "", overlayRoot: "", roots: [], particles: [] },
  runs: [{ name: "A", tomograms: types.map((tomoType) => ({ run: "A", tomoType, path: tomoType })) }],
});

/** Tells whether `asked` is finished where a result of `before` stands. */
async function isFinishedAfter(before: Experiment, asked: Experiment, dataset: Dataset): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "finished-"));
  folders.push(folder);
  const record = join(folder, "record.json");
  await startRecord(record, {
    ...{ name: "recipe", experiment: before, data: [], network: "baseline", seed: 0 },
    ...{ runs: { train: ["A"], tune: [], holdout: [] }, engine: "onnx-cpu", threads: 1, weights: {} },
  });
  await completeRecord(record, { metrics: {}, durations: {}, checkpointHash: "0".repeat(64), parameters: 1 });
  const entrant = { architecture: "baseline", seed: 0, experiment: asked, path: "", folder };
  return isFinished(entrant, dataset);
}

test.each([
  ["denoised", "wbp", ["wbp"], true],
  ["denoised", "wbp", ["denoised", "wbp"], false],
  ["denoised", "wbp", ["denoised"], false],
  ["wbp", "wbp", ["denoised", "wbp"], true],
  ["wbp", "denoised", ["denoised", "wbp"], false],
])("a recipe of %s, a result on %s, data of %j: finished is %s", async (asked, before, types, wanted) => {
  const dataset = datasetOf(...types);
  expect(await isFinishedAfter(experimentOn(before), experimentOn(asked), dataset)).toBe(wanted);
});

test("a recipe of features alone, which names no types, is finished by a run that learned none", async () => {
  const features = { features: ["membrane"], loss: [{ kind: "binaryCrossEntropy" }] };
  const [before, asked] = [{ ...features, types: [] }, features].map((each) => experimentOn("wbp", each));
  expect(await isFinishedAfter(before!, asked!, datasetOf("wbp"))).toBe(true);
  const named = experimentOn("wbp", { ...features, types: ["ribosome"] });
  expect(await isFinishedAfter(before!, named, datasetOf("wbp"))).toBe(false);
});
