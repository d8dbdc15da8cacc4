/** Small trainings for tests of engines. */
import { fileURLToPath } from "node:url";
import type { Batch } from "../../../src/data/patches/spec.js";
import { randomFor } from "../../../src/domain/random.js";
import type { Shape3 } from "../../../src/domain/volume.js";
import type { Engine, Trainer, TrainerSpec } from "../../../src/engines/engine.js";
import type { LossBuilder } from "../../../src/engines/trainable.js";
import { readArchitecture } from "../../../src/nets/architectureFile.js";
import { buildLoss, lossSchema } from "../../../src/train/experiment/losses.js";

/** Number of outputs: background and two types. */
export const outputs = 3;
/**
 * Learning rate, small because Adam turns rounding into whole steps where a gradient is almost 0, and a ReLU flipped by
 * one of them separates two runs. ONNX Runtime deviates from itself by 5e-4 of the loss within 20 steps at 1e-3 if its
 * initial weights change by a relative 6e-8.
 */
export const rate = 1e-4;
export const averageDecay = 0.99;

export const exampleSpec = (architecture: string, patch: Shape3, samples: number): TrainerSpec => ({
  network: { architecture, outputs },
  optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
  samples,
  patch,
  seed: 4,
  threads: 1,
});

/** Specifies a small network with a critic, dropout, running statistics and coarser logits. */
export async function adversarialSpec(): Promise<TrainerSpec> {
  const path = fileURLToPath(new URL("adversarialArchitecture.ts", import.meta.url));
  const { architecture, sha256 } = await readArchitecture(path, outputs);
  const network = { architecture: architecture.name, outputs, file: { path, sha256 } };
  return { ...exampleSpec(architecture.name, [4, 8, 8], 2), network };
}

const losses = [
  lossSchema.parse({ kind: "crossEntropy", backgroundWeight: 0.5 }),
  lossSchema.parse({ kind: "tversky" }),
];

export const exampleLoss: LossBuilder = (graph, inputs) =>
  buildLoss(graph, losses, { ...inputs, activation: "softmax" });

/** Makes noise in which one class's voxels are brighter and another's darker; a tenth of the voxels is ignored. */
export function exampleBatch({ samples, patch }: TrainerSpec, step: number): Batch {
  const voxels = patch[0] * patch[1] * patch[2];
  const random = randomFor(11, "batch", step);
  const input = new Float32Array(samples * voxels);
  const target = new Float32Array(samples * outputs * voxels);
  const weight = new Float32Array(samples * voxels);
  for (let sample = 0; sample < samples; sample++)
    for (let voxel = 0; voxel < voxels; voxel++) {
      const label = Math.floor(voxel / 7) % outputs;
      const at = sample * voxels + voxel;
      input[at] = random.normal() + 1.5 * (label - 1);
      target[(sample * outputs + label) * voxels + voxel] = 1;
      weight[at] = random.uniform() < 0.1 ? 0 : 1;
    }
  return { input, target, weight };
}

/** Trains for the steps from `first` up to `last` and returns each step's loss and norm. */
export async function trainSteps(trainer: Trainer, spec: TrainerSpec, first: number, last: number) {
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = first; step < last; step++) {
    const { loss, norm } = await trainer.step(exampleBatch(spec, step), step, rate, averageDecay);
    losses.push(loss);
    norms.push(norm);
  }
  return { losses, norms };
}

export const openExample = (engine: Engine, spec: TrainerSpec): Promise<Trainer> =>
  engine.openTrainer(spec, exampleLoss);
