/** Blocked convolutions of several slices at once, with concatenated inputs, bias, a sum and an activation fused in. */
import { type ImageConvolution, imageAttributes, nchwc } from "../convolution/imageConvolution.js";
import type { Taps } from "../convolution/taps.js";
import { type Emitter, type Tensor, text } from "../graph/emitter.js";
import type { Attribute } from "../graph/model.js";
import { blockedOrder, imageKernel, type SliceKernel, type SliceRead } from "./kernels.js";
import { type BlockedMap, lanesFor, stackImages } from "./map.js";

/** Activation that a blocked convolution applies before it writes: leaky ReLU of this slope, or none. */
export type FusedActivation = { readonly slope: number } | null;

/** Part of a convolution's input: a blocked map, or a plain map of few channels, (z, c, y, x). */
export type Source = BlockedMap | { readonly few: Tensor };

/** One summand of a convolution: a source, its kernel and what is read; concatenated maps have a term each. */
export interface Term {
  readonly source: Source;
  readonly kernel: SliceKernel;
  readonly reads: readonly SliceRead[];
}

/** What a convolution of terms is given. */
export interface ConvolveOptions {
  /** Output images; `lanes` are the output's too. */
  readonly images: number;
  readonly lanes: number;
  /** Step in input slices from one output image to the next. */
  readonly step: number;
  /** Padding, strides and dilations along y and x; `y` and `x` are the output's sizes. */
  readonly shape: ImageConvolution;
  readonly y: number;
  readonly x: number;
  /** Bias, one number a lane. */
  readonly bias: Float32Array | null;
  /** A tensor of the output's sizes that is added, or null. */
  readonly sum: Tensor | null;
  readonly activation: FusedActivation;
}

/** Writes activation(all terms + bias + sum), blocked: (images, lanes, y, x). */
export function convolveTerms(
  e: Emitter,
  block: number,
  terms: readonly Term[],
  options: ConvolveOptions,
): Tensor {
  const { images, lanes, y, x, bias, sum, activation } = options;
  const dims = [images, lanes, y, x];
  let total = sum;
  for (const [at, term] of terms.entries()) {
    const { input, kernel, window } = lower(e, block, term, options);
    const offset = at === 0 && bias ? e.floats(bias, [lanes]) : "";
    const attributes = [
      ...imageAttributes(window, options.shape),
      ...(at === terms.length - 1 ? activationAttributes(activation) : []),
    ];
    total = e.op("Conv", [input, kernel, offset, total ?? ""], dims, attributes, nchwc);
  }
  return total!;
}

function lower(e: Emitter, block: number, term: Term, { step, images, lanes }: ConvolveOptions) {
  const { source, kernel, reads } = term;
  const isBlocked = !("few" in source);
  const tensor = isBlocked ? source.tensor : source.few;
  const slices = isBlocked ? source.slices : 1;
  const expanded = imageKernel(kernel, reads, { slices, lanes: tensor.dims[1]! }, lanes);
  const input = stackImages(e, tensor, expanded.offsets, step / slices, images);
  const values = blockedOrder(expanded, block, isBlocked);
  const dims = [lanes, expanded.inLanes, kernel.y, kernel.x];
  return { input, kernel: e.floats(values, dims), window: [kernel.y, kernel.x] as const };
}

/** Copies one number a channel to the lanes from each of the first lanes on, with zeros in the other lanes. */
export function onLanes(
  values: Float32Array | null,
  firstLanes: readonly number[],
  lanes: number,
): Float32Array | null {
  if (values === null) return null;
  const each = new Float32Array(lanes);
  for (const lane of firstLanes) each.set(values, lane);
  return each;
}

/** Returns the node's attributes for an activation; slope 0 is ReLU. */
export function activationAttributes(activation: FusedActivation): Attribute[] {
  if (activation === null) return [];
  if (activation.slope === 0) return [text("activation", "Relu")];
  return [
    text("activation", "LeakyRelu"),
    { name: "activation_params", type: 6, floats: [activation.slope] },
  ];
}

/** The output slices that one image holds, and the lane at which each slice's channels begin. */
interface Grouping {
  readonly slices: number;
  readonly lanes: number;
  readonly firstLanes: readonly number[];
}

/**
 * Chooses how many output slices a convolution computes as one image: as many as the input's images hold, or twice as many
 * where these would fill a single block, since the kernels are more than twice as fast where they write two blocks at
 * once.
 */
export function groupingOf(block: number, imageSlices: number, channels: number, depth: number): Grouping {
  const isSmall = lanesFor(block, imageSlices * channels) === block && depth % (2 * imageSlices) === 0;
  return imagesTogether(block, imageSlices, channels, isSmall ? 2 : 1);
}

/** Has a convolution compute as many output slices as the input's images hold. */
export const oneImage = (block: number, imageSlices: number, channels: number): Grouping =>
  imagesTogether(block, imageSlices, channels, 1);

function imagesTogether(block: number, imageSlices: number, channels: number, images: number): Grouping {
  const imageLanes = lanesFor(block, imageSlices * channels);
  const firstLanes = Array.from(
    { length: images * imageSlices },
    (_, slice) => Math.floor(slice / imageSlices) * imageLanes + (slice % imageSlices) * channels,
  );
  return { slices: firstLanes.length, lanes: images * imageLanes, firstLanes };
}

/** Lists which input slice each output slice reads through each plane of the kernel. */
export const readsOf = (
  firstLanes: readonly number[],
  { count, stride, dilation, before }: Taps,
): SliceRead[] =>
  firstLanes.flatMap((lane, slice) =>
    Array.from({ length: count }, (_, plane) => ({
      lane,
      from: slice * stride + plane * dilation - before,
      plane,
    })),
  );
