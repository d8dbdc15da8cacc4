/** Trainings and predictions to be computed by WebGPU and CPU alike. */
import type { Batch } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import type { StepResult, Trainer, TrainerSpec } from "../../../src/engines/engine.js";
import { onnxEngine } from "../../../src/engines/onnx/engine.js";
import { Emitter, type Provider } from "../../../src/engines/onnx/graph/emitter.js";
import { openSession } from "../../../src/engines/onnx/session.js";
import { writeGradient } from "../../../src/engines/onnx/trainingGraph.js";
import { buildTrainable, type LossBuilder, type TrainingState } from "../../../src/engines/trainable.js";
import { loadNetwork } from "../../../src/nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../../../src/nets/weights.js";
import { buildLoss, lossSchema } from "../../../src/train/experiment/losses.js";
import type { Point } from "./centralDifferences.js";
import { operationCases } from "./operationCases.js";
import { pointOf } from "./operationPoint.js";

const patch: Shape3 = [4, 8, 8];
const voxels = 4 * 8 * 8;
const outputs = 3;
export const steps = 20;

export const loss: LossBuilder = (graph, inputs) =>
  buildLoss(graph, [lossSchema.parse({ kind: "crossEntropy" }), lossSchema.parse({ kind: "tversky" })], {
    ...inputs,
    activation: "softmax",
  });

/** Makes a bright ball of each type in noise, with the class of every voxel. */
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

export const spec: TrainerSpec = {
  network: { architecture: "plain", outputs },
  optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2, clipNorm: 1 },
  samples: 1,
  patch,
  seed: 3,
  threads: 2,
};
export const stepOf = (trainer: Trainer, step: number): Promise<StepResult> =>
  trainer.step(batch, step, 1e-3, 0.05);

interface Trained {
  readonly losses: readonly number[];
  readonly state: TrainingState;
  /** Loss of one further step. */
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

/** Cases of grouped convolutions whose gradients are computed too. */
export const groupedCases = operationCases.filter(({ name }) => /^depthwise 3³, (16|5) channels$/.test(name));

/** Results of one provider. */
export interface Computed {
  readonly trained: Trained;
  readonly probabilities: Float32Array;
  /** Gradient of the baseline network's loss. */
  readonly baselineGradient: Float32Array;
  readonly groupedGradients: ReadonlyMap<string, Float32Array>;
}

/** Computes everything by one provider. @param weights to predict with; those at the end of the training if absent */
export async function computed(provider: Provider, weights?: Float32Array): Promise<Computed> {
  const training = await trained(provider);
  const groupedGradients = new Map<string, Float32Array>();
  for (const item of groupedCases)
    groupedGradients.set(item.name, await gradientOf(pointOf(item, 2), provider));
  return {
    trained: training,
    probabilities: await predicted(provider, weights ?? training.state.weights),
    baselineGradient: await baselineGradient(provider),
    groupedGradients,
  };
}

async function predicted(provider: Provider, flat: Float32Array): Promise<Float32Array> {
  const network = await loadNetwork(spec.network);
  const weights = namedWeights(layOut(network.parameters), flat);
  const options = { network, weights, activation: "softmax", offsets: 0, patch, threads: 2 } as const;
  const loaded = await onnxEngine(provider).load(options);
  const map = await loaded.run(batch.input);
  await loaded.close();
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
