import { describe, expect, test } from "vitest";
import type { EngineName } from "../../../src/engines/engine.js";
import { loadEngine } from "../../../src/engines/load.js";
import { loadTensorFlow } from "../../../src/engines/tfjs/backend.js";
import { relativeDifference } from "../../support/engines/centralDifferences.js";
import { adversarialSpec, exampleSpec, openExample, trainSteps } from "../../support/engines/examples.js";
import { faults } from "../../support/faults.js";

/** TensorFlow.js's plain backend takes a second for a step of `baseline`, so that its campaign alone has all of them. */
const stepsOf = (architecture: string): number => (architecture === "baseline" ? faults(8, 20) : 20);

describe("AdamW steps by TensorFlow.js and by ONNX Runtime", () => {
  test.each(["plain", "baseline"])("%s: the same losses, the same weights", async (architecture) => {
    const onnx = await trained("onnx-cpu", architecture);
    const tfjs = await trained("tfjs", architecture);
    const losses = Math.max(...onnx.losses.map((loss, at) => Math.abs(tfjs.losses[at]! / loss - 1)));
    const norms = Math.max(...onnx.norms.map((norm, at) => Math.abs(tfjs.norms[at]! / norm - 1)));
    const weights = relativeDifference(tfjs.state.weights, onnx.state.weights);
    const average = relativeDifference(tfjs.state.average, onnx.state.average);
    console.info(
      `${architecture}, ${onnx.losses.length} steps, loss ${onnx.losses[0]!.toFixed(3)} to ${onnx.losses.at(-1)!.toFixed(3)}: relative differences ` +
        `loss ${losses.toExponential(1)}, norm ${norms.toExponential(1)}, weights ${weights.toExponential(1)}, average ${average.toExponential(1)}`,
    );
    expect(onnx.losses.at(-1)!).toBeLessThan((onnx.losses.length < 20 ? 0.9 : 0.7) * onnx.losses[0]!);
    expect(losses).toBeLessThan(1e-4);
    expect(norms).toBeLessThan(1e-3);
    expect(weights).toBeLessThan(1e-3);
    expect(average).toBeLessThan(1e-3);
  });
});

async function trained(engine: EngineName, architecture: string) {
  const spec = exampleSpec(architecture, [8, 8, 8], 1);
  const trainer = await openExample(await loadEngine(engine), spec);
  const results = await trainSteps(trainer, spec, 0, stepsOf(architecture));
  const state = await trainer.state();
  await trainer.close();
  return { ...results, state };
}

describe("a run carried from one engine to another", () => {
  test.each([
    ["onnx-cpu", "tfjs"],
    ["tfjs", "onnx-cpu"],
  ] as const)("%s to %s: the losses go on as in a run that never changed", async (first, second) => {
    const spec = exampleSpec("plain", [8, 8, 8], 1);
    const uninterrupted = await openExample(await loadEngine("onnx-cpu"), spec);
    const wanted = await trainSteps(uninterrupted, spec, 0, 16);
    await uninterrupted.close();
    const before = await openExample(await loadEngine(first), spec);
    const after = await openExample(await loadEngine(second), spec);
    const losses = (await trainSteps(before, spec, 0, 10)).losses;
    await after.restore(await before.state());
    losses.push(...(await trainSteps(after, spec, 10, 16)).losses);
    await before.close();
    await after.close();
    const jump = Math.max(...wanted.losses.map((loss, at) => Math.abs(losses[at]! / loss - 1)));
    console.info(`${first} to ${second}: largest relative difference of the loss ${jump.toExponential(1)}`);
    expect(jump).toBeLessThan(1e-4);
  });

  test("a state restored and read is the same numbers, and the caller keeps its own", async () => {
    const spec = await adversarialSpec();
    const trainer = await openExample(await loadEngine("tfjs"), spec);
    await trainSteps(trainer, spec, 0, 1);
    const state = await trainer.state();
    const copy = structuredClone(state);
    await trainer.restore(state);
    expect(await trainer.state()).toEqual(copy);
    const again = await trainSteps(trainer, spec, 1, 2);
    expect(state).toEqual(copy);
    await trainer.restore(state);
    expect(await trainSteps(trainer, spec, 1, 2)).toEqual(again);
    await trainer.close();
  });
});

test("steps leave no tensors behind, and a closed trainer none", async () => {
  const { tf } = await loadTensorFlow();
  const before = tf.memory().numTensors;
  const spec = await adversarialSpec();
  const trainer = await openExample(await loadEngine("tfjs"), spec);
  await trainSteps(trainer, spec, 0, 1);
  const afterOne = tf.memory().numTensors;
  await trainSteps(trainer, spec, 1, 3);
  expect(tf.memory().numTensors).toBe(afterOne);
  await trainer.close();
  expect(tf.memory().numTensors).toBe(before);
});
