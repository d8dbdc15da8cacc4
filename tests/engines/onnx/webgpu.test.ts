import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Batch } from "../../../src/data/patchSpec.js";
import type { LoadOptions, StepResult, Trainer, TrainerSpec } from "../../../src/engines/engine.js";
import { Emitter } from "../../../src/engines/onnx/emitter.js";
import { onnxEngine } from "../../../src/engines/onnx/engine.js";
import type { Provider } from "../../../src/engines/onnx/provider.js";
import { openSession } from "../../../src/engines/onnx/session.js";
import { writeGradient } from "../../../src/engines/onnx/trainingGraph.js";
import type { TrainingState } from "../../../src/engines/optimiser.js";
import { buildTrainable, type LossBuilder } from "../../../src/engines/trainable.js";
import { loadNetwork } from "../../../src/nets/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../../../src/nets/weights.js";
import { randomFor } from "../../../src/random.js";
import { buildLoss, lossSchema } from "../../../src/train/losses.js";
import type { Shape3 } from "../../../src/volume.js";
import type { Point } from "./centralDifferences.js";
import { operationCases } from "./operationCases.js";
import { pointOf } from "./operationPoint.js";
import { vulkanDriver } from "./softwareVulkan.js";

const patch: Shape3 = [4, 8, 8];
const voxels = 4 * 8 * 8;
const outputs = 3;
const steps = 20;
const slow = 300_000;

const loss: LossBuilder = (graph, inputs) =>
  buildLoss(graph, [lossSchema.parse({ kind: "crossEntropy" }), lossSchema.parse({ kind: "tversky" })], {
    ...inputs,
    activation: "softmax",
  });

/** A bright ball of each type in noise, with the class of every voxel. */
function balls(): Batch {
  const random = randomFor(7, "balls");
  const input = new Float32Array(voxels);
  const target = new Float32Array(outputs * voxels);
  for (let at = 0; at < voxels; at++) {
    const [z, y, x] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
    const type = Math.hypot(z - 1, y - 2, x - 2) < 2 ? 1 : Math.hypot(z - 2, y - 5, x - 5) < 2.5 ? 2 : 0;
    input[at] = type * 1.5 + random.between(-0.5, 0.5);
    target[type * voxels + at] = 1;
  }
  return { input, target, weight: new Float32Array(voxels).fill(1) };
}
const batch = balls();

const spec: TrainerSpec = {
  network: { architecture: "plain", outputs },
  optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2, clipNorm: 1 },
  samples: 1,
  patch,
  seed: 3,
  threads: 2,
};
const stepOf = (trainer: Trainer, step: number): Promise<StepResult> => trainer.step(batch, step, 1e-3, 0.05);

interface Trained {
  readonly losses: readonly number[];
  readonly state: TrainingState;
  /** Of one step more. */
  readonly next: number;
}

async function trained(provider: Provider): Promise<Trained> {
  const trainer = await onnxEngine(provider).openTrainer(spec, loss);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await stepOf(trainer, step)).loss);
  const state = await trainer.state();
  const next = (await stepOf(trainer, steps)).loss;
  await trainer.close();
  return { losses, state, next };
}

const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);

const length = (a: Float32Array): number => Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));

const relativeDifference = (a: Float32Array, b: Float32Array): number =>
  length(a.map((value, at) => value - b[at]!)) / length(a);

describe.skipIf(!vulkanDriver())("WebGPU, on whatever Vulkan driver there is", () => {
  let cpu: Trained;
  let webgpu: Trained;
  const table: string[] = [];
  beforeAll(async () => {
    cpu = await trained("cpu");
    webgpu = await trained("webgpu");
  }, slow);
  afterAll(() => console.info(["WebGPU against the CPU", ...table].join("\n")));

  test(`has the CPU's losses over ${steps} steps, and its weights after them`, () => {
    const off = Math.max(...cpu.losses.map((value, at) => Math.abs(value - webgpu.losses[at]!) / value));
    const weights = largestDifference(cpu.state.weights, webgpu.state.weights);
    const average = largestDifference(cpu.state.average, webgpu.state.average);
    table.push(`losses of ${steps} steps, largest relative difference ${off.toExponential(1)}`);
    table.push(`weights ${weights.toExponential(1)}, their average ${average.toExponential(1)}`);
    expect(cpu.losses.at(-1)).toBeLessThan(cpu.losses[0]! * 0.8);
    expect(off).toBeLessThan(1e-4);
    expect(weights).toBeLessThan(1e-3);
    expect(average).toBeLessThan(1e-3);
  });

  test("leaves a state that the CPU goes on with", async () => {
    const trainer = await onnxEngine("cpu").openTrainer(spec, loss);
    await trainer.restore(webgpu.state);
    const { loss: next } = await stepOf(trainer, steps);
    await trainer.close();
    table.push(`step ${steps + 1} from one state: WebGPU ${webgpu.next}, CPU ${next}`);
    expect(Math.abs(next - webgpu.next) / webgpu.next).toBeLessThan(1e-5);
  });

  test("predicts what the CPU does", async () => {
    const network = await loadNetwork(spec.network);
    const weights = namedWeights(layOut(network.parameters), cpu.state.weights);
    const options: LoadOptions = { network, weights, activation: "softmax", offsets: 0, patch, threads: 2 };
    const [a, b] = [await predicted("cpu", options), await predicted("webgpu", options)];
    table.push(`probabilities ${largestDifference(a, b).toExponential(1)}`);
    expect(largestDifference(a, b)).toBeLessThan(1e-4);
  });

  test(
    "has the CPU's gradient of the baseline, with its strided and transposed convolutions and its PReLUs",
    async () => {
      const [a, b] = [await baselineGradient("cpu"), await baselineGradient("webgpu")];
      expect(length(a)).toBeGreaterThan(0);
      const off = relativeDifference(a, b);
      table.push(`the baseline's gradient ${off.toExponential(1)}`);
      expect(off).toBeLessThan(1e-4);
    },
    slow,
  );

  test.each(
    operationCases
      .filter(({ name }) => /^depthwise 3³, (16|5) channels$/.test(name))
      .map((item) => [item.name, item] as const),
  )(
    "has the CPU's gradient of a convolution in groups: %s",
    async (_, item) => {
      const point = pointOf(item, 2);
      const [a, b] = [await gradientOf(point, "cpu"), await gradientOf(point, "webgpu")];
      expect(relativeDifference(a, b)).toBeLessThan(1e-4);
    },
    slow,
  );
});

async function predicted(provider: Provider, options: LoadOptions): Promise<Float32Array> {
  const network = await onnxEngine(provider).load(options);
  const map = await network.run(batch.input);
  await network.close();
  return map;
}

async function baselineGradient(provider: Provider): Promise<Float32Array> {
  const trainable = buildTrainable(await loadNetwork({ architecture: "baseline", outputs }), loss);
  const feeds = {
    image: { data: batch.input, dims: [1, 1, ...patch] },
    target: { data: batch.target, dims: [1, outputs, ...patch] },
    weight: { data: batch.weight, dims: [1, 1, ...patch] },
  };
  const weights = initialWeights(trainable.layout, 3);
  return gradientOf({ trainable, weights, batch: feeds, samples: 1, patch }, provider);
}

async function gradientOf(point: Point, provider: Provider): Promise<Float32Array> {
  const dims = [point.trainable.layout.total];
  const e = new Emitter(provider);
  const weights = e.input("weights", dims);
  const written = writeGradient(e, null, point.trainable, weights, point.samples, point.patch);
  e.output("gradient", written.gradient);
  const session = await openSession(e.parts(), { provider });
  const feeds = { ...point.batch, weights: { data: point.weights, dims } };
  const { gradient } = await session.run(feeds);
  await session.release();
  return gradient!.data;
}
