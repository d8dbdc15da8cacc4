/** Lowering rules of instance, group, batch and layer normalisation, with their gradients. */
import type { OperationOf, Parameter } from "../../../nets/value.js";
import {
  channelAxis,
  mapDims,
  meanOverVoxels,
  meanSquareOverVoxels,
  sumOverVoxels,
} from "../convolution/zMajor.js";
import type { Emitter, Tensor } from "../graph/emitter.js";
import { asVector, type Lowering, perChannel, type Rule } from "./rule.js";

/** Normalisations of each channel by statistics that several channels, or samples, may share. */
type ChannelNorm = "instanceNorm" | "groupNorm" | "batchNorm";

/** Averages the means of each sample's channels, (sample, 1, c, 1, 1), over all that are normalised together. */
type Pool<K extends ChannelNorm> = (e: Emitter, means: Tensor, operation: OperationOf<K>) => Tensor;

/** Called with the statistics that a map is normalised by. */
type Track<K extends ChannelNorm> = (
  operation: OperationOf<K>,
  statistics: { x: Tensor; mean: Tensor; variance: Tensor },
  lowering: Lowering,
) => void;

const times = (e: Emitter, x: Tensor, factor: Tensor | null): Tensor => (factor ? e.multiply(x, factor) : x);
const inverseRoot = (e: Emitter, variance: Tensor, epsilon: number): Tensor =>
  e.unary("Reciprocal", e.unary("Sqrt", e.add(variance, e.scalar(epsilon))));

const channels = ({ e, parameter }: Lowering, wanted: Parameter | null): Tensor | null =>
  wanted && perChannel(e, parameter(wanted));

const shifted = (lowering: Lowering, x: Tensor, shift: Parameter | null): Tensor =>
  shift ? lowering.e.add(x, perChannel(lowering.e, lowering.parameter(shift))) : x;

/**
 * Makes the rule of y = (x − mean)·scale/σ + shift. With n = (x − mean)/σ, the gradient of x is (scale·g − mean(scale·g) −
 * n·mean(scale·g·n))/σ (Ioffe and Szegedy 2015), whose means are taken over each channel first and then pooled.
 */
function channelNorm<K extends ChannelNorm>(pool: Pool<K>, track?: Track<K>): Rule<K> {
  return {
    forward(operation, [x], lowering) {
      const { e } = lowering;
      const mean = pool(e, meanOverVoxels(e, x!), operation);
      const centred = e.subtract(x!, mean);
      const variance = pool(e, meanSquareOverVoxels(e, centred), operation);
      track?.(operation, { x: x!, mean, variance }, lowering);
      const inverse = inverseRoot(e, variance, operation.epsilon);
      const factor = times(e, inverse, channels(lowering, operation.scale));
      const output = shifted(lowering, e.multiply(centred, factor), operation.shift);
      return { output, saved: [centred, inverse, factor] };
    },
    backward(operation, context) {
      const { e, saved, gradient, needed, addParameterGradient } = context;
      const [centred, inverse, factor] = saved as [Tensor, Tensor, Tensor];
      const { z, y, x } = mapDims(gradient);
      const meanGradient = meanOverVoxels(e, gradient);
      const meanProduct = meanOverVoxels(e, e.multiply(gradient, centred));
      const overSamples = (t: Tensor) => asVector(e, e.scale(e.sum(t, [0]), z * y * x));
      if (operation.scale)
        addParameterGradient(operation.scale, overSamples(e.multiply(meanProduct, inverse)));
      if (operation.shift) addParameterGradient(operation.shift, overSamples(meanGradient));
      if (!needed[0]) return [null];
      const scale = channels(context, operation.scale);
      const level = e.multiply(pool(e, times(e, meanGradient, scale), operation), inverse);
      const cube = e.multiply(inverse, e.multiply(inverse, inverse));
      const along = e.multiply(pool(e, times(e, meanProduct, scale), operation), cube);
      const inner = e.subtract(e.multiply(gradient, factor), e.multiply(centred, along));
      return [e.subtract(inner, level)];
    },
  };
}

export const instanceNorm = channelNorm<"instanceNorm">((_, means) => means);

export const groupNorm = channelNorm<"groupNorm">((e, means, { groups }) => {
  const { samples, channels: count } = mapDims(means);
  const within = e.reshape(means, [samples, groups, count / groups]);
  const each = e.scale(e.sum(within, [2]), groups / count);
  return e.reshape(e.op("Expand", [each, e.integers(within.dims)], within.dims), means.dims);
});

const overBatch: Pool<"batchNorm"> = (e, means) => e.scale(e.sum(means, [0]), 1 / mapDims(means).samples);

/** Blends a batch's statistics into the running ones. A single number, which PyTorch refuses, has variance 0. */
const trackRunning: Track<"batchNorm"> = (operation, { x, mean, variance }, { e, parameter, training }) => {
  const { samples, z, y, x: width } = mapDims(x);
  const count = samples * z * y * width;
  const blend = (statistic: Parameter, fresh: Tensor, unbiased: number): void => {
    const old = e.scale(parameter(statistic), 1 - operation.momentum);
    training?.track(statistic, e.add(old, e.scale(asVector(e, fresh), operation.momentum * unbiased)));
  };
  blend(operation.mean, mean, 1);
  blend(operation.variance, variance, count / Math.max(count - 1, 1));
};

const batchStatistics = channelNorm<"batchNorm">(overBatch, trackRunning);

export const batchNorm: Rule<"batchNorm"> = {
  forward(operation, inputs, lowering) {
    if (lowering.training) return batchStatistics.forward(operation, inputs, lowering);
    const { e, parameter } = lowering;
    const inverse = inverseRoot(e, parameter(operation.variance), operation.epsilon);
    const factor = operation.scale ? e.multiply(inverse, parameter(operation.scale)) : inverse;
    const level = e.multiply(parameter(operation.mean), factor);
    const shift = operation.shift ? e.subtract(parameter(operation.shift), level) : e.unary("Neg", level);
    return e.add(e.multiply(inputs[0]!, perChannel(e, factor)), perChannel(e, shift));
  },
  backward: (operation, context) => batchStatistics.backward(operation, context),
};

const overChannels = (e: Emitter, x: Tensor): Tensor =>
  e.scale(e.sum(x, [channelAxis]), 1 / x.dims[channelAxis]!);

/** Layer normalisation. ONNX Runtime reduces squares over channels slowly: here they are a product and a sum. */
export const layerNorm: Rule<"layerNorm"> = {
  forward(operation, [x], lowering) {
    const { e } = lowering;
    const centred = e.subtract(x!, overChannels(e, x!));
    const variance = overChannels(e, e.multiply(centred, centred));
    const inverse = inverseRoot(e, variance, operation.epsilon);
    const normal = e.multiply(centred, inverse);
    const scaled = times(e, normal, channels(lowering, operation.scale));
    return { output: shifted(lowering, scaled, operation.shift), saved: [normal, inverse] };
  },
  backward(operation, context) {
    const { e, saved, gradient, needed, addParameterGradient } = context;
    const [normal, inverse] = saved as [Tensor, Tensor];
    const perVoxel = (t: Tensor) => asVector(e, sumOverVoxels(e, t));
    if (operation.scale) addParameterGradient(operation.scale, perVoxel(e.multiply(gradient, normal)));
    if (operation.shift) addParameterGradient(operation.shift, perVoxel(gradient));
    if (!needed[0]) return [null];
    const scaled = times(e, gradient, channels(context, operation.scale));
    const along = e.multiply(normal, overChannels(e, e.multiply(scaled, normal)));
    const inner = e.subtract(e.subtract(scaled, overChannels(e, scaled)), along);
    return [e.multiply(inner, inverse)];
  },
};
