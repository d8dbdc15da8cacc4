/** Lowering rules of sums, means and softmax, with their gradients. */
import { channelAxis, mapDims, meanOverVoxels, sumOverVoxels } from "../convolution/zMajor.js";
import { type Emitter, int, ints, type Tensor } from "../graph/emitter.js";
import { unary } from "./rule.js";

/** Writes x − max over the channels, whose exponential cannot overflow. */
function belowLargest(e: Emitter, x: Tensor): Tensor {
  const dims = x.dims.map((size, axis) => (axis === channelAxis ? 1 : size));
  const largest = e.op("ReduceMax", [x], dims, [ints("axes", [channelAxis]), int("keepdims", 1)]);
  return e.subtract(x, largest);
}

function probabilities(e: Emitter, x: Tensor): Tensor {
  const powers = e.unary("Exp", belowLargest(e, x));
  return e.divide(powers, e.sum(powers, [channelAxis]));
}

/** Writes the logarithm of the softmax: x − max − log Σ exp(x − max) over the channels. */
function logProbabilities(e: Emitter, x: Tensor): Tensor {
  const shifted = belowLargest(e, x);
  return e.subtract(shifted, e.unary("Log", e.sum(e.unary("Exp", shifted), [channelAxis])));
}

export const softmax = unary<"softmax">(probabilities, (e, { y, gradient }) => {
  const product = e.multiply(gradient, y);
  return e.subtract(product, e.multiply(y, e.sum(product, [channelAxis])));
});

export const logSoftmax = unary<"logSoftmax">(logProbabilities, (e, { y, gradient }) =>
  e.subtract(gradient, e.multiply(e.unary("Exp", y), e.sum(gradient, [channelAxis]))),
);

const repeated = (e: Emitter, { x, gradient }: { x: Tensor; gradient: Tensor }): Tensor =>
  e.op("Expand", [gradient, e.integers(x.dims)], x.dims);

export const sum = unary<"sum">(sumOverVoxels, repeated);
export const sumChannels = unary<"sumChannels">((e, x) => e.sum(x, [channelAxis]), repeated);

export const globalAverage = unary<"globalAverage">(meanOverVoxels, (e, { x, gradient }) => {
  const { z, y, x: width } = mapDims(x);
  return repeated(e, { x, gradient: e.scale(gradient, 1 / (z * y * width)) });
});
