/** The thread that holds a training session: ONNX Runtime blocks whoever calls it. */
import type { Batch } from "../data/patchSpec.js";
import type { StateName } from "../engines/onnx/adamw.js";
import { stateNames } from "../engines/onnx/adamw.js";
import { Trainer, type TrainerSpec, type TrainingState } from "../engines/onnx/trainer.js";
import { Moved, serve } from "../threads.js";
import { buildLoss, type LossSpec } from "./losses.js";

export interface OpenRequest {
  readonly spec: TrainerSpec;
  readonly losses: readonly LossSpec[];
  readonly background: boolean;
}

export interface StepRequest {
  readonly batch: Batch;
  readonly step: number;
  readonly rate: number;
  readonly averageDecay: number;
}

let trainer: Trainer | undefined;
const opened = (): Trainer => {
  if (!trainer) throw new TypeError("a training session must be opened first");
  return trainer;
};

serve({
  async open({ spec, losses, background }: OpenRequest) {
    trainer = await Trainer.open(spec, (graph, inputs) =>
      buildLoss(graph, losses, { ...inputs, background }),
    );
  },
  step: ({ batch, step, rate, averageDecay }: StepRequest) => opened().step(batch, step, rate, averageDecay),
  state() {
    const copies = Object.fromEntries(stateNames.map((name) => [name, opened().state[name].slice()]));
    return new Moved(
      copies,
      stateNames.map((name: StateName) => copies[name]!.buffer as ArrayBuffer),
    );
  },
  restore: (state: TrainingState) => opened().restore(state),
});
