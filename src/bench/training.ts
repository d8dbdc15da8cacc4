/** Workloads of the bench: training steps and inference on a patch of noise. */
import type { Batch } from "../data/patches/spec.js";
import { randomFor } from "../domain/random.js";
import { type Shape3, voxelCount } from "../domain/volume.js";
import type { EngineName } from "../engines/engine.js";
import { loadEngine } from "../engines/load.js";
import { loadNetwork, type NetworkSpec } from "../nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../nets/weights.js";
import { buildLoss } from "../train/experiment/losses.js";

const optimiser = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1e9 };
const rate = 1e-3;
const averageDecay = 0.999;

/** A training, one batch of one sample per step. */
interface Training {
  step(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

/** Opens a training with AdamW and cross entropy. */
export async function openSteps(
  spec: NetworkSpec,
  patch: Shape3,
  threads: number,
  engineName: EngineName,
): Promise<Training> {
  const engine = await loadEngine(engineName);
  const trainer = await engine.openTrainer(
    { network: spec, optimiser, samples: 1, patch, seed: 0, threads },
    (graph, inputs) => buildLoss(graph, [crossEntropy], { ...inputs, activation: "softmax" }),
  );
  let step = 0;
  return {
    async step(batch) {
      const { loss } = await trainer.step(batch, step++, rate, averageDecay);
      if (!Number.isFinite(loss))
        throw new Error(`${spec.architecture}: the loss of step ${step} is ${loss}`);
    },
    close: () => trainer.close(),
  };
}

/** Opens a training on one patch, the same in every step. */
export async function openTraining(
  spec: NetworkSpec,
  patch: Shape3,
  threads: number,
  engineName: EngineName = "onnx-cpu",
): Promise<Workload> {
  const training = await openSteps(spec, patch, threads, engineName);
  const batch = noiseBatch(patch, spec.outputs);
  return { run: () => training.step(batch), release: () => training.close() };
}

const crossEntropy = { kind: "crossEntropy", weight: 1, backgroundWeight: 1 } as const;

/** Makes a batch of noise with a random class in every voxel. */
function noiseBatch(patch: Shape3, outputs: number): Batch {
  const input = noise(patch);
  const voxels = input.length;
  const target = new Float32Array(outputs * voxels);
  const random = randomFor(0, "bench/classes");
  for (let voxel = 0; voxel < voxels; voxel++) target[random.integer(outputs) * voxels + voxel] = 1;
  return { input, target, weight: new Float32Array(voxels).fill(1) };
}

/** Work to be timed, and its release. */
interface Workload {
  run(): Promise<void>;
  release(): Promise<void>;
}

/** Makes noise like a normalised tomogram's grey values. */
export function noise(patch: Shape3): Float32Array {
  const random = randomFor(0, "bench/image");
  return Float32Array.from({ length: voxelCount(patch) }, () => random.normal());
}

/** Opens a network with its initial weights, to run on one patch. */
export async function openInference(
  spec: NetworkSpec,
  patch: Shape3,
  threads: number,
  engineName: EngineName = "onnx-cpu",
): Promise<Workload> {
  const engine = await loadEngine(engineName);
  const network = await loadNetwork(spec);
  const layout = layOut(network.parameters);
  const weights = namedWeights(layout, initialWeights(layout, 0));
  const loaded = await engine.load({ network, weights, activation: "none", offsets: 0, patch, threads });
  const image = noise(patch);
  return {
    async run() {
      await loaded.run(image);
    },
    release: () => loaded.close(),
  };
}
