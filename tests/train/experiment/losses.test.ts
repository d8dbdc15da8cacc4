import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import type { Activation } from "../../../src/engines/activation.js";
import { machineBlock } from "../../../src/engines/onnx/session.js";
import { buildNetwork } from "../../../src/nets/architecture.js";
import { layOut, namedWeights } from "../../../src/nets/weights.js";
import { buildLoss, lossSchema } from "../../../src/train/experiment/losses.js";
import { lossFunction, type Point, relativeGradientError } from "../../support/engines/centralDifferences.js";
import { expectClose, leadOf } from "../../support/engines/leadConvolution.js";
import { fixture, formulaWeights, numbers, oneHotClasses } from "../../support/formula.js";

interface LossCase {
  readonly name: string;
  readonly specs: readonly unknown[];
  readonly activation: Activation;
  readonly target: "classes" | "heat";
  readonly loss: number;
  readonly weightGradient: readonly number[];
  readonly biasGradient: readonly number[];
}

const { shape, channels, cases } = fixture<{
  shape: readonly [number, number, number, number];
  channels: number;
  cases: readonly LossCase[];
}>("losses");

const [samples, ...patch] = shape;

function pointOf({ specs, activation, target }: LossCase, size: Shape3 = patch): Point {
  const network = buildNetwork(leadOf(2), { outputs: channels });
  const { graph, logits, parameters } = network;
  const inputs = {
    logits,
    target: graph.input("target", channels),
    voxelWeight: graph.input("weight", 1),
    activation,
  };
  const parsed = specs.map((spec) => lossSchema.parse(spec));
  const objectives = [{ loss: buildLoss(graph, parsed, inputs), parameters }];
  const batchInputs = [logits.inputs[0]!, inputs.target, inputs.voxelWeight];
  const layout = layOut(parameters);
  const heat = numbers("heat", [samples, channels, ...size]);
  const counted = numbers("counted", [samples, 1, ...size]);
  return {
    trainable: { network, objectives, parts: [], batchInputs, layout },
    weights: formulaWeights(layout),
    batch: {
      pair: numbers("image", [samples, 2, ...size], 2),
      target:
        target === "classes"
          ? oneHotClasses("labels", [samples, ...size], channels)
          : { ...heat, data: heat.data.map(Math.abs) },
      weight: { ...counted, data: counted.data.map((u) => (u > -0.4 ? 1 : 0)) },
    },
    samples,
    patch: size,
  };
}

describe.each(cases.map((item) => [item.name, item] as const))("%s", (_, item) => {
  test("has PyTorch's value and gradient", async () => {
    const point = pointOf(item);
    const f = await lossFunction(point, await machineBlock());
    const { loss, gradient } = await f.at(point.weights);
    await f.release();
    expect(loss).toBeCloseTo(item.loss, 5);
    const named = namedWeights(point.trainable.layout, gradient);
    expectClose(named.get("lead.weight")!, item.weightGradient, 1e-5);
    expectClose(named.get("lead.bias")!, item.biasGradient, 1e-5);
  });

  test("has a gradient equal to central differences", async () => {
    const point = pointOf(item);
    const f = await lossFunction(point, await machineBlock());
    expect(await relativeGradientError(f, point, 4e-3)).toBeLessThan(1e-2);
    await f.release();
  });

  test("stays finite, with its gradient, for logits of ±500 and a batch in which every voxel is ignored", async () => {
    const point = pointOf(item);
    const f = await lossFunction(point, await machineBlock());
    const far = await f.at(point.weights.map((weight) => weight * 500));
    await f.release();
    const { weight } = point.batch;
    const none = { ...weight!, data: new Float32Array(weight!.data.length) };
    const g = await lossFunction({ ...point, batch: { ...point.batch, weight: none } }, null);
    const ignored = await g.at(point.weights);
    await g.release();
    for (const { loss, gradient } of [far, ignored])
      expect([loss, ...gradient].every(Number.isFinite)).toBe(true);
    expect(Math.max(...ignored.gradient.map(Math.abs))).toBe(0);
  });
});
