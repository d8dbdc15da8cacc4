/** Training by ONNX Runtime: the steps of one network, its state carried from run to run. */
import type { Batch } from "../../data/patches/spec.js";
import { loadNetwork } from "../../nets/library/catalogue.js";
import type { Activation } from "../activation.js";
import { type Dropout, dropoutMask } from "../dropoutMask.js";
import type { StepResult, Trainer, TrainerSpec, WatchResult } from "../engine.js";
import {
  batchMaps,
  buildTrainable,
  firstState,
  type LossBuilder,
  ownRateMask,
  type StateName,
  stateNames,
  type Trainable,
  type TrainingState,
} from "../trainable.js";
import { type CarryingSession, openCarryingSession } from "./carryingSession.js";
import type { Provider } from "./graph/emitter.js";
import { type Array5, providerBlock } from "./session.js";
import { maskName, newName, partsIn, trainingGraph } from "./trainingGraph.js";
import { openWatchSession, type WatchSession } from "./watchGraph.js";

/** Opens a network for training by ONNX Runtime: forward pass, gradients and update are one graph. */
export async function openOnnxTrainer(
  spec: TrainerSpec,
  buildLoss: LossBuilder,
  provider: Provider,
): Promise<Trainer> {
  const trainable = buildTrainable(await loadNetwork(spec.network), buildLoss, spec.isWeighedByChannel);
  const { optimiser, samples, patch, threads } = spec;
  const block = await providerBlock(provider);
  const taken = ownRateMask(trainable.layout, spec.start);
  const { parts, dropouts } = trainingGraph(trainable, optimiser, samples, patch, block, provider, taken);
  const carried = new Map(stateNames.map((name) => [name, newName(name)]));
  const session = await openCarryingSession(parts, carried, { threads, provider });
  return new OnnxTrainer(spec, trainable, dropouts, session, provider);
}

class OnnxTrainer implements Trainer {
  private readonly spec: TrainerSpec;
  private readonly trainable: Trainable;
  private readonly dropouts: readonly Dropout[];
  private readonly session: CarryingSession;
  private readonly provider: Provider;
  private watching: WatchSession | undefined;

  constructor(
    spec: TrainerSpec,
    trainable: Trainable,
    dropouts: readonly Dropout[],
    session: CarryingSession,
    provider: Provider,
  ) {
    this.provider = provider;
    this.spec = spec;
    this.trainable = trainable;
    this.dropouts = dropouts;
    this.session = session;
    this.carry(firstState(trainable.layout, spec.seed, spec.start));
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
    const { beta1, beta2 } = this.spec.optimiser;
    const one = (value: number): Array5 => ({ data: Float32Array.of(value), dims: [1] });
    const feeds: Record<string, Array5> = {
      ...this.batchFeeds(batch),
      rate: one(rate),
      correction1: one(1 / (1 - beta1 ** (step + 1))),
      correction2: one(1 / (1 - beta2 ** (step + 1))),
      averageDecay: one(averageDecay),
      ...(this.spec.start?.hasOwnRate && { takenRate: one(takenRate) }),
    };
    for (const dropout of this.dropouts)
      feeds[maskName(dropout.name)] = {
        data: dropoutMask(dropout, this.spec.seed, step),
        dims: dropout.dims,
      };
    const results = await this.session.run(feeds);
    return {
      loss: results.loss!.data[0]!,
      norm: results.norm!.data[0]!,
      parts: partsIn(results, this.trainable.parts),
    };
  }

  async watch(example: Batch, activation: Activation, offsets: number): Promise<WatchResult> {
    this.watching ??= await openWatchSession(
      this.trainable,
      this.spec,
      { activation, offsets },
      this.provider,
    );
    return this.watching.run(await this.session.read("average"), this.batchFeeds(example, 1));
  }

  private batchFeeds(batch: Batch, samples: number = this.spec.samples): Record<string, Array5> {
    const maps = batchMaps(this.trainable, batch, samples, this.spec.patch);
    return Object.fromEntries(maps.map(({ name, dims, data }) => [name, { data, dims }]));
  }

  async state(): Promise<TrainingState> {
    const copy = async (name: StateName) => (await this.session.read(name)).data;
    return {
      weights: await copy("weights"),
      moment1: await copy("moment1"),
      moment2: await copy("moment2"),
      average: await copy("average"),
    };
  }

  async restore(state: TrainingState): Promise<void> {
    this.carry(state);
  }

  private carry(state: TrainingState): void {
    for (const name of stateNames) this.session.write(name, { data: state[name], dims: [this.layout.total] });
  }

  async close(): Promise<void> {
    await this.watching?.release();
    await this.session.release();
  }
}
