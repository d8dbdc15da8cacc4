import { afterAll, describe, expect, test } from "vitest";
import { loadTensorFlow } from "../../../src/engines/tfjs/backend.js";
import { lossGradient } from "../../../src/engines/tfjs/lossGradient.js";
import { fromChannelMajor } from "../../../src/engines/tfjs/maps.js";
import { masksOf } from "../../../src/engines/tfjs/trainer.js";
import { lossFunction, type Point, relativeDifference } from "../../support/engines/centralDifferences.js";
import { operationCases } from "../../support/engines/operationCases.js";
import { pointOf } from "../../support/engines/operationPoint.js";

const samples = 2;
const largest = { loss: 0, gradient: 0 };

afterAll(() =>
  console.info(
    `largest difference from ONNX Runtime over ${operationCases.length} cases: loss ${largest.loss.toExponential(1)}, gradient ${largest.gradient.toExponential(1)}`,
  ),
);

describe("loss and gradient of every operation equal the ONNX engine's", () => {
  test.each(operationCases.map((item) => [item.operation, item.name, item] as const))(
    "%s: %s",
    async (_, __, item) => {
      const point = pointOf(item, samples);
      const onnx = await byOnnx(point);
      const own = await byTensorFlow(point);
      const loss = Math.abs(own.loss - onnx.loss) / Math.max(Math.abs(onnx.loss), 1e-2);
      const gradient = relativeDifference(own.gradient, onnx.gradient);
      largest.loss = Math.max(largest.loss, loss);
      largest.gradient = Math.max(largest.gradient, gradient);
      expect(loss).toBeLessThan(1e-4);
      expect(gradient).toBeLessThan(1e-4);
    },
  );
});

async function byOnnx(point: Point) {
  const f = await lossFunction(point, null);
  const result = await f.at(point.weights);
  await f.release();
  return result;
}

async function byTensorFlow({ trainable, weights, batch }: Point) {
  const { tf } = await loadTensorFlow();
  const before = tf.memory().numTensors;
  const found = tf.tidy(() => {
    const inputs = Object.entries(batch).map(
      ([name, { data, dims }]) =>
        [name, fromChannelMajor(tf, data, dims as [number, number, number, number, number])] as const,
    );
    return lossGradient(tf, trainable, tf.tensor1d(weights), new Map(inputs), masksOf(tf, 1, 0));
  });
  const result = {
    loss: found.loss.dataSync()[0]!,
    gradient: Float32Array.from(found.gradient.dataSync()),
  };
  tf.dispose(found);
  expect(tf.memory().numTensors).toBe(before);
  return result;
}
