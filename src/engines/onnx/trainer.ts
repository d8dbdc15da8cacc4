import type { Batch } from "../../data/patchSpec.js";
import { buildNetwork } from "../../nets/architecture.js";
import { architectureNamed } from "../../nets/catalogue.js";
import type { GraphBuilder, Value } from "../../nets/graph.js";
import { initialWeights, layOut, type ParameterLayout } from "../../nets/weights.js";
import type { Shape3 } from "../../volume.js";
import { type Optimiser, type StateName, stateNames } from "./adamw.js";
import { type Array5, machineBlock, openSession, type Session } from "./session.js";
import { trainingGraph } from "./trainingGraph.js";

/** Builds the loss of a batch, one number, from logits and the batch's target and voxel weight. */
export type LossBuilder = (
  graph: GraphBuilder,
  inputs: { logits: Value; target: Value; voxelWeight: Value },
) => Value;

export interface TrainerSpec {
  readonly architecture: string;
  readonly outputs: number;
  readonly optimiser: Optimiser;
  readonly samples: number;
  readonly patch: Shape3;
  readonly seed: number;
  readonly threads: number;
}

/** Weights, moments and average of the weights, each one flat vector in the order of the network's layout. */
export type TrainingState = Readonly<Record<StateName, Float32Array>>;

export interface StepResult {
  readonly loss: number;
  /** Of the gradient, before clipping. */
  readonly norm: number;
}

/** A network being trained: its graph loaded, its state held here between steps. */
export class Trainer {
  readonly layout: ParameterLayout;
  private readonly session: Session;
  private readonly spec: TrainerSpec;
  private current: TrainingState;

  private constructor(spec: TrainerSpec, layout: ParameterLayout, session: Session) {
    this.spec = spec;
    this.layout = layout;
    this.session = session;
    const weights = initialWeights(layout, spec.seed);
    const zeros = () => new Float32Array(layout.total);
    this.current = { weights, moment1: zeros(), moment2: zeros(), average: weights.slice() };
  }

  static async open(spec: TrainerSpec, buildLoss: LossBuilder): Promise<Trainer> {
    const network = buildNetwork(architectureNamed(spec.architecture), spec.outputs);
    const { graph, logits } = network;
    const target = graph.input("target", spec.outputs);
    const voxelWeight = graph.input("weight", 1);
    const loss = buildLoss(graph, { logits, target, voxelWeight });
    const batchInputs = new Map([
      ["image", network.input.channels],
      ["target", spec.outputs],
      ["weight", 1],
    ]);
    const layout = layOut(network.parameters);
    const { optimiser, samples, patch } = spec;
    const parts = trainingGraph(
      { network, loss, batchInputs },
      layout,
      optimiser,
      samples,
      patch,
      await machineBlock(),
    );
    return new Trainer(spec, layout, await openSession(parts, { threads: spec.threads }));
  }

  /** One update; `step` counts from 0 and sets the moments' bias correction. */
  async step(batch: Batch, step: number, rate: number, averageDecay: number): Promise<StepResult> {
    const { samples, patch, outputs, optimiser } = this.spec;
    const one = (value: number): Array5 => ({ data: Float32Array.of(value), dims: [1] });
    const map = (data: Float32Array, channels: number): Array5 => ({
      data,
      dims: [samples, channels, ...patch],
    });
    const feeds: Record<string, Array5> = {
      image: map(batch.input, 1),
      target: map(batch.target, outputs),
      weight: map(batch.weight, 1),
      rate: one(rate),
      correction1: one(1 / (1 - optimiser.beta1 ** (step + 1))),
      correction2: one(1 / (1 - optimiser.beta2 ** (step + 1))),
      averageDecay: one(averageDecay),
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

  get state(): TrainingState {
    return this.current;
  }

  restore(state: TrainingState): void {
    this.current = state;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
