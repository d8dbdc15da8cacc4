/** Maps of a Keras graph as they are lowered to ONNX: names, channels, and sizes relative to the open input's. */
import type { Name } from "../onnx/portable/openGraph.js";

/**
 * Size of a map along one axis: the input's open size over `stride`, which divides it, plus `extra`; with `stride` null
 * the known size `extra`.
 */
export interface Axis {
  readonly stride: number | null;
  readonly extra: number;
}

/** A map (batch, channel, axes in Keras's order: y, x or y, x, z), or with no axes one number a channel (batch, channel, 1, 1). */
export interface KerasMap {
  readonly name: Name;
  readonly channels: number;
  readonly axes: readonly Axis[];
}

/** Window of a convolution or pool along one axis. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation?: number;
}

export type Padding = "same" | "valid";

/** What a window makes of an axis: its new size, and the voxels padded before and after (TensorFlow's SAME or none). */
export interface Windowed {
  readonly axis: Axis;
  readonly before: number;
  readonly after: number;
}

/** Slides a window along an axis, as TensorFlow does: SAME pads evenly, the odd voxel after. */
export function slide(axis: Axis, { kernel, stride, dilation = 1 }: Window, padding: Padding): Windowed {
  const extent = dilation * (kernel - 1) + 1;
  const { extra } = axis;
  const scaled = axis.stride === null ? null : axis.stride * stride;
  if (padding === "valid")
    return {
      axis: { stride: scaled, extra: Math.floor((extra - extent) / stride) + 1 },
      before: 0,
      after: 0,
    };
  const out = Math.ceil(extra / stride);
  const total = Math.max(0, (out - 1) * stride + extent - extra);
  const before = Math.floor(total / 2);
  return { axis: { stride: scaled, extra: out }, before, after: total - before };
}

/** Spreads an axis by a transposed window: TensorFlow's gradient of `slide`. */
export function spread(
  axis: Axis,
  { kernel, stride }: Window,
  padding: Padding,
): Windowed & { readonly added: number } {
  const scaled = axis.stride === null ? null : axis.stride / stride;
  const added = Math.max(0, stride - kernel);
  const over = Math.max(0, kernel - stride);
  if (padding === "valid")
    return { axis: { stride: scaled, extra: axis.extra * stride + over }, before: 0, after: 0, added };
  const before = Math.floor(over / 2);
  return { axis: { stride: scaled, extra: axis.extra * stride }, before, after: over - before, added };
}

/** Whether two maps have the same sizes. */
export const sameAxes = (a: KerasMap, b: KerasMap): boolean =>
  a.axes.length === b.axes.length &&
  a.axes.every(({ stride, extra }, at) => stride === b.axes[at]!.stride && extra === b.axes[at]!.extra);
