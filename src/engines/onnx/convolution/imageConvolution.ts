/** 2-D convolution nodes, in ONNX Runtime's blocked form (com.microsoft.nchwc) where the machine has it. */
import { type Emitter, int, ints, type Tensor } from "../graph/emitter.js";

/** Channels per block of the machine's blocked convolution kernels; null where the machine has none. */
export type Block = number | null;

/** ONNX Runtime's operator domain of blocked convolutions. */
export const nchwc = "com.microsoft.nchwc";

/** Padding, strides, dilations and groups of a 2-D convolution, along y and x. */
export interface ImageConvolution {
  /** Zeros above, left, below and right. */
  readonly pads: readonly [number, number, number, number];
  readonly strides: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly groups?: number;
}

/** Returns the output's sizes of a 2-D convolution of (batch, in, y, x) with kernels of (ky, kx). */
export function imageDims(
  [batch, , height, width]: readonly number[],
  out: number,
  [ky, kx]: readonly [number, number],
  { pads, strides, dilations = [1, 1] }: ImageConvolution,
): number[] {
  const outputs = (padded: number, taps: number, at: 0 | 1) =>
    Math.floor((padded - dilations[at] * (taps - 1) - 1) / strides[at]) + 1;
  return [
    batch!,
    out,
    outputs(height! + pads[0] + pads[2], ky, 0),
    outputs(width! + pads[1] + pads[3], kx, 1),
  ];
}

/** Returns the attributes of a 2-D convolution node. */
export const imageAttributes = (
  kernel: readonly [number, number],
  { pads, strides, dilations = [1, 1], groups = 1 }: ImageConvolution,
) => [
  ints("kernel_shape", kernel),
  ints("pads", pads),
  ints("strides", strides),
  ints("dilations", dilations),
  int("group", groups),
];

/** Convolves images (batch, kz·in, y, x) with a kernel (out, in, kz, ky, kx) whose z taps lie among the channels. */
export function convolveImages(
  e: Emitter,
  block: Block,
  images: Tensor,
  w: Tensor,
  bias: Tensor | null,
  shape: ImageConvolution,
): Tensor {
  const [out, inner, kz, ky, kx] = w.dims as [number, number, number, number, number];
  if (!blockable(block, w.dims, shape.groups ?? 1)) {
    const kernel = e.reshape(kz === 1 ? w : e.transpose(w, [0, 2, 1, 3, 4]), [out, kz * inner, ky, kx]);
    const dims = imageDims(images.dims, out, [ky, kx], shape);
    return e.op("Conv", [images, kernel, bias ?? ""], dims, imageAttributes([ky, kx], shape));
  }
  const convolved = convolveBlocks(e, block!, toBlocks(e, images), w, bias, null, shape);
  return fromBlocks(e, convolved, out);
}

/** Reorders images (batch, c, y, x), whose channels fill whole blocks, to blocks; the sizes stay. */
export const toBlocks = (e: Emitter, images: Tensor): Tensor =>
  e.op("ReorderInput", [images], images.dims, [], nchwc);

/** Reorders blocked images to (batch, channels, y, x), without the channels that fill the last block. */
export function fromBlocks(e: Emitter, blocked: Tensor, channels: number): Tensor {
  const [batch, , y, x] = blocked.dims as [number, number, number, number];
  return e.op("ReorderOutput", [blocked], [batch, channels, y, x], [int("channels", channels)], nchwc);
}

/**
 * Convolves blocked images (batch, kz·in, y, x) with a kernel (out, in, kz, ky, kx) that suits the blocks, and adds `sum`, of
 * the output's sizes: (batch, out filled up to whole blocks, y, x), blocked.
 */
export function convolveBlocks(
  e: Emitter,
  block: number,
  blocked: Tensor,
  w: Tensor,
  bias: Tensor | null,
  sum: Tensor | null,
  shape: ImageConvolution,
): Tensor {
  const [out, , , ky, kx] = w.dims as [number, number, number, number, number];
  const paddedOut = Math.ceil(out / block) * block;
  const kernel = blockedKernel(e, block, padRows(e, w, paddedOut));
  const offsets = bias ? padRows(e, bias, paddedOut) : "";
  const dims = imageDims(blocked.dims, paddedOut, [ky, kx], shape);
  return e.op("Conv", [blocked, kernel, offsets, sum ?? ""], dims, imageAttributes([ky, kx], shape), nchwc);
}

/** Tells whether a kernel's input channels fill whole blocks and every group has enough output channels. */
export function blockable(block: Block, kernel: Tensor["dims"], groups: number): boolean {
  const [out, inner, , ky, kx] = kernel as [number, number, number, number, number];
  if (block === null || inner % block !== 0 || ky * kx === 1) return false;
  return groups === 1 ? out >= block : (out / groups) % block === 0;
}

const padRows = (e: Emitter, x: Tensor, rows: number): Tensor => {
  const missing = rows - x.dims[0]!;
  if (missing === 0) return x;
  const rest = x.dims.slice(1).map(() => 0);
  return e.pad(x, [0, ...rest], [missing, ...rest]);
};

/**
 * Reorders a kernel (out, in, kz, ky, kx) to (out/B, kz·in/B, ky, kx, B in, B out), ONNX Runtime's blocked order; the
 * tensor keeps its logical sizes (out, kz·in, ky, kx).
 */
function blockedKernel(e: Emitter, block: number, w: Tensor): Tensor {
  const [out, inner, kz, ky, kx] = w.dims as [number, number, number, number, number];
  const split = e.reshape(w, [out / block, block, inner / block, block, kz, ky, kx]);
  return e.reshape(e.transpose(split, [0, 4, 2, 5, 6, 3, 1]), [out, kz * inner, ky, kx]);
}
