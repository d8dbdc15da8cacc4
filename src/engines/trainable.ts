/** A network with its losses as one graph to be trained, and the optimiser's constants and state that training moves. */
import type { Network } from "../nets/architecture.js";
import type { GraphBuilder } from "../nets/graph.js";
import { type Parameter, spatial, type Value } from "../nets/value.js";
import { layOut, type ParameterLayout } from "../nets/weights.js";

/**
 * Builds the loss of a batch, one number, from logits and from the batch's target and voxel weight at the same stride; the
 * weight has one channel, or as many as the target.
 */
export type LossBuilder = (
  graph: GraphBuilder,
  inputs: { logits: Value; target: Value; voxelWeight: Value },
) => Value;

/** A loss and the only parameters that are moved to lower it. */
export interface Objective {
  readonly loss: Value;
  readonly parameters: readonly Parameter[];
}

/** A graph to be trained. All objectives' gradients are taken at the same point; the first loss is the one reported. */
export interface Trainable {
  readonly network: Network;
  readonly objectives: readonly Objective[];
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
  const dense = buildLoss(graph, { logits, target, voxelWeight });
  const supervised = network.auxiliary.reduce((sum, { logits: coarse, weight }) => {
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
    return graph.add(sum, graph.affine(buildLoss(graph, inputs), weight));
  }, dense);
  const objectives = critic
    ? adversarial(graph, supervised, network.parameters, critic)
    : [{ loss: supervised, parameters: network.parameters }];
  return {
    network,
    objectives,
    batchInputs: [input, target, voxelWeight],
    layout: trainingLayout(network),
  };
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
): Objective[] {
  const distance = (score: Value, wanted: number) => {
    const off = graph.affine(score, 1, -wanted);
    return mean(graph, graph.multiply(off, off));
  };
  const fooled = graph.add(loss, distance(critic.ofOwn, 1));
  const told = graph.affine(graph.add(distance(critic.ofTarget, 1), distance(critic.ofOwn, 0)), 0.5);
  return [
    { loss: fooled, parameters },
    { loss: told, parameters: critic.parameters },
  ];
}

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
