import type { Batch } from "../data/patchSpec.js";
import type { Network } from "../nets/architecture.js";
import type { NetworkSpec } from "../nets/catalogue.js";
import type { ParameterLayout } from "../nets/weights.js";
import type { Shape3 } from "../volume.js";
import type { Activation } from "./activation.js";
import type { Optimiser, TrainingState } from "./optimiser.js";
import type { LossBuilder } from "./trainable.js";

/** What a network can be trained and run by. */
export const engineNames = ["onnx-cpu", "onnx-webgpu", "onnx-cuda", "tfjs"] as const;
export type EngineName = (typeof engineNames)[number];

export interface TrainerSpec {
  readonly network: NetworkSpec;
  readonly optimiser: Optimiser;
  readonly samples: number;
  readonly patch: Shape3;
  readonly seed: number;
  readonly threads: number;
}

export interface StepResult {
  readonly loss: number;
  /** Of the gradient, before clipping. */
  readonly norm: number;
}

/** A network being trained: its graph loaded, its state held between steps. */
export interface Trainer {
  /** How the state's flat vectors are laid out: the same in every engine. */
  readonly layout: ParameterLayout;
  /** One update; `step` counts from 0 and sets the moments' bias correction. */
  step(batch: Batch, step: number, rate: number, averageDecay: number): Promise<StepResult>;
  /** A copy of the state. */
  state(): Promise<TrainingState>;
  restore(state: TrainingState): Promise<void>;
  close(): Promise<void>;
}

/** A network loaded for patches of one size. */
export interface LoadedNetwork {
  /** (z, y, x) in, (z, outputs, y, x) out: what `activated` gives. */
  run(patch: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface LoadOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly activation: Activation;
  /** How many of the last outputs are offsets. */
  readonly offsets: number;
  readonly patch: Shape3;
  readonly threads: number;
}

/** What every engine does; each blocks the thread that calls it, so that it belongs in a worker. */
export interface Engine {
  openTrainer(spec: TrainerSpec, buildLoss: LossBuilder): Promise<Trainer>;
  load(options: LoadOptions): Promise<LoadedNetwork>;
}
