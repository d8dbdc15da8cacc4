/** Taps: which inputs a convolution reads along an axis, and the same for its transpose, phase by phase. */
import type { Shape3 } from "../../../domain/volume.js";
import { paddingBefore } from "../../../nets/value.js";

/** What a convolution reads along one axis: output o is a sum over the inputs o·stride + tap·dilation − before. */
export interface Taps {
  readonly count: number;
  readonly before: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Taps along z, y, x. */
export type Taps3 = readonly [Taps, Taps, Taps];

/** A convolution layer's shape along z, y, x; groups and dilation are 1 where they are left out. */
interface ConvolutionShape {
  readonly kernel: Shape3;
  readonly stride: Shape3;
  readonly dilation?: Shape3;
  readonly groups?: number;
}

const eachAxis = <A, B>([z, y, x]: readonly [A, A, A], map: (axis: A) => B): [B, B, B] => [
  map(z),
  map(y),
  map(x),
];

/** Returns the taps of a convolution layer, padded before each axis as `GraphBuilder.convolution` pads. */
export function tapsOf({ kernel, stride, dilation = [1, 1, 1] }: ConvolutionShape): Taps3 {
  return eachAxis<0 | 1 | 2, Taps>([0, 1, 2], (axis) => ({
    count: kernel[axis],
    before: paddingBefore(kernel[axis], dilation[axis]),
    stride: stride[axis],
    dilation: dilation[axis],
  }));
}

/** Returns the distance from the first tap to the last, in voxels. */
const reach = ({ count, dilation }: Taps): number => dilation * (count - 1);

/** Returns the count of zeros that `outputs` outputs read after an input of `size` voxels. */
export const paddingAfter = (taps: Taps, size: number, outputs: number): number =>
  Math.max(0, (outputs - 1) * taps.stride + reach(taps) + 1 - size - taps.before);

/** Returns the taps of the transpose of a convolution of stride 1: reads before an output become reads after it. */
export const mirroredTaps = (taps: Taps3): [Taps, Taps, Taps] =>
  eachAxis(taps, (axis) => ({ ...axis, before: reach(axis) - axis.before }));

/** One axis of a transposed convolution, as a convolution of stride 1 with an output for each phase. */
export interface Phases {
  readonly taps: Taps;
  /** For each phase each tap's place in the kernel, or the kernel's length where the phase reads nothing. */
  readonly places: readonly (readonly number[])[];
}

/**
 * Splits the transpose of one axis into phases. Element stride·q + phase of the finer map is read by output v of the
 * convolution through the tap j for which v·stride + j·dilation − before is that element. So for each phase the offsets
 * v − q are few, and the same for every q.
 */
export function phasesOf(axis: Taps): Phases {
  const { count, before, stride, dilation } = axis;
  const every = Array.from({ length: count }, (_, tap) => tap);
  if (stride === 1) return { taps: mirroredTaps([axis, axis, axis])[0], places: [every.reverse()] };
  const first = Math.ceil((before - reach(axis)) / stride);
  const last = Math.floor((stride - 1 + before) / stride);
  const offsets = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const places = Array.from({ length: stride }, (_, phase) =>
    offsets.map((offset) => {
      const tap = (phase + before - offset * stride) / dilation;
      return Number.isInteger(tap) && tap >= 0 && tap < count ? tap : count;
    }),
  );
  return { taps: { count: offsets.length, before: -first, stride: 1, dilation: 1 }, places };
}
