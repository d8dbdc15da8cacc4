/** Maps of the TensorFlow.js engine, (sample, z, y, x, channel), and their slicing, interleaving and folding. */
import type { Tensor, Tensor5D } from "@tensorflow/tfjs-core";
import { product } from "../../domain/numbers.js";
import type { Shape3 } from "../../domain/volume.js";
import type { TensorFlow } from "./backend.js";

/**
 * A map of this engine, (sample, z, y, x, channel), TensorFlow's NDHWC. One number a channel is a map of one voxel, and of
 * one sample where it was summed over the batch.
 */
export type Map5 = Tensor5D;
type Dims5 = [number, number, number, number, number];

/** Axes z, y and x of a map. */
export const spatialAxes = [1, 2, 3] as const;
type SpatialAxis = (typeof spatialAxes)[number];

/** Returns a map's sizes along z, y, x. */
export const voxelsOf = (x: Tensor): Shape3 => [x.shape[1]!, x.shape[2]!, x.shape[3]!];

/** Makes a map of an array in PyTorch's order, (sample, c, z, y, x). */
export function fromChannelMajor(tf: TensorFlow, data: Float32Array, dims: Dims5): Map5 {
  return tf.transpose(tf.tensor5d(data, dims), [0, 2, 3, 4, 1]);
}

/** Makes a map of an array (sample, z, c, y, x), the order of dropout masks. */
export function fromZMajor(tf: TensorFlow, data: Float32Array, dims: Dims5): Map5 {
  return tf.transpose(tf.tensor5d(data, dims), [0, 1, 3, 4, 2]);
}

/** Reorders a map to (sample, z, c, y, x), the order of the engines' output. */
export const toZMajor = (tf: TensorFlow, x: Map5): Map5 => tf.transpose(x, [0, 1, 4, 2, 3]);

/** Slices `size` elements from `start` on along one axis. */
export function part(tf: TensorFlow, x: Map5, axis: number, start: number, size: number): Map5 {
  if (start === 0 && size === x.shape[axis]) return x;
  const begin = x.shape.map((_, at) => (at === axis ? start : 0)) as Dims5;
  const extent = x.shape.map((length, at) => (at === axis ? size : length)) as Dims5;
  return tf.slice(x, begin, extent);
}

/** Takes the elements 0, step, 2·step, … along one axis, whose length `step` divides. */
export function everyNth(tf: TensorFlow, x: Map5, axis: SpatialAxis, step: number): Map5 {
  if (step === 1) return x;
  const count = x.shape[axis]! / step;
  const [outer, inner] = around(x, axis);
  const rows = tf.reshape(x, [outer * count, step, inner]);
  return tf.reshape(tf.slice(rows, [0, 0, 0], [-1, 1, -1]), replaced(x, axis, count));
}

/** Interleaves maps of equal shape along an axis, one element of each in turn. */
export function interleave(tf: TensorFlow, parts: readonly Map5[], axis: SpatialAxis): Map5 {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const count = first.shape[axis];
  const [outer, inner] = around(first, axis);
  const rows = parts.map((each) => tf.reshape(each, [outer * count, 1, inner]));
  return tf.reshape(tf.concat(rows, 1), replaced(first, axis, count * parts.length));
}

/** Moves the remainder modulo `step` of an axis's index into the sample axis, remainder-major; `step` divides it. */
export function foldIntoSamples(tf: TensorFlow, x: Map5, axis: SpatialAxis, step: number): Map5 {
  if (step === 1) return x;
  const samples = x.shape[0];
  const count = x.shape[axis] / step;
  const [outer, inner] = around(x, axis);
  const split = tf.reshape(x, [samples, outer / samples, count, step, inner]);
  const folded = replaced(x, axis, count);
  folded[0] = samples * step;
  return tf.reshape(tf.transpose(split, [3, 0, 1, 2, 4]), folded);
}

/** The inverse of `foldIntoSamples`. */
export function unfoldFromSamples(tf: TensorFlow, x: Map5, axis: SpatialAxis, step: number): Map5 {
  if (step === 1) return x;
  const samples = x.shape[0] / step;
  const count = x.shape[axis];
  const [outer, inner] = around(x, axis);
  const split = tf.reshape(x, [step, samples, outer / x.shape[0], count, inner]);
  const unfolded = replaced(x, axis, count * step);
  unfolded[0] = samples;
  return tf.reshape(tf.transpose(split, [1, 2, 3, 0, 4]), unfolded);
}

/** Returns the products of the sizes before and after one axis. */
function around(x: Map5, axis: SpatialAxis): [number, number] {
  return [product(x.shape.slice(0, axis)), product(x.shape.slice(axis + 1))];
}

const replaced = (x: Map5, axis: number, length: number): Dims5 =>
  x.shape.map((size, at) => (at === axis ? length : size)) as Dims5;
