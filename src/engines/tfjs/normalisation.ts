/** Instance, layer, group and batch normalisation in TensorFlow.js. */
import type { Rank, Tensor } from "@tensorflow/tfjs-core";
import type { OperationOf, Parameter } from "../../nets/value.js";
import type { TensorFlow } from "./backend.js";
import type { Map5 } from "./maps.js";

type ParameterTensor = (parameter: Parameter) => Tensor;

interface Affine {
  readonly scale: Parameter | null;
  readonly shift: Parameter | null;
  readonly epsilon: number;
}

/** Computes (x − mean)/√(variance + epsilon), with mean and variance over `axes`. */
function standardised<T extends Tensor>(tf: TensorFlow, x: T, axes: number[], epsilon: number): T {
  const centred = tf.sub<T>(x, tf.mean(x, axes, true));
  const variance = tf.mean(tf.square(centred), axes, true);
  return tf.div<T>(centred, tf.sqrt(tf.add(variance, epsilon)));
}

function scaledAndShifted(
  tf: TensorFlow,
  x: Map5,
  { scale, shift }: Affine,
  parameter: ParameterTensor,
): Map5 {
  const scaled = scale ? tf.mul<Map5>(x, parameter(scale)) : x;
  return shift ? tf.add<Map5>(scaled, parameter(shift)) : scaled;
}

export function instanceNorm(tf: TensorFlow, x: Map5, affine: Affine, parameter: ParameterTensor): Map5 {
  return scaledAndShifted(tf, standardised(tf, x, [1, 2, 3], affine.epsilon), affine, parameter);
}

export function layerNorm(tf: TensorFlow, x: Map5, affine: Affine, parameter: ParameterTensor): Map5 {
  return scaledAndShifted(tf, standardised(tf, x, [4], affine.epsilon), affine, parameter);
}

export function groupNorm(
  tf: TensorFlow,
  x: Map5,
  operation: OperationOf<"groupNorm">,
  parameter: ParameterTensor,
): Map5 {
  const [samples, z, y, width, channels] = x.shape;
  const { groups, epsilon } = operation;
  const split = tf.reshape(x, [samples, z * y * width, groups, channels / groups]);
  const normalised = tf.reshape<Rank.R5>(standardised(tf, split, [1, 3], epsilon), x.shape);
  return scaledAndShifted(tf, normalised, operation, parameter);
}

/** Normalises by the batch's own statistics, which also update the running ones. */
export function batchNormTraining(
  tf: TensorFlow,
  x: Map5,
  operation: OperationOf<"batchNorm">,
  parameter: ParameterTensor,
  track: (statistic: Parameter, value: Tensor) => void,
): Map5 {
  const axes = [0, 1, 2, 3];
  const count = x.size / x.shape[4];
  const blend = (statistic: Parameter, fresh: Tensor): void => {
    const kept = tf.mul(parameter(statistic), 1 - operation.momentum);
    track(statistic, tf.add(kept, tf.mul(fresh, operation.momentum)));
  };
  const { mean, variance } = tf.moments(x, axes);
  blend(operation.mean, mean);
  blend(operation.variance, tf.mul(variance, count / Math.max(1, count - 1)));
  return scaledAndShifted(tf, standardised(tf, x, axes, operation.epsilon), operation, parameter);
}

/** Normalises by the running statistics. */
export function batchNormPredicting(
  tf: TensorFlow,
  x: Map5,
  operation: OperationOf<"batchNorm">,
  parameter: ParameterTensor,
): Map5 {
  const centred = tf.sub<Map5>(x, parameter(operation.mean));
  const deviation = tf.sqrt(tf.add(parameter(operation.variance), operation.epsilon));
  return scaledAndShifted(tf, tf.div<Map5>(centred, deviation), operation, parameter);
}
