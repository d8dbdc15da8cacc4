import { expect, test } from "vitest";
import type { EngineName, TrainerSpec } from "../../../src/engines/engine.js";
import { loadEngine } from "../../../src/engines/load.js";
import { initialWeights } from "../../../src/nets/weights.js";
import { relativeDifference } from "../../support/engines/centralDifferences.js";
import { adversarialSpec, openExample, trainSteps } from "../../support/engines/examples.js";

test("network and critic, dropout and running statistics end as the ONNX engine's do", async () => {
  const spec = await adversarialSpec();
  const onnx = await trained("onnx-cpu", spec);
  const tfjs = await trained("tfjs", spec);
  tfjs.losses.forEach((loss, step) => {
    expect(loss).toBeCloseTo(onnx.losses[step]!, 5);
  });
  const { layout } = onnx;
  const first = initialWeights(layout, spec.seed);
  const moves = (state: Float32Array) => state.map((value, at) => value - first[at]!);
  const [own, other] = [moves(tfjs.state.weights), moves(onnx.state.weights)];
  for (const [from, to] of [
    [0, layout.decayed],
    [layout.decayed, layout.trained],
    [layout.trained, layout.total],
  ] as const)
    expect(relativeDifference(own.slice(from, to), other.slice(from, to))).toBeLessThan(1e-3);
  for (const name of ["moment1", "moment2", "average"] as const)
    expect(relativeDifference(tfjs.state[name], onnx.state[name])).toBeLessThan(1e-4);
  expect(layout.order.map(({ name }) => name)).toContain("critic.head.weight");
  expect(layout.total).toBeGreaterThan(layout.trained);
});

async function trained(engine: EngineName, spec: TrainerSpec) {
  const trainer = await openExample(await loadEngine(engine), spec);
  const { losses } = await trainSteps(trainer, spec, 0, 3);
  const state = await trainer.state();
  await trainer.close();
  return { losses, state, layout: trainer.layout };
}
