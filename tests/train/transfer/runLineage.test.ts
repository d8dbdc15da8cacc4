/** What a model from elsewhere says of the spectrum that its tomograms were given. */
import { expect, test } from "vitest";
import { encodeModel } from "../../../src/engines/onnx/graph/model.js";
import type { ExternalNetwork } from "../../../src/infer/predict/predictor.js";
import { checkExperiment } from "../../../src/train/experiment/experiment.js";
import { lineageOf } from "../../../src/train/transfer/runLineage.js";

async function notesOf(metadata: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const network = { onnx: "model.onnx", outputs: ["ribosome"], activation: "sigmoid" };
  const splits = { train: 0, holdout: ["TS_1"] };
  const model = encodeModel({ nodes: [], initializers: [], inputs: [], outputs: [] }, { metadata });
  const external = { model, external: { file: "model.onnx" }, channels: ["ribosome"] };
  const made = {
    experiment: checkExperiment({ name: "elsewhere", network, splits }, "test"),
    splits: { train: [], tune: [], holdout: ["TS_1"] },
    ...{ networks: [], start: null, teachers: [] },
    external: external as unknown as ExternalNetwork,
  };
  return (await lineageOf(made, new Map(), [])).notes;
}

test("a model of matched tomograms is warned of, for it is given them as they are", async () => {
  expect(await notesOf({})).toEqual([]);
  expect(await notesOf({ spectrum: '{"width":1,"power":[1]}' })).toEqual([
    expect.stringMatching(/^warning: model\.onnx: learned tomograms that were given one spectrum/),
  ]);
});
