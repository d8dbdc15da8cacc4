import type { Batch } from "../data/patches/spec.js";
import type { Shape3 } from "../domain/volume.js";
import type { Network } from "../nets/architecture.js";
import type { NetworkSpec } from "../nets/library/catalogue.js";
import type { ParameterLayout } from "../nets/weights.js";
import type { Activation } from "./activation.js";
import type { LossBuilder, Optimiser, TrainingState } from "./trainable.js";

/** What a network can be trained and run by. */
export const engineNames = ["onnx-cpu", "onnx-webgpu", "onnx-cuda", "tfjs"] as const;
/** A program that trains and runs networks. */
export type EngineName = (typeof engineNames)[number];

/** What numbers a network is run with. */
export const precisions = ["float32", "int8"] as const;
/** A kind of numbers that networks are run with. */
export type Precision = (typeof precisions)[number];

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
  /** Runs it in 8 bits, by what `measure` found. */
  readonly measured?: Measured;
}

/** What a network's values are on tiles of what is predicted; each engine's own. */
export type Measured = object;

export interface MeasureOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly patch: Shape3;
  /** (z, y, x) of the patch's sizes. */
  readonly tiles: Iterable<Float32Array>;
  readonly threads: number;
}

/** Inference in 8 bits, with levels that fit what is predicted. */
interface EightBits {
  /** @throws Unsupported where the network, or this machine, does not compute in 8 bits */
  check(network: Network): Promise<void>;
  /** Runs a network in floats for `load` to run it in 8 bits. Throws NotFinite where it gives NaN or infinity. */
  measure(options: MeasureOptions): Promise<Measured>;
}

/** What every engine does; each blocks the thread that calls it, so that it belongs in a worker. */
export interface Engine {
  openTrainer(spec: TrainerSpec, buildLoss: LossBuilder): Promise<Trainer>;
  load(options: LoadOptions): Promise<LoadedNetwork>;
  /** Absent where the engine computes in floats alone. */
  readonly int8?: EightBits;
}
