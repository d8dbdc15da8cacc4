import { beforeAll, describe, expect, test } from "vitest";
import type { Shape3 } from "../../src/domain/volume.js";
import { Emitter } from "../../src/engines/onnx/graph/emitter.js";
import { inferenceGraph } from "../../src/engines/onnx/inferenceGraph.js";
import { type Array5, machineBlock, openSession } from "../../src/engines/onnx/session.js";
import { openOnnxTrainer } from "../../src/engines/onnx/trainer.js";
import { writeGradient } from "../../src/engines/onnx/trainingGraph.js";
import { buildTrainable, type LossBuilder } from "../../src/engines/trainable.js";
import { buildNetwork } from "../../src/nets/architecture.js";
import { architectureNamed } from "../../src/nets/library/catalogue.js";
import { pix2pix } from "../../src/nets/library/pix2pix.js";
import { elementCount, inOrder } from "../../src/nets/value.js";
import { layOut, namedWeights } from "../../src/nets/weights.js";
import { buildLoss, lossSchema } from "../../src/train/experiment/losses.js";
import { fixture, formula, formulaWeights, numbers } from "../support/formula.js";

interface TorchNetwork {
  readonly patch: Shape3;
  readonly parameters: readonly { name: string; shape: readonly number[] }[];
  readonly norm: number;
  readonly products: readonly number[];
}

interface TorchAdversarial {
  readonly shape: readonly [number, number, number, number];
  readonly loss: number;
  readonly gradients: readonly { name: string; norm: number; product: number }[];
}

const { outputs, networks, adversarial } = fixture<{
  outputs: number;
  networks: Record<string, TorchNetwork>;
  adversarial: TorchAdversarial;
}>("ais-networks");

/** Parameters of Ais's Table 1, for one image and one map; Keras counts running statistics among them. */
const table1 = [
  ["eman2", 378_081],
  ["inceptionnet", 550_529],
  ["unet", 922_881],
  ["vggnet", 1_493_059],
  ["resnet", 4_887_265],
  ["pix2pix", 29_249_409],
] as const;

test.each(table1)("%s has %i parameters", (name, count) => {
  const { parameters } = buildNetwork(architectureNamed(name), { outputs: 1 });
  expect(parameters.reduce((sum, parameter) => sum + elementCount(parameter), 0)).toBe(count);
});

test("pix2pix trains all of them but 6,912 running statistics, and a critic of 2,765,505 beside them", () => {
  const { parameters, critic } = buildNetwork(pix2pix, { outputs: 1 });
  const trained = (all: typeof parameters) =>
    all.filter((each) => each.trained).reduce((sum, each) => sum + elementCount(each), 0);
  expect(trained(parameters)).toBe(29_249_409 - 6_912);
  expect(trained(critic!.parameters)).toBe(2_765_505);
  expect(critic!.parameters.every((each) => each.name.startsWith("critic."))).toBe(true);
  expect(critic!.ofOwn).toMatchObject({ channels: 1, stride: [1, 16, 16] });
});

test("pix2pix's critic sees the image at the resolution of a coarser map", () => {
  const { critic } = buildNetwork(pix2pix, { outputs: 1, stride: 2 });
  expect(critic!.target.stride).toEqual([2, 2, 2]);
  expect(critic!.ofOwn.stride).toEqual([2, 32, 32]);
});

describe.each(Object.entries(networks))("%s is Ais's network", (name, torch) => {
  const network = buildNetwork(architectureNamed(name), { outputs });
  const layout = layOut(network.parameters);
  let named: ReturnType<typeof namedWeights>;
  beforeAll(() => {
    named = namedWeights(layout, formulaWeights(layout));
  });

  test("has the parameters of its PyTorch twin", () => {
    const ours = network.parameters.map((parameter) => [parameter.name, [...parameter.shape]] as const);
    expect(new Map(ours)).toEqual(new Map(torch.parameters.map((each) => [each.name, each.shape])));
  });

  test("sees each slice on its own", () => {
    expect(network.multiple[0]).toBe(1);
    for (const { operation } of inOrder(network.logits))
      if ("kernel" in operation) expect(operation.kernel[0]).toBe(1);
  });

  test.each(["blocked", "unblocked"])("gives its twin's output within 1e-4 of its size, %s", async (kind) => {
    const block = kind === "blocked" ? await machineBlock() : null;
    const session = await openSession(inferenceGraph(network, named, "none", 1, torch.patch, block));
    const { output } = await session.run({ image: numbers("image", [1, 1, ...torch.patch], 2) });
    await session.release();
    const [z, y, x] = torch.patch;
    expect(output!.dims).toEqual([1, z, outputs, y, x]);
    expect(relativeDistance(output!.data, torch)).toBeLessThan(1e-4);
  });
});

/**
 * How far a vector lies from one that is known by its norm and its products with probes: a probe's numbers are uniform
 * in [−1, 1), so that three times the mean square of the products' differences estimates the distance's square.
 */
function relativeDistance(data: Float32Array, { norm, products }: TorchNetwork): number {
  const squares = products.map((product, at) => {
    const probe = formula(`probe/output/${at}`, data.length);
    return (dot(data, probe) - product) ** 2;
  });
  const mean = squares.reduce((a, b) => a + b) / squares.length;
  return Math.sqrt(3 * mean) / norm;
}

function dot(a: Float32Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const meanAbsoluteError = lossSchema.parse({ kind: "absoluteError", weight: 100 });
const adversarialLosses: LossBuilder = (graph, inputs) =>
  buildLoss(graph, [meanAbsoluteError], { ...inputs, activation: "sigmoid" });

describe("adversarial training", () => {
  test("has PyTorch's loss, and its gradients for generator and critic to 1e-3", async () => {
    const [samples, ...patch] = adversarial.shape;
    const trainable = buildTrainable(buildNetwork(pix2pix, { outputs }), adversarialLosses);
    const { layout } = trainable;
    const e = new Emitter();
    const flat = e.input("weights", [layout.total]);
    const written = writeGradient(e, await machineBlock(), trainable, flat, samples, patch);
    e.output("loss", written.loss);
    e.output("gradient", written.gradient);
    const session = await openSession(e.parts(), { threads: 2 });
    const target = numbers("target", [samples, outputs, ...patch]);
    const results = await session.run({
      image: numbers("image", [samples, 1, ...patch], 2),
      target: { ...target, data: target.data.map((u) => (u > 0.5 ? 1 : 0)) },
      weight: filled([samples, 1, ...patch], 1),
      weights: { data: formulaWeights(layout), dims: [layout.total] },
    });
    await session.release();
    expect(results.loss!.data[0]! / adversarial.loss).toBeCloseTo(1, 5);
    const named = namedWeights(layout, results.gradient!.data);
    const whole = Math.hypot(...adversarial.gradients.map(({ norm }) => norm));
    for (const { name, norm, product } of adversarial.gradients) {
      const ours = named.get(name)!;
      const within = 1e-3 * norm + 1e-6 * whole;
      expect(Math.abs(Math.sqrt(dot(ours, ours)) - norm), name).toBeLessThan(within);
      const probe = formula(`probe/${name}/0`, ours.length);
      expect(Math.abs(dot(ours, probe) - product), name).toBeLessThan(2 * within);
    }
  });

  test("moves all of generator and critic, and learns discs in noise", async () => {
    const optimiser = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: 1000 };
    const network = { architecture: "pix2pix", outputs: 1 };
    const patch: Shape3 = [2, 64, 64];
    const spec = { network, optimiser, samples: 1, patch, seed: 1, threads: 2 };
    const trainer = await openOnnxTrainer(spec, adversarialLosses, "cpu");
    const weights = async () => namedWeights(trainer.layout, (await trainer.state()).weights);
    const before = await weights();
    const batch = discs(patch);
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) losses.push((await trainer.step(batch, step, 2e-4, 0)).loss);
    const after = await weights();
    await trainer.close();
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
    for (const { name } of trainer.layout.order)
      expect(Buffer.compare(bytesOf(after.get(name)!), bytesOf(before.get(name)!)), name).not.toBe(0);
  });
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** One bright disc a slice, of a quarter of its width, in noise; the target is the disc. */
function discs(patch: Shape3) {
  const [z, y, x] = patch;
  const { data: input } = numbers("noise", [1, 1, z, y, x]);
  const target = new Float32Array(input.length);
  for (let i = 0; i < input.length; i++) {
    const row = Math.floor(i / x) % y;
    if (Math.hypot(row - y / 3, (i % x) - x / 2) < x / 4) target[i] = 1;
    input[i]! += target[i]!;
  }
  return { input, target, weight: filled([1, 1, z, y, x], 1).data };
}

function filled(dims: readonly number[], value: number): Array5 {
  const count = dims.reduce((a, b) => a * b, 1);
  return { data: new Float32Array(count).fill(value), dims };
}
