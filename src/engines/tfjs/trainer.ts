/** Training by TensorFlow.js: the steps of one network, its state in tensors. */
import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch } from "../../data/patches/spec.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import type { Parameter, Value } from "../../nets/value.js";
import { type Activation, activated } from "../activation.js";
import { dropoutMask } from "../dropoutMask.js";
import type { StepResult, Trainer, TrainerSpec, WatchResult } from "../engine.js";
import {
  batchMaps,
  buildTrainable,
  firstState,
  type LossBuilder,
  ownRateMask,
  type StateName,
  type Trainable,
  type TrainingState,
} from "../trainable.js";
import { loadTensorFlow, type TensorFlow } from "./backend.js";
import { lossGradient, parametersIn } from "./lossGradient.js";
import { fromChannelMajor, fromZMajor, type Map5, toZMajor } from "./maps.js";
import { evaluateAll } from "./network.js";
import type { TrainingPass } from "./operations.js";
import { type FlatState, update } from "./update.js";

/** Opens a network for training by TensorFlow.js, with TensorFlow.js's operations, gradients and Adam. */
export async function openTensorFlowTrainer(spec: TrainerSpec, buildLoss: LossBuilder): Promise<Trainer> {
  const trainable = buildTrainable(await loadNetwork(spec.network), buildLoss, spec.isWeighedByChannel);
  const { tf } = await loadTensorFlow();
  return new TensorFlowTrainer(tf, spec, trainable);
}

/** Returns the dropout masks of a step, the same as every engine's. */
export const masksOf =
  (tf: TensorFlow, seed: number, step: number): TrainingPass["mask"] =>
  (dropout) =>
    fromZMajor(
      tf,
      dropoutMask(dropout, seed, step),
      dropout.dims as [number, number, number, number, number],
    );

class TensorFlowTrainer implements Trainer {
  private readonly tf: TensorFlow;
  private readonly spec: TrainerSpec;
  private readonly trainable: Trainable;
  private current: FlatState;
  /** 1 for each trained number that moves at a rate of its own, else 0; null where none does. */
  private readonly mask: Tensor1D | null;
  /** The value that `watch` returns as output, declared once. */
  private watched: Value | undefined;

  constructor(tf: TensorFlow, spec: TrainerSpec, trainable: Trainable) {
    this.tf = tf;
    this.spec = spec;
    this.trainable = trainable;
    const mask = ownRateMask(trainable.layout, spec.start);
    this.mask = mask && tf.tensor1d(mask);
    this.current = this.uploaded(firstState(trainable.layout, spec.seed, spec.start));
  }

  get layout() {
    return this.trainable.layout;
  }

  async step(
    batch: Batch,
    step: number,
    rate: number,
    averageDecay: number,
    takenRate = rate,
  ): Promise<StepResult> {
    const { tf, trainable, layout } = this;
    const { seed, optimiser } = this.spec;
    const found = tf.tidy(() =>
      lossGradient(tf, trainable, this.current.weights, this.batchMaps(batch), masksOf(tf, seed, step)),
    );
    const { state, norm } = await update(tf, this.current, found, layout, optimiser, {
      step,
      rate,
      averageDecay,
      own: this.mask && { mask: this.mask, rate: takenRate },
    });
    tf.dispose(this.current);
    this.current = state;
    const numbers = await Promise.all(found.parts.map(async (part) => (await part.data())[0]!));
    const result = {
      loss: (await found.loss.data())[0]!,
      norm: (await norm.data())[0]!,
      parts: this.namedParts(numbers),
    };
    tf.dispose([found.loss, found.gradient, norm, ...found.parts]);
    found.statistics?.dispose();
    return result;
  }

  async watch(example: Batch, activation: Activation, offsets: number): Promise<WatchResult> {
    const { tf, trainable, layout } = this;
    const { objectives, parts, network } = trainable;
    this.watched ??= activated(network, activation, offsets);
    const { watched } = this;
    const { loss } = objectives[0]!;
    const wanted = [loss, ...parts.map(({ value }) => value)];
    const found = tf.tidy(() => {
      const numbers = parametersIn(tf, this.current.average, layout);
      const pass = { tf, parameter: (of: Parameter) => numbers.get(of)!, training: null };
      const values = evaluateAll([...wanted, watched], this.batchMaps(example, 1), () => pass);
      return [...wanted.map((value) => values.get(value)!), toZMajor(tf, values.get(watched)!)];
    });
    const read = await Promise.all(found.map(async (tensor) => Float32Array.from(await tensor.data())));
    tf.dispose(found);
    const [total, ...others] = read;
    return {
      loss: total![0]!,
      parts: this.namedParts(others.map((values) => values[0]!)),
      output: read.at(-1)!,
    };
  }

  private namedParts(numbers: readonly number[]): Record<string, number> {
    return Object.fromEntries(this.trainable.parts.map(({ name }, at) => [name, numbers[at]!]));
  }

  private batchMaps(batch: Batch, samples: number = this.spec.samples): Map<string, Map5> {
    const maps = batchMaps(this.trainable, batch, samples, this.spec.patch);
    return new Map(maps.map(({ name, dims, data }) => [name, fromChannelMajor(this.tf, data, dims)]));
  }

  async state(): Promise<TrainingState> {
    const numbers = async (name: StateName) => Float32Array.from(await this.current[name].data());
    return {
      weights: await numbers("weights"),
      moment1: await numbers("moment1"),
      moment2: await numbers("moment2"),
      average: await numbers("average"),
    };
  }

  async restore(state: TrainingState): Promise<void> {
    this.tf.dispose(this.current);
    this.current = this.uploaded(state);
  }

  /** Uploads copies of a state, since the plain CPU backend would go on using the caller's own arrays. */
  private uploaded(state: TrainingState): FlatState {
    const tensor = (name: StateName): Tensor1D => this.tf.tensor1d(state[name].slice());
    return {
      weights: tensor("weights"),
      moment1: tensor("moment1"),
      moment2: tensor("moment2"),
      average: tensor("average"),
    };
  }

  async close(): Promise<void> {
    this.tf.dispose(this.current);
    this.mask?.dispose();
  }
}
