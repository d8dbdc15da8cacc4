import { expect, test } from "vitest";
import { dropoutMask } from "../../../src/engines/dropoutMask.js";
import { loadTensorFlow, tensorFlowLibraries } from "../../../src/engines/tfjs/backend.js";
import { toZMajor } from "../../../src/engines/tfjs/maps.js";
import { masksOf } from "../../../src/engines/tfjs/trainer.js";

test("takes the first library that loads, and says why it passed over those before it", async () => {
  const { library, passedOver, tf, backend } = await loadTensorFlow();
  const before = tensorFlowLibraries.slice(0, tensorFlowLibraries.indexOf(library));
  expect(passedOver.map((each) => each.library)).toEqual(before);
  for (const { reason } of passedOver) expect(reason).not.toBe("");
  expect(tf.getBackend()).toBe(backend);
  expect((await loadTensorFlow()).tf).toBe(tf);
});

test("has TensorFlow.js's gradients: of x³ it is 3x²", async () => {
  const { tf } = await loadTensorFlow();
  const gradient = tf.tidy(() => tf.grad((x) => tf.pow(x, tf.scalar(3)))(tf.tensor1d([1, 2, -3])));
  expect([...gradient.dataSync()]).toEqual([3, 12, 27]);
  gradient.dispose();
});

test("a dropout's mask is the other engines' mask, voxel by voxel", async () => {
  const { tf } = await loadTensorFlow();
  const dropout = { name: "drop", rate: 0.3, dims: [2, 2, 3, 4, 5] };
  const mask = tf.tidy(() => toZMajor(tf, masksOf(tf, 7, 12)(dropout)));
  expect(mask.shape).toEqual(dropout.dims);
  expect(Float32Array.from(mask.dataSync())).toEqual(dropoutMask(dropout, 7, 12));
  const channels = tf.tidy(() => masksOf(tf, 7, 12)(dropout).shape);
  expect(channels).toEqual([2, 2, 4, 5, 3]);
  mask.dispose();
});
