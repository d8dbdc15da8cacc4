/** The gradient of a convolution with respect to its kernel: which of five ways of writing it is the fastest. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { correlateDepthwise } from "./depthwiseGradient.js";
import type { Block } from "./imageConvolution.js";
import { columnProduct, shiftedProducts } from "./shiftedProducts.js";
import { groupedProducts, slicedProducts } from "./slicedProducts.js";
import { combineSlices, splitPairs, spreadPlanes, suitsPairs } from "./slicePairs.js";
import { mirroredTaps, type Taps3 } from "./taps.js";
import { mirrored } from "./transposedConvolution.js";
import { asImages, mapDims } from "./zMajor.js";

/** Largest count of taps × input channels whose gradient is one product. */
const fewColumns = 64;

/**
 * Writes w' (out, in / groups, kz, ky, kx) = Σ over samples and voxels v of
 * y(out, v) · x(in, v·stride + tap·dilation − before). For a convolution x is the input and y the output's gradient; for a
 * transposed one x is the output's gradient and y the input.
 */
export function kernelGradient(
  e: Emitter,
  block: Block,
  x: Tensor,
  y: Tensor,
  taps: Taps3,
  groups = 1,
): Tensor {
  const { channels: inner, z } = mapDims(x);
  const out = mapDims(y).channels;
  const kernel = [out, inner, taps[0].count, taps[1].count, taps[2].count];
  if (suitsPairs(block, taps, z, kernel, groups)) return pairedGradient(e, x, y, taps);
  const strided = taps.some(({ stride }) => stride > 1);
  if (groups > 1) {
    const depthwise = !strided && groups === inner && groups === out;
    return depthwise ? correlateDepthwise(e, x, y, taps) : groupedProducts(e, x, y, taps, groups);
  }
  if (strided) return slicedProducts(e, x, y, taps);
  if (inner * taps.reduce((product, { count }) => product * count, 1) <= fewColumns)
    return columnProduct(e, x, y, taps);
  if (inner >= out) return shiftedProducts(e, x, y, taps);
  return mirrored(e, shiftedProducts(e, y, x, mirroredTaps(taps)));
}

/**
 * Writes the gradient at stride 1 in pairs of slices: each of the four products of slicePairs.ts has one of its own. Those of
 * m2 and m3 have the other sign here, so that y's combinations are also those that its input's gradient is made of.
 */
function pairedGradient(e: Emitter, x: Tensor, y: Tensor, [, alongY, alongX]: Taps3): Tensor {
  const taps = [{ count: 1, before: 0, stride: 1, dilation: 1 }, alongY, alongX] as const;
  const ofX = combineSlices(e, asImages(e, x), mapDims(x).samples);
  const images = asImages(e, y);
  const [, sum, difference] = combineSlices(e, images, mapDims(y).samples);
  const [even, odd] = splitPairs(e, images);
  const asMap = (t: Tensor): Tensor => e.reshape(t, [1, ...t.dims]);
  const product = (at: 0 | 1 | 2 | 3, ofY: Tensor): Tensor =>
    kernelGradient(e, null, asMap(ofX[at]), asMap(ofY), taps);
  return spreadPlanes(e, [product(0, even), product(1, sum), product(2, difference), product(3, odd)]);
}
