import { expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import { type Array5, openSession } from "../../../src/engines/onnx/session.js";
import { trainingGraph } from "../../../src/engines/onnx/trainingGraph.js";
import { buildTrainable, type Optimiser, stateNames } from "../../../src/engines/trainable.js";
import { type Architecture, buildNetwork } from "../../../src/nets/architecture.js";
import { namedWeights } from "../../../src/nets/weights.js";
import { fixture, formulaWeights, numbers } from "../../support/formula.js";

/** Made with PyTorch by tests/fixtures/nets/operations.py. */
const torch = fixture<{
  readonly size: Shape3;
  readonly samples: number;
  readonly channels: number;
  readonly momentum: number;
  readonly running: readonly { mean: readonly number[]; variance: readonly number[] }[];
}>("operations");

const kernel: Shape3 = [1, 1, 1];

const normed: Architecture = {
  name: "normed",
  description: "a batch normalisation behind a convolution",
  source: "",
  build: (g, x, outputs) =>
    g.convolution(
      g.batchNorm(g.convolution(x, "a", torch.channels, { kernel }), "norm", { momentum: torch.momentum }),
      "head",
      outputs,
      { kernel },
    ),
};

const optimiser: Optimiser = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 };

test("training steps at rate 0 leave PyTorch's running mean and variance, and the weights as they were", async () => {
  const trainable = buildTrainable(
    buildNetwork(normed, { outputs: 1 }),
    (g, { logits, target, voxelWeight }) => g.sum(g.multiply(g.multiply(logits, target), voxelWeight)),
  );
  const { layout } = trainable;
  const { samples, size } = torch;
  const { parts } = trainingGraph(trainable, optimiser, samples, size, null);
  const session = await openSession(parts, { threads: 1 });
  const vector = (data: Float32Array): Array5 => ({ data, dims: [layout.total] });
  const start = formulaWeights(layout);
  const firstOf = namedWeights(layout, start);
  firstOf.get("norm.running_mean")!.fill(0);
  firstOf.get("norm.running_var")!.fill(1);
  const zeros = () => vector(new Float32Array(layout.total));
  let state: Record<string, Array5> = {
    weights: vector(start),
    average: vector(start),
    moment1: zeros(),
    moment2: zeros(),
  };
  const one = (value: number): Array5 => ({ data: Float32Array.of(value), dims: [1] });
  const map = (name: string, scale = 1) => numbers(name, [samples, 1, ...size], scale);
  for (const [step, { mean, variance }] of torch.running.entries()) {
    const results = await session.run({
      ...state,
      image: map(`image${step}`, 2),
      target: map("target"),
      weight: map("weight"),
      rate: one(0),
      correction1: one(1 / (1 - optimiser.beta1 ** (step + 1))),
      correction2: one(1 / (1 - optimiser.beta2 ** (step + 1))),
      averageDecay: one(0),
    });
    state = Object.fromEntries(stateNames.map((name) => [name, results[`new.${name}`]!]));
    const named = namedWeights(layout, state.weights!.data);
    mean.forEach((value, i) => {
      expect(named.get("norm.running_mean")![i]).toBeCloseTo(value, 5);
    });
    variance.forEach((value, i) => {
      expect(named.get("norm.running_var")![i]! / value).toBeCloseTo(1, 5);
    });
    expect(state.weights!.data.slice(0, layout.trained)).toEqual(start.slice(0, layout.trained));
    expect(results.norm!.data[0]).toBeGreaterThan(0);
  }
  await session.release();
});
