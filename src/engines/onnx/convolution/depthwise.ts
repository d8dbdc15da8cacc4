/** Depthwise convolution, where every channel has a kernel of its own, as 2-D convolutions of slices. */
import { type Emitter, int, type Tensor } from "../graph/emitter.js";
import { type Block, type ImageConvolution, imageAttributes, imageDims, nchwc } from "./imageConvolution.js";
import { paddingAfter, type Taps } from "./taps.js";
import { asImages, mapDims } from "./zMajor.js";

/**
 * Convolves every channel by itself, with kernels (c, 1, kz, ky, kx): for each tap along z the slices at its distance are
 * convolved in 2-D, and the results are summed. ONNX Runtime's blocked convolution adds to a sum as it writes.
 */
export function convolveDepthwise(
  e: Emitter,
  block: Block,
  x: Tensor,
  w: Tensor,
  bias: Tensor | null,
  alongZ: Taps,
  shape: ImageConvolution,
): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const [, , kz, ky, kx] = w.dims as [number, number, number, number, number];
  const size = block !== null && channels % block === 0 ? block : null;
  const images = asImages(e, x);
  const blocked = size === null ? images : e.op("ReorderInput", [images], images.dims, [], nchwc);
  const depth = z / alongZ.stride;
  const padded = e.pad(
    e.reshape(blocked, [samples, z, channels * y * width]),
    [0, alongZ.before, 0],
    [0, paddingAfter(alongZ, z, depth), 0],
  );
  const kernels = depthwiseKernels(e, size, w);
  const attributes = imageAttributes([ky, kx], shape);
  const dims = imageDims([samples * depth, channels, y, width], channels, [ky, kx], shape);
  let sum: Tensor | null = null;
  for (let tap = 0; tap < kz; tap++) {
    const from = tap * alongZ.dilation;
    const to = from + (depth - 1) * alongZ.stride + 1;
    const slices = e.reshape(e.slice(padded, 1, from, to, alongZ.stride), [
      samples * depth,
      channels,
      y,
      width,
    ]);
    const kernel = e.reshape(e.slice(kernels, 0, tap, tap + 1), [channels, 1, ky, kx]);
    const inputs = [slices, kernel, sum === null && bias ? bias : ""];
    if (size !== null) sum = e.op("Conv", [...inputs, ...(sum ? [sum] : [])], dims, attributes, nchwc);
    else sum = added(e, sum, e.op("Conv", inputs, dims, attributes));
  }
  const output =
    size === null ? sum! : e.op("ReorderOutput", [sum!], dims, [int("channels", channels)], nchwc);
  return e.reshape(output, [samples, depth, ...dims.slice(1)]);
}

const added = (e: Emitter, sum: Tensor | null, term: Tensor): Tensor => (sum ? e.add(sum, term) : term);

/** Reorders kernels (c, 1, kz, ky, kx) to (kz, c, ky, kx), or to (kz, c/B, ky, kx, B) for blocked convolutions. */
function depthwiseKernels(e: Emitter, block: number | null, w: Tensor): Tensor {
  const [channels, , kz, ky, kx] = w.dims as [number, number, number, number, number];
  if (block === null) return e.transpose(e.reshape(w, [channels, kz, ky, kx]), [1, 0, 2, 3]);
  const split = e.reshape(w, [channels / block, block, kz, ky, kx]);
  return e.transpose(split, [2, 0, 3, 4, 1]);
}
