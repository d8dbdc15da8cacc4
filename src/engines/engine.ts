/** Engines: what trains and runs networks. The contract that each one (ONNX Runtime's three, TensorFlow.js) fulfils. */
import { availableParallelism } from "node:os";
import type { Batch } from "../data/patches/spec.js";
import type { Shape3 } from "../domain/volume.js";
import type { Network } from "../nets/architecture.js";
import type { NetworkSpec } from "../nets/library/catalogue.js";
import type { ParameterLayout } from "../nets/weights.js";
import type { Activation } from "./activation.js";
import type { LossBuilder, Optimiser, StartingWeights, TrainingState } from "./trainable.js";

/** Engines by their names on the command line. */
export const engineNames = ["onnx-cpu", "onnx-webgpu", "onnx-cuda", "tfjs"] as const;
/** A program that trains and runs networks. */
export type EngineName = (typeof engineNames)[number];

/** Returns the count of threads where none is asked for: the machine's cores, 8 at most. */
export const defaultThreads = (cores: number = availableParallelism()): number => Math.min(8, cores);

/** Number formats that a network is run with. */
export const precisions = ["float32", "int8"] as const;
/** A kind of numbers that networks are run with. */
export type Precision = (typeof precisions)[number];

/** What a trainer is opened for: a network, batches of `samples` patches of one size, and the optimiser's constants. */
export interface TrainerSpec {
  readonly network: NetworkSpec;
  readonly optimiser: Optimiser;
  readonly samples: number;
  readonly patch: Shape3;
  readonly seed: number;
  readonly threads: number;
  /** Weights taken from a trained network; all are drawn at random if absent. */
  readonly start?: StartingWeights | undefined;
  /** Whether a batch's weight has a channel for each of the target's, by default one for all. */
  readonly isWeighedByChannel?: boolean;
}

/** Loss, its terms and the gradient's norm of one training step. */
export interface StepResult {
  readonly loss: number;
  /** Terms of the loss by name, as they count in the sum, and the critic's own loss, which does not. */
  readonly parts: Readonly<Record<string, number>>;
  /** Norm of the gradient before clipping. */
  readonly norm: number;
}

/** What a network that predicts with the average weights makes of one example. */
export interface WatchResult {
  readonly loss: number;
  /** As in a step. */
  readonly parts: Readonly<Record<string, number>>;
  /** (z, outputs, y, x) with the output activation applied, as a loaded network returns it. */
  readonly output: Float32Array;
}

/** A network in training: its graph is loaded, its state is held between steps. */
export interface Trainer {
  /** Layout of the state's flat vectors, the same in every engine. */
  readonly layout: ParameterLayout;
  /**
   * Makes one update; `step` counts from 0 and sets the bias correction of Adam's moments. Weights that were taken move
   * at `takenRate`, where the start has a rate of its own.
   */
  step(
    batch: Batch,
    step: number,
    rate: number,
    averageDecay: number,
    takenRate?: number,
  ): Promise<StepResult>;
  /**
   * Computes loss and output of one example by the average weights, as a network that predicts: nothing is dropped out,
   * and the state stays as it is.
   */
  watch(example: Batch, activation: Activation, offsets: number): Promise<WatchResult>;
  /** Returns a copy of the state. */
  state(): Promise<TrainingState>;
  restore(state: TrainingState): Promise<void>;
  close(): Promise<void>;
}

/** A network loaded for patches of one size. */
export interface LoadedNetwork {
  /** Runs the network on a patch (z, y, x); returns (z, outputs, y, x) with the output activation applied. */
  run(patch: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** What a network is loaded for: its weights by name, its output activation and one patch size. */
export interface LoadOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly activation: Activation;
  /** Number of offset channels, which are the last outputs. */
  readonly offsets: number;
  readonly patch: Shape3;
  readonly threads: number;
  /** Result of `measure`; where given, the network runs in 8 bits. */
  readonly measured?: Measured;
}

/** Statistics of a network's values on tiles of the predicted tomogram, in each engine's own form, which crosses threads. */
export type Measured = object;

/** What a network's values are measured on. */
export interface MeasureOptions {
  readonly network: Network;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly patch: Shape3;
  /** Tiles (z, y, x) of the patch's size. */
  readonly tiles: Iterable<Float32Array>;
  readonly threads: number;
}

/** Inference in 8 bits, with quantisation levels that fit the predicted tomogram. */
interface EightBits {
  /** @throws PickbenchError Unsupported where the network has a part without 8-bit form, or the machine is not exact */
  check(network: Network): Promise<void>;
  /**
   * Runs a network in floats and returns what `load` needs to run it in 8 bits.
   *
   * @throws PickbenchError NotFinite where a value is NaN or infinite
   */
  measure(options: MeasureOptions): Promise<Measured>;
}

/** What every engine offers. An engine blocks the thread that calls it, so it belongs in a worker. */
export interface Engine {
  openTrainer(spec: TrainerSpec, buildLoss: LossBuilder): Promise<Trainer>;
  load(options: LoadOptions): Promise<LoadedNetwork>;
  /** Absent where the engine computes in floats alone. */
  readonly int8?: EightBits;
}
