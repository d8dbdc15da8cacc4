import type { Network } from "../nets/architecture.js";
import type { GraphBuilder } from "../nets/graph.js";
import { type Parameter, spatial, type Value } from "../nets/value.js";
import { layOut, type ParameterLayout } from "../nets/weights.js";

/** Builds the loss of a batch, one number, from logits and the batch's target and voxel weight at their resolution. */
export type LossBuilder = (
  graph: GraphBuilder,
  inputs: { logits: Value; target: Value; voxelWeight: Value },
) => Value;

/** A number to be made small by moving these parameters and no others. */
export interface Objective {
  readonly loss: Value;
  readonly parameters: readonly Parameter[];
}

/** A graph to be trained. Every objective's gradient is taken at the same point; the first loss is the one reported. */
export interface Trainable {
  readonly network: Network;
  readonly objectives: readonly Objective[];
  /** The maps that a batch brings: the image and what the loss compares with. */
  readonly batchInputs: readonly Value[];
  readonly layout: ParameterLayout;
}

/** Parameters that training moves, in one flat vector: the network's own and its critic's. */
export const trainingLayout = ({ parameters, critic }: Network): ParameterLayout =>
  layOut([...parameters, ...(critic?.parameters ?? [])]);

/** The network with its loss: on its logits, on its auxiliary ones, and against its critic where it has one. */
export function buildTrainable(network: Network, buildLoss: LossBuilder): Trainable {
  const { graph, logits, input, critic } = network;
  const stride = spatial(logits);
  const target = critic?.target ?? graph.input("target", logits.channels, stride);
  const voxelWeight = graph.input("weight", 1, stride);
  const dense = buildLoss(graph, { logits, target, voxelWeight });
  const supervised = network.auxiliary.reduce((sum, { logits: coarse, weight }) => {
    const factor = spatial(coarse).map((step, axis) => step / stride[axis]!) as [number, number, number];
    const inputs = {
      logits: coarse,
      target: graph.averagePool(target, factor),
      voxelWeight: graph.averagePool(voxelWeight, factor),
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

/** Least-squares adversaries (Mao et al. 2017): the network wants 1 of its critic, which wants 1 of targets and 0 of it. */
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

export const stateNames = ["weights", "moment1", "moment2", "average"] as const;
export type StateName = (typeof stateNames)[number];

/** Weights, moments and average of the weights, each one flat vector in the order of the trainable's layout. */
export type TrainingState = Readonly<Record<StateName, Float32Array>>;
