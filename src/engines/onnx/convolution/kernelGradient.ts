/** The gradient of a convolution with respect to its kernel: which of four ways of writing it is the fastest. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { correlateDepthwise } from "./depthwiseGradient.js";
import { columnProduct, shiftedProducts } from "./shiftedProducts.js";
import { groupedProducts, slicedProducts } from "./slicedProducts.js";
import { mirroredTaps, type Taps3 } from "./taps.js";
import { mirrored } from "./transposedConvolution.js";
import { mapDims } from "./zMajor.js";

/** Largest count of taps × input channels whose gradient is one product. */
const fewColumns = 64;

/**
 * Writes w' (out, in / groups, kz, ky, kx) = Σ over samples and voxels v of
 * y(out, v) · x(in, v·stride + tap·dilation − before). For a convolution x is the input and y the output's gradient; for a
 * transposed one x is the output's gradient and y the input.
 */
export function kernelGradient(e: Emitter, x: Tensor, y: Tensor, taps: Taps3, groups = 1): Tensor {
  const inner = mapDims(x).channels;
  const out = mapDims(y).channels;
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
