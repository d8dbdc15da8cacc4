import type { Batch } from "../../data/patchSpec.js";
import { loadNetwork } from "../../nets/catalogue.js";
import { spatial } from "../../nets/value.js";
import { initialWeights } from "../../nets/weights.js";
import { type Dropout, dropoutMask } from "../dropoutMask.js";
import type { StepResult, Trainer, TrainerSpec } from "../engine.js";
import { type StateName, stateNames, type TrainingState } from "../optimiser.js";
import { buildTrainable, type LossBuilder, type Trainable } from "../trainable.js";
import { type Array5, openSession, type Provider, providerBlock, type Session } from "./session.js";
import { coarse, maskName, trainingGraph } from "./trainingGraph.js";

/** A network being trained by ONNX Runtime: forward, gradients and update are one graph. */
export async function openOnnxTrainer(
  spec: TrainerSpec,
  buildLoss: LossBuilder,
  provider: Provider,
): Promise<Trainer> {
  const trainable = buildTrainable(await loadNetwork(spec.network), buildLoss);
  const { optimiser, samples, patch, threads } = spec;
  const block = await providerBlock(provider);
  const { parts, dropouts } = trainingGraph(trainable, optimiser, samples, patch, block);
  return new OnnxTrainer(spec, trainable, dropouts, await openSession(parts, { threads, provider }));
}

class OnnxTrainer implements Trainer {
  private readonly spec: TrainerSpec;
  private readonly trainable: Trainable;
  private readonly dropouts: readonly Dropout[];
  private readonly session: Session;
  private current: TrainingState;

  constructor(spec: TrainerSpec, trainable: Trainable, dropouts: readonly Dropout[], session: Session) {
    this.spec = spec;
    this.trainable = trainable;
    this.dropouts = dropouts;
    this.session = session;
    const weights = initialWeights(trainable.layout, spec.seed);
    const zeros = () => new Float32Array(weights.length);
    this.current = { weights, moment1: zeros(), moment2: zeros(), average: weights.slice() };
  }

  get layout() {
    return this.trainable.layout;
  }

  async step(batch: Batch, step: number, rate: number, averageDecay: number): Promise<StepResult> {
    const { beta1, beta2 } = this.spec.optimiser;
    const one = (value: number): Array5 => ({ data: Float32Array.of(value), dims: [1] });
    const feeds: Record<string, Array5> = {
      ...this.batchFeeds(batch),
      rate: one(rate),
      correction1: one(1 / (1 - beta1 ** (step + 1))),
      correction2: one(1 / (1 - beta2 ** (step + 1))),
      averageDecay: one(averageDecay),
    };
    for (const dropout of this.dropouts)
      feeds[maskName(dropout.name)] = {
        data: dropoutMask(dropout, this.spec.seed, step),
        dims: dropout.dims,
      };
    for (const name of stateNames) feeds[name] = { data: this.current[name], dims: [this.layout.total] };
    const results = await this.session.run(feeds);
    const fresh = (name: StateName) => results[`new.${name}`]!.data;
    this.current = {
      weights: fresh("weights"),
      moment1: fresh("moment1"),
      moment2: fresh("moment2"),
      average: fresh("average"),
    };
    return { loss: results.loss!.data[0]!, norm: results.norm!.data[0]! };
  }

  private batchFeeds(batch: Batch): Record<string, Array5> {
    const { samples, patch } = this.spec;
    const values = [batch.input, batch.target, batch.weight];
    return Object.fromEntries(
      this.trainable.batchInputs.map((value, at) => {
        const name = value.operation.kind === "input" ? value.operation.name : "";
        const dims = [samples, value.channels, ...coarse(patch, spatial(value))];
        return [name, { data: values[at]!, dims }];
      }),
    );
  }

  async state(): Promise<TrainingState> {
    const copy = (name: StateName) => this.current[name].slice();
    return {
      weights: copy("weights"),
      moment1: copy("moment1"),
      moment2: copy("moment2"),
      average: copy("average"),
    };
  }

  async restore(state: TrainingState): Promise<void> {
    this.current = state;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
