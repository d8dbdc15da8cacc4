/** Pooling, upsampling and neighbouring slices in TensorFlow.js. */
import type { Shape3 } from "../../domain/volume.js";
import { paddingBefore } from "../../nets/value.js";
import type { TensorFlow } from "./backend.js";
import { everyNth, interleave, type Map5, part, spatialAxes } from "./maps.js";

const tuple = ([z, y, x]: Shape3): [number, number, number] => [z, y, x];

/** A number below every number of a map, finite so that no gradient becomes 0·∞. */
const nothing = -3e38;

/**
 * Computes the maximum of each window, along each axis in turn, with `nothing` outside the map. TensorFlow.js's own 3-D max
 * pooling has a wrong gradient on its CPU backend (4.22) where a window's height is not its width.
 */
export function maxPool(tf: TensorFlow, x: Map5, window: Shape3, stride: Shape3): Map5 {
  return spatialAxes.reduce((map, axis, at) => {
    const size = map.shape[axis];
    const before = paddingBefore(window[at]!);
    const margins = map.shape.map((_, each): [number, number] =>
      each === axis ? [before, window[at]! - 1 - before] : [0, 0],
    );
    const seen = window[at] === 1 ? map : tf.pad(map, margins, nothing);
    return Array.from({ length: window[at]! }, (_, tap) =>
      everyNth(tf, part(tf, seen, axis, tap, size), axis, stride[at]!),
    ).reduce((a, b) => tf.maximum(a, b));
  }, x);
}

export function averagePool(tf: TensorFlow, x: Map5, factor: Shape3): Map5 {
  return tf.avgPool3d(x, tuple(factor), tuple(factor), "valid");
}

export function upsampleNearest(tf: TensorFlow, x: Map5, factor: Shape3): Map5 {
  return spatialAxes.reduce(
    (map, axis, at) => interleave(tf, new Array<Map5>(factor[at]!).fill(map), axis),
    x,
  );
}

/**
 * Interpolates linearly along each axis in turn. Output q·f + p lies (p + ½)/f − ½ input voxels past the centre of q:
 * between q − 1 and q, or q and q + 1. Outside the faces the outermost voxel is repeated.
 */
export function upsampleLinear(tf: TensorFlow, x: Map5, factor: Shape3): Map5 {
  return spatialAxes.reduce((map, axis, at) => {
    const steps = factor[at]!;
    if (steps === 1) return map;
    const size = map.shape[axis];
    const first = part(tf, map, axis, 0, 1);
    const last = part(tf, map, axis, size - 1, 1);
    const previous = size === 1 ? map : tf.concat([first, part(tf, map, axis, 0, size - 1)], axis);
    const next = size === 1 ? map : tf.concat([part(tf, map, axis, 1, size - 1), last], axis);
    const phases = Array.from({ length: steps }, (_, remainder) => {
      const past = (remainder + 0.5) / steps - 0.5;
      const neighbour = past < 0 ? previous : next;
      return tf.add<Map5>(tf.mul(map, 1 - Math.abs(past)), tf.mul(neighbour, Math.abs(past)));
    });
    return interleave(tf, phases, axis);
  }, x);
}

/** Stacks the `count` slices around each slice as its channels, slice-major, with zeros outside the faces. */
export function neighbourSlices(tf: TensorFlow, x: Map5, count: number): Map5 {
  const reach = (count - 1) / 2;
  const margins: [number, number][] = [
    [0, 0],
    [reach, reach],
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  const seen = tf.pad(x, margins);
  const slices = Array.from({ length: count }, (_, slice) => part(tf, seen, 1, slice, x.shape[1]));
  return tf.concat(slices, 4);
}
