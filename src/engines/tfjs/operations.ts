/** The table of computations: how TensorFlow.js computes each kind of operation. */
import type { Tensor, Tensor5D } from "@tensorflow/tfjs-core";
import type { OperationKind, OperationOf, Parameter, Value } from "../../nets/value.js";
import type { Dropout } from "../dropoutMask.js";
import type { TensorFlow } from "./backend.js";
import { convolve, convolveTransposed } from "./convolution.js";
import { type Map5, part, spatialAxes } from "./maps.js";
import {
  batchNormPredicting,
  batchNormTraining,
  groupNorm,
  instanceNorm,
  layerNorm,
} from "./normalisation.js";
import { averagePool, maxPool, neighbourSlices, upsampleLinear, upsampleNearest } from "./resampling.js";

/** What computing an operation needs besides its inputs. */
export interface Pass {
  readonly tf: TensorFlow;
  /** A parameter's numbers in its declared shape. */
  readonly parameter: (parameter: Parameter) => Tensor;
  /** The part that only training needs; null when predicting. */
  readonly training: TrainingPass | null;
}

/** Dropout masks and running statistics of a training step. */
export interface TrainingPass {
  readonly mask: (dropout: Dropout) => Map5;
  /** Sets a running statistic's new value. */
  readonly track: (statistic: Parameter, value: Tensor) => void;
}

type Compute<K extends OperationKind> = (
  pass: Pass,
  inputs: readonly [Map5, ...Map5[]],
  operation: OperationOf<K>,
  channels: number,
) => Map5;

const elementwise =
  <K extends OperationKind>(f: (tf: TensorFlow, x: Map5) => Map5): Compute<K> =>
  ({ tf }, [x]) =>
    f(tf, x);

const binary =
  <K extends OperationKind>(f: (tf: TensorFlow, a: Map5, b: Map5) => Map5): Compute<K> =>
  ({ tf }, inputs) =>
    f(tf, inputs[0], inputs[1]!);

const kernel = ({ parameter }: Pass, weight: Parameter): Tensor5D => parameter(weight) as Tensor5D;

const withBias = ({ tf, parameter }: Pass, x: Map5, bias: Parameter | null): Map5 =>
  bias ? tf.add<Map5>(x, parameter(bias)) : x;

/** The computation of every kind of operation; the gradients are TensorFlow.js's own. */
const computations: { readonly [K in Exclude<OperationKind, "input">]: Compute<K> } = {
  convolution: (pass, [x], operation) =>
    withBias(pass, convolve(pass.tf, x, kernel(pass, operation.weight), operation), operation.bias),
  transposedConvolution: (pass, [x], operation) =>
    withBias(pass, convolveTransposed(pass.tf, x, kernel(pass, operation.weight), operation), operation.bias),
  instanceNorm: ({ tf, parameter }, [x], operation) => instanceNorm(tf, x, operation, parameter),
  layerNorm: ({ tf, parameter }, [x], operation) => layerNorm(tf, x, operation, parameter),
  groupNorm: ({ tf, parameter }, [x], operation) => groupNorm(tf, x, operation, parameter),
  batchNorm: ({ tf, parameter, training }, [x], operation) =>
    training
      ? batchNormTraining(tf, x, operation, parameter, training.track)
      : batchNormPredicting(tf, x, operation, parameter),
  prelu: ({ tf, parameter }, [x], { slope }) => tf.prelu<Tensor>(x, parameter(slope)) as Map5,
  leakyRelu: ({ tf }, [x], { slope }) => tf.leakyRelu(x, slope),
  relu: elementwise((tf, x) => tf.relu(x)),
  gelu: elementwise((tf, x) => tf.mul<Map5>(x, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5))),
  abs: elementwise((tf, x) => tf.abs(x)),
  dropout({ tf, training }, [x], { name, rate }) {
    if (!training) return x;
    const [samples, z, y, width, channels] = x.shape;
    return tf.mul<Map5>(x, training.mask({ name, rate, dims: [samples, z, channels, y, width] }));
  },
  maxPool: ({ tf }, [x], { window, stride }) => maxPool(tf, x, window, stride),
  averagePool: ({ tf }, [x], { factor }) => averagePool(tf, x, factor),
  upsampleNearest: ({ tf }, [x], { factor }) => upsampleNearest(tf, x, factor),
  upsampleLinear: ({ tf }, [x], { factor }) => upsampleLinear(tf, x, factor),
  neighbourSlices: ({ tf }, [x], { count }) => neighbourSlices(tf, x, count),
  selectChannels: ({ tf }, [x], { start }, channels) => part(tf, x, 4, start, channels),
  globalAverage: elementwise((tf, x) => tf.mean<Map5>(x, [...spatialAxes], true)),
  concat: ({ tf }, inputs) => tf.concat([...inputs], 4),
  add: binary((tf, a, b) => tf.add<Map5>(a, b)),
  subtract: binary((tf, a, b) => tf.sub<Map5>(a, b)),
  multiply: binary((tf, a, b) => tf.mul<Map5>(a, b)),
  divide: binary((tf, a, b) => tf.div<Map5>(a, b)),
  affine: ({ tf }, [x], { scale, offset }) => tf.add<Map5>(tf.mul(x, scale), offset),
  channelScale: ({ tf }, [x], { scales }) => tf.mul<Map5>(x, tf.tensor1d([...scales])),
  power: ({ tf }, [x], { exponent }) => tf.pow(x, tf.scalar(exponent)),
  exp: elementwise((tf, x) => tf.exp(x)),
  log: elementwise((tf, x) => tf.log(x)),
  softplus: elementwise((tf, x) => tf.softplus(x)),
  sigmoid: elementwise((tf, x) => tf.sigmoid(x)),
  softmax: elementwise((tf, x) => tf.softmax(x)),
  logSoftmax: elementwise((tf, x) => tf.logSoftmax(x)),
  sum: elementwise((tf, x) => tf.sum<Map5>(x, [0, 1, 2, 3], true)),
  sumChannels: elementwise((tf, x) => tf.sum<Map5>(x, [4], true)),
};

/** Computes a value that is no input from its inputs. */
export function compute(pass: Pass, { operation, channels }: Value, inputs: readonly Map5[]): Map5 {
  if (operation.kind === "input") throw new TypeError(`the graph's input ${operation.name} is not computed`);
  const computation = computations[operation.kind] as Compute<OperationKind>;
  return computation(pass, inputs as readonly [Map5, ...Map5[]], operation as never, channels);
}
