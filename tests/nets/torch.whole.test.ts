import { describe, expect, test } from "vitest";
import type { Shape3 } from "../../src/domain/volume.js";
import { inferenceGraph } from "../../src/engines/onnx/inferenceGraph.js";
import { machineBlock, openSession } from "../../src/engines/onnx/session.js";
import { buildTrainable } from "../../src/engines/trainable.js";
import { buildNetwork } from "../../src/nets/architecture.js";
import { architectureNamed } from "../../src/nets/library/catalogue.js";
import { layOut, namedWeights } from "../../src/nets/weights.js";
import { buildLoss, lossSchema } from "../../src/train/experiment/losses.js";
import { lossFunction } from "../support/engines/centralDifferences.js";
import {
  fixture,
  floatFixture,
  formula,
  formulaWeights,
  numbers,
  oneHotClasses,
} from "../support/formula.js";

const outputs = 7;

function dot(a: Float32Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  a.forEach((value, i) => {
    sum += value * b[i]!;
  });
  return sum;
}

interface TorchNetwork {
  readonly patch: Shape3;
  readonly trainShape: readonly [number, number, number, number, number];
  readonly loss: number;
  readonly parameters: readonly { name: string; shape: number[]; norm: number; product: number }[];
}

describe.each([
  ["baseline", 1_119_986],
  ["plain", 353_703],
] as const)("%s is PyTorch's network", (name, parameterCount) => {
  const torch = fixture<TorchNetwork>(name);
  const network = buildNetwork(architectureNamed(name), { outputs });
  const layout = layOut(network.parameters);
  const weights = formulaWeights(layout);

  test(`has its ${parameterCount} parameters under its names`, () => {
    expect(network.parameterCount).toBe(parameterCount);
    const ours = network.parameters.map((parameter) => [parameter.name, [...parameter.shape]] as const);
    expect(new Map(ours)).toEqual(new Map(torch.parameters.map(({ name, shape }) => [name, shape])));
  });

  test.each(["blocked", "unblocked"])("gives its output within 1e-4 with its weights, %s", async (kind) => {
    const block = kind === "blocked" ? await machineBlock() : null;
    const graph = inferenceGraph(network, namedWeights(layout, weights), "none", 1, torch.patch, block);
    const session = await openSession(graph);
    const { output } = await session.run({ image: numbers("image", [1, 1, ...torch.patch], 2) });
    await session.release();
    const [z, y, x] = torch.patch;
    expect(output!.dims).toEqual([1, z, outputs, y, x]);
    const wanted = floatFixture(name);
    let largest = 0;
    output!.data.forEach((value, i) => {
      const slice = Math.floor(i / (outputs * y * x));
      const channel = Math.floor(i / (y * x)) % outputs;
      const there = (channel * z + slice) * y * x + (i % (y * x));
      largest = Math.max(largest, Math.abs(value - wanted[there]!));
    });
    expect(largest).toBeLessThan(1e-4);
  });

  test.each(["blocked", "unblocked"])("has its loss and gradients to 1e-3, %s", async (kind) => {
    const [samples, , ...patch] = torch.trainShape;
    const f = await crossEntropyStep(kind === "blocked" ? await machineBlock() : null, samples, patch);
    const { loss, gradient } = await f.at(weights);
    await f.release();
    expect(loss).toBeCloseTo(torch.loss, 5);
    const whole = Math.hypot(...torch.parameters.map(({ norm }) => norm));
    const named = namedWeights(layout, gradient);
    for (const { name, norm, product } of torch.parameters) {
      const ours = named.get(name)!;
      const probe = formula(`probe/${name}`, ours.length);
      const within = 1e-3 * norm + 1e-6 * whole;
      expect(Math.abs(Math.sqrt(dot(ours, ours)) - norm), name).toBeLessThan(within);
      expect(Math.abs(dot(ours, probe) - product), name).toBeLessThan(2 * within);
    }
  });

  function crossEntropyStep(block: number | null, samples: number, patch: Shape3) {
    const net = buildNetwork(architectureNamed(name), { outputs });
    const spec = lossSchema.parse({ kind: "crossEntropy", backgroundWeight: 0.2 });
    const trainable = buildTrainable(net, (graph, inputs) =>
      buildLoss(graph, [spec], { ...inputs, activation: "softmax" }),
    );
    const ones = numbers("", [samples, 1, ...patch]);
    const batch = {
      image: numbers("image", [samples, 1, ...patch], 2),
      target: oneHotClasses("labels", [samples, ...patch], outputs),
      weight: { ...ones, data: ones.data.fill(1) },
    };
    return lossFunction({ trainable, weights, batch, samples, patch }, block);
  }
});
