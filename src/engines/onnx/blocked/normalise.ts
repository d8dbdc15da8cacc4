/** Blocked maps normalised, scaled by channel and pooled, with an activation fused in. */
import type { Shape3 } from "../../../domain/volume.js";
import { batchAffine } from "../../../nets/foldNorms.js";
import type { OperationOf } from "../../../nets/value.js";
import { imageAttributes, nchwc } from "../convolution/imageConvolution.js";
import { type Emitter, int, ints, type Tensor } from "../graph/emitter.js";
import { activationAttributes, type FusedActivation } from "./convolve.js";
import { type BlockedMap, imageDims } from "./map.js";

/** A network's constant weights by name. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** Writes each lane's mean over all images, (lanes); ONNX Runtime's global pooling first averages over y and x. */
function laneMeans(e: Emitter, images: Tensor): Tensor {
  const [count, lanes] = images.dims as [number, number];
  const each = e.op("GlobalAveragePool", [images], [count, lanes, 1, 1], [], nchwc);
  return e.reshape(e.scale(e.sum(e.reshape(each, [count, lanes]), [0]), 1 / count), [lanes]);
}

/** Averages the lanes' means over each channel's slices, (channels). */
function channelMeans(e: Emitter, { channels, slices }: BlockedMap, means: Tensor): Tensor {
  const used = e.part(means, 0, slices * channels);
  if (slices === 1) return used;
  const split = e.reshape(used, [slices, channels]);
  return e.reshape(e.scale(e.sum(split, [0]), 1 / slices), [channels]);
}

/** Writes each channel's mean, (1, 1, c, 1, 1). */
export const globalAverage = (e: Emitter, map: BlockedMap): Tensor =>
  e.reshape(channelMeans(e, map, laneMeans(e, map.tensor)), [1, 1, map.channels, 1, 1]);

/** Repeats one number a channel for every slice's lanes, with zeros in the lanes past them. */
function onLanes(e: Emitter, map: BlockedMap, each: Tensor): Tensor {
  const { lanes } = imageDims(map);
  const rest = lanes - map.slices * map.channels;
  const parts = [...Array(map.slices).fill(each), ...(rest > 0 ? [e.zeros([rest])] : [])] as Tensor[];
  return e.concat(parts, 0);
}

/** Writes activation(x·factor + shift), one factor and shift a channel, as a depthwise convolution of one tap. */
export function scaleChannels(
  e: Emitter,
  map: BlockedMap,
  factor: Tensor,
  shift: Tensor,
  activation: FusedActivation,
): BlockedMap {
  const { lanes } = imageDims(map);
  const weight = e.reshape(onLanes(e, map, factor), [lanes, 1, 1, 1]);
  const shape = { pads: [0, 0, 0, 0], strides: [1, 1], groups: lanes } as const;
  const attributes = [...imageAttributes([1, 1], shape), ...activationAttributes(activation)];
  const inputs = [map.tensor, weight, onLanes(e, map, shift)];
  return { ...map, tensor: e.op("Conv", inputs, map.tensor.dims, attributes, nchwc) };
}

/**
 * Writes activation((x − mean)·scale/σ + shift). The variance is the mean of squares less the square of the mean: a bias
 * in front of the normalisation must be left out, since it makes that difference inexact and changes nothing else.
 */
export function normaliseInstance(
  e: Emitter,
  map: BlockedMap,
  { scale, shift, epsilon }: OperationOf<"instanceNorm">,
  weights: Weights,
  activation: FusedActivation,
): BlockedMap {
  const mean = channelMeans(e, map, laneMeans(e, map.tensor));
  const square = channelMeans(e, map, laneMeans(e, e.multiply(map.tensor, map.tensor)));
  const difference = e.subtract(square, e.multiply(mean, mean));
  const variance = e.op("Max", [difference, e.scalar(0)], difference.dims);
  const inverse = e.unary("Reciprocal", e.unary("Sqrt", e.add(variance, e.scalar(epsilon))));
  const vector = (name: string): Tensor => e.floats(weights.get(name)!, [map.channels], `weights:${name}`);
  const factor = scale ? e.multiply(inverse, vector(scale.name)) : inverse;
  const level = e.unary("Neg", e.multiply(mean, factor));
  return scaleChannels(e, map, factor, shift ? e.add(level, vector(shift.name)) : level, activation);
}

/** Writes batch normalisation by the running statistics, which are constants. */
export function normaliseBatch(
  e: Emitter,
  map: BlockedMap,
  norm: OperationOf<"batchNorm">,
  weights: Weights,
  activation: FusedActivation,
): BlockedMap {
  const { factor, shift } = batchAffine(norm, weights);
  const vector = (values: Float32Array): Tensor => e.floats(values, [map.channels]);
  return scaleChannels(e, map, vector(factor), vector(shift), activation);
}

const kinds = {
  average: { pool: "AveragePool", reduce: "ReduceMean" },
  largest: { pool: "MaxPool", reduce: "ReduceMax" },
} as const;

/** Writes the mean or maximum of windows that do not overlap, for maps of one slice an image. */
export function poolBlocked(
  e: Emitter,
  kind: keyof typeof kinds,
  map: BlockedMap,
  [fz, fy, fx]: Shape3,
): BlockedMap {
  const { images, lanes, y, x } = imageDims(map);
  const { pool, reduce } = kinds[kind];
  const window = [ints("kernel_shape", [fy, fx]), ints("strides", [fy, fx]), ints("pads", [0, 0, 0, 0])];
  const flat: Tensor =
    fy * fx === 1 ? map.tensor : e.op(pool, [map.tensor], [images, lanes, y / fy, x / fx], window, nchwc);
  if (fz === 1) return { ...map, tensor: flat };
  const [, , height, width] = flat.dims as [number, number, number, number];
  const groups = e.reshape(flat, [images / fz, fz, lanes * height * width]);
  const attributes = [ints("axes", [1]), int("keepdims", 1)];
  const merged = e.op(reduce, [groups], [images / fz, 1, lanes * height * width], attributes);
  return { ...map, tensor: e.reshape(merged, [images / fz, lanes, height, width]) };
}
