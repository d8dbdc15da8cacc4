/** The worker thread of a training session, since engines block the calling thread. */
import type { Batch } from "../../data/patches/spec.js";
import type { Activation } from "../../engines/activation.js";
import type { EngineName, Trainer, TrainerSpec } from "../../engines/engine.js";
import { loadEngine } from "../../engines/load.js";
import { type AskedTraining, cardOf, checkTrainingFits, outgrownTraining } from "../../engines/memory.js";
import { isOutOfMemory } from "../../engines/outOfMemory.js";
import { type LossBuilder, type StateName, stateNames, type TrainingState } from "../../engines/trainable.js";
import { serve, Transfer, uninterrupted } from "../../system/threads/threads.js";
import { buildHeadLoss, type LossSpec } from "../experiment/losses.js";
import { type LookCrop, type LookSettings, lookAt } from "../watch/look.js";

/** Request to open a training session. */
export interface OpenRequest {
  readonly engine: EngineName;
  readonly spec: TrainerSpec;
  readonly losses: readonly LossSpec[];
  readonly activation: Activation;
  /** Factor of the offset loss; null where the output has no offsets. */
  readonly offsetWeight: number | null;
}

/** Request for one training step. */
export interface StepRequest {
  readonly batch: Batch;
  readonly step: number;
  readonly rate: number;
  readonly averageDecay: number;
  /** Rate of weights that were taken, where they have one of their own. */
  readonly takenRate?: number | undefined;
}

/** Crops to look at while training. */
interface WatchedRequest {
  readonly crops: readonly LookCrop[];
  readonly settings: LookSettings;
}

let trainer: Trainer | undefined;
let asked: AskedTraining | undefined;
let watched: WatchedRequest | undefined;
const opened = (): Trainer => {
  if (!trainer) throw new TypeError("a training session must be opened first");
  return trainer;
};

/** Does the work of an engine; where memory does not suffice, says what batch or patch should fit. */
async function withinMemory<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await uninterrupted(work);
  } catch (error) {
    if (!asked || !isOutOfMemory(error)) throw error;
    throw await outgrownTraining(asked, error, await cardOf(asked.engine));
  }
}

serve({
  async open({ engine, spec, losses, activation, offsetWeight }: OpenRequest) {
    const buildLoss: LossBuilder = (graph, inputs) =>
      buildHeadLoss(graph, losses, offsetWeight, { ...inputs, activation });
    asked = { engine, spec, buildLoss };
    await checkTrainingFits(asked, await cardOf(engine));
    trainer = await withinMemory(async () => (await loadEngine(engine)).openTrainer(spec, buildLoss));
  },
  async release() {
    const closed = trainer;
    trainer = undefined;
    watched = undefined;
    await uninterrupted(async () => closed?.close());
  },
  step: ({ batch, step, rate, averageDecay, takenRate }: StepRequest) =>
    withinMemory(() => opened().step(batch, step, rate, averageDecay, takenRate)),
  watched(request: WatchedRequest) {
    watched = request;
  },
  look: (at: number) => uninterrupted(() => lookAt(opened(), watched!.crops[at]!, watched!.settings)),
  async state() {
    const state = await uninterrupted(() => opened().state());
    return new Transfer(
      state,
      stateNames.map((name: StateName) => state[name].buffer as ArrayBuffer),
    );
  },
  restore: (state: TrainingState) => uninterrupted(() => opened().restore(state)),
});
