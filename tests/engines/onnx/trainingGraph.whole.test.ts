import { beforeAll, describe, expect, test } from "vitest";
import type { Shape3 } from "../../../src/domain/volume.js";
import { type Array5, machineBlock, openSession } from "../../../src/engines/onnx/session.js";
import { trainingGraph } from "../../../src/engines/onnx/trainingGraph.js";
import { buildTrainable, type Optimiser, stateNames } from "../../../src/engines/trainable.js";
import { type Architecture, buildNetwork } from "../../../src/nets/architecture.js";
import { buildLoss, lossSchema } from "../../../src/train/experiment/losses.js";
import {
  lossFunction,
  type Point,
  relativeDifference,
  relativeGradientError,
} from "../../support/engines/centralDifferences.js";
import { formulaWeights, numbers, oneHotClasses } from "../../support/formula.js";

const outputs = 3;
const samples = 2;
const patch: Shape3 = [4, 8, 12];

/**
 * Every kind of layer of the networks in two levels, sixteen channels wide so that blocked convolutions take part. Smooth
 * activations, for central differences across the kinks of thousands of voxels are not the gradient; the networks with
 * theirs are held against PyTorch's gradients in tests/nets.
 */
const tiny: Architecture = {
  name: "tiny",
  description: "two levels, one of each layer",
  source: "",
  build(g, x, channels) {
    const a = g.softplus(g.instanceNorm(g.convolution(x, "a", 16), "a.norm"));
    const down = g.convolution(a, "down", 16, { stride: [2, 2, 2] });
    const side = g.convolution(g.averagePool(a), "side", 16, { kernel: [1, 1, 1] });
    const low = g.softplus(g.instanceNorm(g.add(down, side), "low.norm", { affine: true }));
    const grown = g.transposedConvolution(low, "grow", 16, { stride: [2, 2, 2] });
    const joined = g.concat(g.upsampleNearest(low), g.sigmoid(grown), a);
    const mixed = g.softplus(g.instanceNorm(g.convolution(joined, "mix", 16, { bias: false }), "mix.norm"));
    return g.convolution(mixed, "head", channels, { kernel: [1, 1, 1] });
  },
};

function tinyPoint(): Point {
  const specs = [lossSchema.parse({ kind: "crossEntropy" }), lossSchema.parse({ kind: "tversky" })];
  const trainable = buildTrainable(buildNetwork(tiny, { outputs }), (graph, inputs) =>
    buildLoss(graph, specs, { ...inputs, activation: "softmax" }),
  );
  const ones = numbers("", [samples, 1, ...patch]);
  const batch = {
    image: numbers("image", [samples, 1, ...patch], 2),
    target: oneHotClasses("labels", [samples, ...patch], outputs),
    weight: { ...ones, data: ones.data.map(() => 1) },
  };
  return { trainable, weights: formulaWeights(trainable.layout), batch, samples, patch };
}

describe("a whole small network", () => {
  test.each(["blocked", "unblocked"])("has a gradient equal to central differences, %s", async (kind) => {
    const point = tinyPoint();
    const f = await lossFunction(point, kind === "blocked" ? await machineBlock() : null);
    const error = await relativeGradientError(f, point, 1e-2);
    await f.release();
    console.info(`a whole small network, ${kind}: relative error of the gradient ${error.toExponential(1)}`);
    expect(error).toBeLessThan(1e-2);
  });

  test("has the same gradient blocked and not", async () => {
    const point = tinyPoint();
    const blocked = await lossFunction(point, await machineBlock());
    const unblocked = await lossFunction(point, null);
    const [a, b] = [await blocked.at(point.weights), await unblocked.at(point.weights)];
    await blocked.release();
    await unblocked.release();
    expect(relativeDifference(a.gradient, b.gradient)).toBeLessThan(1e-4);
  });
});

describe("training steps", () => {
  const optimiser: Optimiser = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 };
  let first: Trace;
  beforeAll(async () => {
    first = await train(25);
  });

  test("learn", () => {
    expect(first.losses.at(-1)).toBeLessThan(0.7 * first.losses[0]!);
  });

  test("are the same bits when run again", async () => {
    const second = await train(25);
    expect(second.losses).toEqual(first.losses);
    for (const name of stateNames) expect(second.state[name]).toEqual(first.state[name]);
  });

  test("are the same bits when the state is taken out half-way and put into a fresh session", async () => {
    const half = await train(11);
    const rest = await train(14, half.state, 11);
    expect([...half.losses, ...rest.losses]).toEqual(first.losses);
    for (const name of stateNames) expect(rest.state[name]).toEqual(first.state[name]);
  });

  interface Trace {
    readonly losses: number[];
    readonly state: Record<string, Array5>;
  }

  async function train(steps: number, from?: Record<string, Array5>, done = 0): Promise<Trace> {
    const { trainable, weights, batch } = tinyPoint();
    const { parts } = trainingGraph(trainable, optimiser, samples, patch, await machineBlock());
    const session = await openSession(parts, { threads: 2 });
    const dims = [weights.length];
    const zeros = { data: new Float32Array(weights.length), dims };
    const start = { data: weights, dims };
    let state = from ?? { weights: start, average: start, moment1: zeros, moment2: zeros };
    const losses: number[] = [];
    for (let step = done + 1; step <= done + steps; step++) {
      const one = (value: number) => ({ data: Float32Array.of(value), dims: [1] });
      const results = await session.run({
        ...batch,
        ...state,
        rate: one(1e-2),
        correction1: one(1 / (1 - optimiser.beta1 ** step)),
        correction2: one(1 / (1 - optimiser.beta2 ** step)),
        averageDecay: one(0.9),
      });
      state = Object.fromEntries(stateNames.map((name) => [name, results[`new.${name}`]!]));
      losses.push(results.loss!.data[0]!);
    }
    await session.release();
    return { losses, state };
  }
});
