/**
 * Exact squared Euclidean distance transform in linear time: the lower envelope of parabolas, one axis after the other
 * (Felzenszwalb and Huttenlocher, Theory of Computing 8, 2012). The distance of a foreground voxel is measured to the
 * centre of the nearest background voxel inside the volume; outside the volume there is neither foreground nor
 * background, as in SciPy's `distance_transform_edt`. Without any background every distance is Infinity.
 */
import { type Box, type Shape3, type Spacing3, voxelCount } from "./volume.js";

/** Squared lengths of one step along z, y, x. */
export type AxisWeights = readonly [z: number, y: number, x: number];

/** Relative difference below which spacings count as equal: the challenge's level 0 differs by 3e-8 between axes. */
const sameSpacing = 1e-4;

/** Returns weights that measure in voxels of the finest axis; exactly 1, 1, 1 for equal spacings. */
export function axisWeights(spacing: Spacing3): AxisWeights {
  const finest = Math.min(...spacing);
  const weight = (step: number) => (step / finest - 1 < sameSpacing ? 1 : (step / finest) ** 2);
  return [weight(spacing[0]), weight(spacing[1]), weight(spacing[2])];
}

/**
 * Computes the squared distances of a mask (z, y, x), 0 being background, in the weights' unit. With weights 1, 1, 1 they
 * are exact integers up to 2²⁴.
 */
export function squaredDistances(mask: Uint8Array, shape: Shape3, weights: AxisWeights): Float32Array {
  const values = new Float32Array(voxelCount(shape));
  for (let i = 0; i < values.length; i++) values[i] = mask[i] ? Number.POSITIVE_INFINITY : 0;
  transformAxes(values, shape, weights);
  return values;
}

/** Replaces values (z, y, x), Infinity in the foreground and 0 elsewhere, by squared distances in the weights' unit. */
export function transformAxes(values: Float32Array, shape: Shape3, weights: AxisWeights): void {
  const whole: Box = { start: [0, 0, 0], end: shape };
  const envelope = newEnvelope(Math.max(...shape));
  for (const axis of [2, 1, 0] as const) transformAxis(values, shape, whole, axis, weights[axis], envelope);
}

/**
 * Replaces the values in a box of a flat array (z, y, x) by the smallest of value + weight · steps² along one axis. Zeros
 * (background) stay. Over all three axes, Infinity (foreground) becomes squared distances.
 */
export function transformAxis(
  values: Float32Array,
  shape: Shape3,
  box: Box,
  axis: 0 | 1 | 2,
  weight: number,
  envelope: Envelope,
): void {
  const strides: Shape3 = [shape[1] * shape[2], shape[2], 1];
  const outer = axis === 0 ? 1 : 0;
  const inner = axis === 2 ? 1 : 2;
  const length = box.end[axis] - box.start[axis];
  const origin = box.start[axis] * strides[axis];
  for (let a = box.start[outer]; a < box.end[outer]; a++) {
    for (let b = box.start[inner]; b < box.end[inner]; b++) {
      const first = origin + a * strides[outer] + b * strides[inner];
      transformLine(values, first, length, strides[axis], weight, envelope);
    }
  }
}

/** Working memory for one line. */
export interface Envelope {
  readonly heights: Float64Array;
  /** Positions of the envelope's parabolas; `from` holds where each one begins to be the lowest. */
  readonly sites: Int32Array;
  readonly from: Float64Array;
}

/** Allocates working memory for lines of up to `length` voxels. */
export const newEnvelope = (length: number): Envelope => ({
  heights: new Float64Array(length),
  sites: new Int32Array(length),
  from: new Float64Array(length),
});

/** Transforms a line, each stretch of foreground alone, since it depends on nothing beyond the zeros at its ends. */
function transformLine(
  values: Float32Array,
  first: number,
  length: number,
  stride: number,
  weight: number,
  envelope: Envelope,
): void {
  let q = 0;
  while (q < length) {
    if (values[first + q * stride] === 0) {
      q++;
      continue;
    }
    const start = q;
    while (q < length && values[first + q * stride] !== 0) q++;
    const low = Math.max(start - 1, 0);
    const last = buildEnvelope(values, first, low, Math.min(q, length - 1), stride, weight, envelope);
    if (last >= 0) readEnvelope(values, first, start, q, stride, weight, envelope, last);
  }
}

/** Builds the envelope of positions low to high, inclusive; returns its last parabola's index, −1 if there is none. */
function buildEnvelope(
  values: Float32Array,
  first: number,
  low: number,
  high: number,
  stride: number,
  weight: number,
  { heights, sites, from }: Envelope,
): number {
  let last = -1;
  for (let q = low; q <= high; q++) {
    const height = values[first + q * stride]!;
    heights[q] = height;
    if (height === Number.POSITIVE_INFINITY) continue;
    let crossing = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const site = sites[last]!;
      crossing = ((height - heights[site]!) / weight + q * q - site * site) / (2 * (q - site));
      if (crossing > from[last]!) break;
      last--;
    }
    last++;
    sites[last] = q;
    from[last] = last === 0 ? Number.NEGATIVE_INFINITY : crossing;
  }
  return last;
}

function readEnvelope(
  values: Float32Array,
  first: number,
  start: number,
  end: number,
  stride: number,
  weight: number,
  { heights, sites, from }: Envelope,
  last: number,
): void {
  let at = 0;
  for (let q = start; q < end; q++) {
    while (at < last && from[at + 1]! < q) at++;
    const site = sites[at]!;
    values[first + q * stride] = heights[site]! + weight * (q - site) * (q - site);
  }
}
