import type { Emitter, Tensor } from "../graph/emitter.js";
import { correlateDepthwise } from "./depthwiseGradient.js";
import { columnProduct, shiftedProducts } from "./shiftedProducts.js";
import { groupedProducts, slicedProducts } from "./slicedProducts.js";
import { mirroredTaps, type Taps3 } from "./taps.js";
import { mirrored } from "./transposedConvolution.js";
import { mapDims } from "./zMajor.js";

/** At most so many products of taps and input channels are taken in one go. */
const fewColumns = 64;

/** w' (out, in / groups, kz, ky, kx) = Σ over samples and voxels v of y(out, v) · x(in, v·stride + tap·dilation − before). */
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
