/** Training by TensorFlow.js: the steps of one network, its state in tensors. */
import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch } from "../../data/patches/spec.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import { spatial } from "../../nets/value.js";
import { initialWeights } from "../../nets/weights.js";
import { dropoutMask } from "../dropoutMask.js";
import type { StepResult, Trainer, TrainerSpec } from "../engine.js";
import {
  buildTrainable,
  type LossBuilder,
  type StateName,
  type Trainable,
  type TrainingState,
} from "../trainable.js";
import { loadTensorFlow, type TensorFlow } from "./backend.js";
import { lossGradient } from "./lossGradient.js";
import { fromChannelMajor, fromZMajor, type Map5 } from "./maps.js";
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

  constructor(tf: TensorFlow, spec: TrainerSpec, trainable: Trainable) {
    this.tf = tf;
    this.spec = spec;
    this.trainable = trainable;
    const weights = initialWeights(trainable.layout, spec.seed);
    const zeros = new Float32Array(weights.length);
    this.current = this.uploaded({ weights, moment1: zeros, moment2: zeros, average: weights });
  }

  get layout() {
    return this.trainable.layout;
  }

  async step(batch: Batch, step: number, rate: number, averageDecay: number): Promise<StepResult> {
    const { tf, trainable, layout } = this;
    const { seed, optimiser } = this.spec;
    const found = tf.tidy(() =>
      lossGradient(tf, trainable, this.current.weights, this.batchMaps(batch), masksOf(tf, seed, step)),
    );
    const { state, norm } = await update(tf, this.current, found, layout, optimiser, {
      step,
      rate,
      averageDecay,
    });
    tf.dispose(this.current);
    this.current = state;
    const result = { loss: (await found.loss.data())[0]!, norm: (await norm.data())[0]! };
    tf.dispose([found.loss, found.gradient, norm]);
    found.statistics?.dispose();
    return result;
  }

  private batchMaps(batch: Batch): Map<string, Map5> {
    const { samples, patch } = this.spec;
    const arrays = [batch.input, batch.target, batch.weight];
    return new Map(
      this.trainable.batchInputs.map((value, at) => {
        const name = value.operation.kind === "input" ? value.operation.name : "";
        const [z, y, x] = spatial(value);
        const dims = [samples, value.channels, patch[0] / z, patch[1] / y, patch[2] / x] as const;
        return [name, fromChannelMajor(this.tf, arrays[at]!, [...dims])];
      }),
    );
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
  }
}
