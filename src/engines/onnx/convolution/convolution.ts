/** Convolution forwards, in 2-D over slices; the folder has the two other products of a convolution layer as well. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { convolveDepthwise } from "./depthwise.js";
import {
  type Block,
  convolveBlocks,
  convolveImages,
  fromBlocks,
  type ImageConvolution,
  toBlocks,
} from "./imageConvolution.js";
import { combinePlanes, combineSlices, joinPairs, suitsPairs, sumPairs } from "./slicePairs.js";
import { paddingAfter, type Taps3 } from "./taps.js";
import { asImages, mapDims, stackGroups } from "./zMajor.js";

/**
 * Writes y (n, z/s, out, y/s, x/s) of x (n, z, in, y, x) for strides s: one of the three products that every convolution
 * layer is made of.
 *
 *   convolve              y = x ∗ w                     a convolution forwards;  a transposed one's input gradient
 *   convolveTransposed    x' = the transpose of that    its input gradient;      a transposed one forwards
 *   kernelGradient        w' = Σ y(v)·x(v·stride + tap) its kernel's gradient    (both)
 *
 * Kernels are (out, in / groups, z, y, x). Each is written as 2-D work over slices (zMajor.ts), and with 2-D
 * convolutions in ONNX Runtime's blocked form where `block` says that this machine has it.
 */
export function convolve(
  e: Emitter,
  block: Block,
  x: Tensor,
  w: Tensor,
  bias: Tensor | null,
  taps: Taps3,
  groups = 1,
): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const [alongZ, alongY, alongX] = taps;
  const [depth, height, row] = [z / alongZ.stride, y / alongY.stride, width / alongX.stride];
  const shape = {
    pads: [alongY.before, alongX.before, paddingAfter(alongY, y, height), paddingAfter(alongX, width, row)],
    strides: [alongY.stride, alongX.stride],
    dilations: [alongY.dilation, alongX.dilation],
    groups,
  } as const;
  const out = w.dims[0]!;
  if (groups > 1 && groups === channels && groups === out)
    return convolveDepthwise(e, block, x, w, bias, alongZ, shape);
  if (suitsPairs(block, taps, z, w.dims, groups)) return convolvePairs(e, block!, x, w, bias, shape);
  const images = stackGroups(e, x, alongZ, depth, groups);
  const convolved = convolveImages(e, block, images, w, bias, shape);
  return e.reshape(convolved, [samples, depth, out, height, row]);
}

/** Writes the same in pairs of slices, as slicePairs.ts says, at stride 1. */
function convolvePairs(
  e: Emitter,
  block: number,
  x: Tensor,
  w: Tensor,
  bias: Tensor | null,
  shape: ImageConvolution,
): Tensor {
  const { samples, z, y, x: width } = mapDims(x);
  const out = w.dims[0]!;
  const slices = combineSlices(e, asImages(e, x), samples);
  const planes = combinePlanes(e, w);
  const pairs = sumPairs(e, (at, sum) =>
    convolveBlocks(e, block, toBlocks(e, slices[at]), planes[at], sum && bias, sum, shape),
  );
  return e.reshape(fromBlocks(e, joinPairs(e, pairs), out), [samples, z, out, y, width]);
}
