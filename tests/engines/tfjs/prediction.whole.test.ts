import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import { loadEngine } from "../../../src/engines/load.js";
import { loadTensorFlow } from "../../../src/engines/tfjs/backend.js";
import { fromChannelMajor, type Map5 } from "../../../src/engines/tfjs/maps.js";
import { evaluateLean } from "../../../src/engines/tfjs/network.js";
import { buildNetwork } from "../../../src/nets/architecture.js";
import { architectureNamed } from "../../../src/nets/library/catalogue.js";
import { layOut, namedWeights } from "../../../src/nets/weights.js";
import { relativeDifference } from "../../support/engines/centralDifferences.js";
import { networkOfCase, portableCases } from "../../support/engines/portableCases.js";
import { formulaWeights, numbers } from "../../support/formula.js";

const fixture = new URL("../../fixtures/engines/portable/operations.json", import.meta.url);

describe("each operation, predicting, gives PyTorch's numbers", () => {
  const torch = JSON.parse(readFileSync(fixture, "utf8")) as Record<
    string,
    { shape: number[]; absolute: number; values: number[] }
  >;
  test.each(Object.entries(portableCases))("%s", async (name, build) => {
    const { shape, absolute, values } = torch[name]!;
    const { dims, data } = await evaluated(build);
    expect(dims).toEqual(shape);
    values.forEach((value, at) => {
      expect(data[Math.floor((at * (data.length - 1)) / 59)]!).toBeCloseTo(value, 4);
    });
    const sum = data.reduce((total, value) => total + Math.abs(value), 0);
    expect(sum / absolute).toBeCloseTo(1, 5);
  });
});

/** A case on the fixture's image, in PyTorch's order. */
async function evaluated(build: (typeof portableCases)[string]) {
  const { tf } = await loadTensorFlow();
  const { logits, parameters } = networkOfCase(build);
  const layout = layOut(parameters);
  const weights = namedWeights(layout, formulaWeights(layout));
  const image = numbers("image", [2, 3, 4, 8, 12], 2);
  const before = tf.memory().numTensors;
  const output = tf.tidy(() => {
    const given = fromChannelMajor(tf, image.data, image.dims as Map5["shape"]);
    const pass = {
      tf,
      parameter: ({ name, shape }: (typeof parameters)[number]) => tf.tensor(weights.get(name)!, [...shape]),
      training: null,
    };
    return tf.transpose(evaluateLean(logits, new Map([["image", given]]), pass), [0, 4, 1, 2, 3]);
  });
  const result = { dims: output.shape, data: Float32Array.from(output.dataSync()) };
  output.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

describe("a loaded network gives what the ONNX engine does, in its order", () => {
  const patch: Shape3 = [4, 8, 8];
  test.each([
    ["softmax", 0, 1],
    ["none", 0, 1],
    ["sigmoid", 3, 1],
    ["sigmoid", 0, 2],
    ["sigmoid", 3, 2],
  ] as const)("%s, %i offsets, stride %i", async (activation, offsets, stride) => {
    const network = buildNetwork(architectureNamed("plain"), { outputs: 5, stride, slices: 3 });
    const layout = layOut(network.parameters);
    const weights = namedWeights(layout, formulaWeights(layout));
    const image = numbers("image", patch).data;
    const outputs = [];
    for (const name of ["onnx-cpu", "tfjs"] as const) {
      const engine = await loadEngine(name);
      const options = { network, weights, activation, offsets, patch, threads: 1 };
      const loaded = await engine.load(options);
      outputs.push(await loaded.run(image));
      expect(await loaded.run(image)).toEqual(outputs.at(-1));
      await loaded.close();
    }
    const [onnx, tfjs] = outputs as [Float32Array, Float32Array];
    expect(tfjs.length).toBe(onnx.length);
    expect(relativeDifference(tfjs, onnx)).toBeLessThan(1e-4);
  });
});
