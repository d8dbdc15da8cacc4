/** One inference and one training step of an architecture at a tiny size, by any of ONNX Runtime's providers. */
import type { Batch } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import { type Shape3, voxelCount } from "../../../src/domain/volume.js";
import { onnxEngine } from "../../../src/engines/onnx/engine.js";
import type { Provider } from "../../../src/engines/onnx/graph/emitter.js";
import type { LossBuilder } from "../../../src/engines/trainable.js";
import { loadNetwork } from "../../../src/nets/library/catalogue.js";
import { initialWeights, layOut, namedWeights } from "../../../src/nets/weights.js";
import { buildLoss, lossSchema } from "../../../src/train/experiment/losses.js";

/** What an architecture answers; an error's message where it does not. */
export type Answers =
  | { readonly output: Float32Array; readonly loss: number; readonly norm: number; readonly seconds: number }
  | { readonly failure: string };

const outputs = 2;
const loss: LossBuilder = (graph, inputs) =>
  buildLoss(graph, [lossSchema.parse({ kind: "crossEntropy" })], { ...inputs, activation: "softmax" });

/** The smallest patch in which normalisations have several voxels to go by on the coarsest level. */
const tinyPatch = (multiple: Shape3): Shape3 =>
  multiple.map((step, axis) =>
    Math.max(axis === 0 ? 2 : 8, step * (axis === 0 ? 1 : 2)),
  ) as unknown as Shape3;

function batchOf(patch: Shape3, stride: number): Batch {
  const random = randomFor(11, "architectures");
  const voxels = voxelCount(patch);
  const coarse = voxels / stride;
  const target = new Float32Array(outputs * coarse);
  for (let at = 0; at < coarse; at++) target[(random.between(0, 1) < 0.3 ? 1 : 0) * coarse + at] = 1;
  return {
    input: Float32Array.from({ length: voxels }, () => random.normal()),
    target,
    weight: new Float32Array(coarse).fill(1),
  };
}

/** Computes both; never throws, since one architecture is not to keep others from being looked at. */
export async function answersOf(architecture: string, provider: Provider): Promise<Answers> {
  try {
    const from = performance.now();
    const network = await loadNetwork({ architecture, outputs });
    const patch = tinyPatch(network.multiple);
    const batch = batchOf(patch, 1);
    const layout = layOut(network.parameters);
    const weights = namedWeights(layout, initialWeights(layout, 5));
    const engine = onnxEngine(provider);
    const options = { network, weights, activation: "none", offsets: 0, patch, threads: 1 } as const;
    const loaded = await engine.load(options);
    const output = (await loaded.run(batch.input)).slice();
    await loaded.close();
    const optimiser = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2, clipNorm: 1e9 };
    const spec = { network: { architecture, outputs }, optimiser, samples: 1, patch, seed: 3, threads: 1 };
    const trainer = await engine.openTrainer(spec, loss);
    const step = await trainer.step(batch, 0, 1e-4, 0.5);
    await trainer.close();
    const seconds = (performance.now() - from) / 1000;
    return { output, loss: step.loss, norm: step.norm, seconds };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
