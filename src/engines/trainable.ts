/** A network with its losses as one graph to be trained, and the optimiser's constants and state that training moves. */
import type { Batch } from "../data/patches/spec.js";
import type { Shape3 } from "../domain/volume.js";
import type { Network } from "../nets/architecture.js";
import type { GraphBuilder } from "../nets/graph.js";
import { type Parameter, spatial, type Value } from "../nets/value.js";
import { initialWeights, layOut, type ParameterLayout } from "../nets/weights.js";

/** A term of a loss as it counts in the sum, weight and all: one number. */
export interface LossPart {
  readonly name: string;
  readonly value: Value;
}

/** A loss, one number, and the terms that it is the sum of. */
export interface SummedLoss {
  readonly total: Value;
  readonly parts: readonly LossPart[];
}

/**
 * Builds the loss of a batch, one number, from logits and from the batch's target and voxel weight at the same stride; its
 * terms too, where they are to be told apart. The weight has one channel, or as many as the target.
 */
export type LossBuilder = (
  graph: GraphBuilder,
  inputs: { logits: Value; target: Value; voxelWeight: Value },
) => Value | SummedLoss;

/** A loss and the only parameters that are moved to lower it. */
export interface Objective {
  readonly loss: Value;
  readonly parameters: readonly Parameter[];
}

/** A graph to be trained. All objectives' gradients are taken at the same point; the first loss is the one reported. */
export interface Trainable {
  readonly network: Network;
  readonly objectives: readonly Objective[];
  /** Terms that are reported beside the first loss: its own, and the critic's loss, which is no part of it. */
  readonly parts: readonly LossPart[];
  /** Input maps of a batch: image, target and voxel weight. */
  readonly batchInputs: readonly Value[];
  readonly layout: ParameterLayout;
}

/** Lays out the parameters that training moves in one flat vector: the network's own and its critic's. */
export const trainingLayout = ({ parameters, critic }: Network): ParameterLayout =>
  layOut([...parameters, ...(critic?.parameters ?? [])]);

/**
 * Adds a network's losses to its graph: on its logits, on its auxiliary logits, and against its critic if it has one. With
 * `isWeighedByChannel` the batch's weight has a channel for each of the target's, and a coarse voxel's target is the mean
 * of the fine ones by their weights, so that voxels of weight 0 take no part in it.
 */
export function buildTrainable(
  network: Network,
  buildLoss: LossBuilder,
  isWeighedByChannel = false,
): Trainable {
  const { graph, logits, input, critic } = network;
  const stride = spatial(logits);
  const target = critic?.target ?? graph.input("target", logits.channels, stride);
  const voxelWeight = graph.input("weight", isWeighedByChannel ? logits.channels : 1, stride);
  const { total: dense, parts } = summed(buildLoss(graph, { logits, target, voxelWeight }));
  const auxiliary: LossPart[] = [];
  const supervised = network.auxiliary.reduce((sum, { logits: coarse, weight }, at) => {
    const factor = spatial(coarse).map((step, axis) => step / stride[axis]!) as [number, number, number];
    const coarseWeight = graph.averagePool(voxelWeight, factor);
    const inputs = {
      logits: coarse,
      target: isWeighedByChannel
        ? graph.divide(
            graph.averagePool(graph.multiply(target, voxelWeight), factor),
            graph.affine(coarseWeight, 1, tiny),
          )
        : graph.averagePool(target, factor),
      voxelWeight: coarseWeight,
    };
    const value = graph.affine(summed(buildLoss(graph, inputs)).total, weight);
    auxiliary.push({ name: at === 0 ? "auxiliary" : `auxiliary${at + 1}`, value });
    return graph.add(sum, value);
  }, dense);
  const { objectives, parts: ofCritic } = critic
    ? adversarial(graph, supervised, network.parameters, critic)
    : { objectives: [{ loss: supervised, parameters: network.parameters }], parts: [] };
  return {
    network,
    objectives,
    parts: [...parts, ...auxiliary, ...ofCritic],
    batchInputs: [input, target, voxelWeight],
    layout: trainingLayout(network),
  };
}

/** A map that a graph is fed with: the name of its input, and its sizes (samples, channels, z, y, x). */
interface InputMap {
  readonly name: string;
  readonly dims: [samples: number, channels: number, z: number, y: number, x: number];
}

/** Returns the map that a value which is an input takes, for patches of this shape. */
export function inputMap(value: Value, samples: number, patch: Shape3): InputMap {
  const { operation, channels } = value;
  if (operation.kind !== "input") throw new TypeError(`${operation.kind} is no input`);
  const [z, y, x] = spatial(value);
  return { name: operation.name, dims: [samples, channels, patch[0] / z, patch[1] / y, patch[2] / x] };
}

/** Returns a batch's arrays with the maps that they are for. */
export function batchMaps(
  { batchInputs }: Trainable,
  { input, target, weight }: Batch,
  samples: number,
  patch: Shape3,
): (InputMap & { readonly data: Float32Array })[] {
  const arrays = [input, target, weight];
  return batchInputs.map((value, at) => ({ ...inputMap(value, samples, patch), data: arrays[at]! }));
}

/** Keeps a weight of 0 from being divided by. */
const tiny = 1e-6;

/**
 * Adds least-squares adversarial losses (Mao et al. 2017): the network is trained to make its critic output 1, the critic
 * to output 1 for targets and 0 for the network's logits.
 */
function adversarial(
  graph: GraphBuilder,
  loss: Value,
  parameters: readonly Parameter[],
  critic: NonNullable<Network["critic"]>,
): { readonly objectives: Objective[]; readonly parts: LossPart[] } {
  const distance = (score: Value, wanted: number) => {
    const off = graph.affine(score, 1, -wanted);
    return mean(graph, graph.multiply(off, off));
  };
  const fooling = distance(critic.ofOwn, 1);
  const fooled = graph.add(loss, fooling);
  const told = graph.affine(graph.add(distance(critic.ofTarget, 1), distance(critic.ofOwn, 0)), 0.5);
  return {
    objectives: [
      { loss: fooled, parameters },
      { loss: told, parameters: critic.parameters },
    ],
    parts: [
      { name: "adversarial", value: fooling },
      { name: "critic", value: told },
    ],
  };
}

const summed = (loss: Value | SummedLoss): SummedLoss =>
  "total" in loss ? loss : { total: loss, parts: [] };

const mean = (graph: GraphBuilder, map: Value): Value => {
  const each = graph.sum(graph.sumChannels(map));
  const one = graph.affine(graph.sumChannels(map), 0, 1);
  return graph.divide(each, graph.affine(graph.sum(one), map.channels));
};

/** AdamW's constants (Loshchilov and Hutter 2019), gradient clipping by global norm, and the EMA of the weights. */
export interface Optimiser {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; a larger one is scaled down to it. */
  readonly clipNorm: number;
}

/** Parts of the training state, by the names that progress files use. */
export const stateNames = ["weights", "moment1", "moment2", "average"] as const;
export type StateName = (typeof stateNames)[number];

/** Weights, Adam's moments and the weights' average, each one flat vector in the order of the trainable's layout. */
export type TrainingState = Readonly<Record<StateName, Float32Array>>;

/** Weights that a training begins with besides those drawn at random, flat in the order of the trainable's layout. */
export interface StartingWeights {
  readonly values: Float32Array;
  /** 1 where a value is taken, 0 where it is drawn. */
  readonly taken: Uint8Array;
  /** Whether taken weights move at a rate of their own. */
  readonly hasOwnRate: boolean;
}

/** Returns the first state: weights drawn or taken, moments of zero, and an average that begins with the weights. */
export function firstState(
  layout: ParameterLayout,
  seed: number,
  start: StartingWeights | undefined,
): TrainingState {
  const weights = initialWeights(layout, seed);
  start?.taken.forEach((isTaken, at) => {
    if (isTaken === 1) weights[at] = start.values[at]!;
  });
  const zeros = () => new Float32Array(weights.length);
  return { weights, moment1: zeros(), moment2: zeros(), average: weights.slice() };
}

/** Returns 1 for each trained number that moves at a rate of its own, else 0; null where none does. */
export const ownRateMask = (
  { trained }: ParameterLayout,
  start: StartingWeights | undefined,
): Float32Array | null => (start?.hasOwnRate ? Float32Array.from(start.taken.subarray(0, trained)) : null);
