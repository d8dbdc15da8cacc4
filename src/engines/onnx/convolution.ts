import type { Shape3 } from "../../volume.js";
import { type Emitter, int, ints, type Tensor } from "./emitter.js";
import { mapDims, stackSlices } from "./zMajor.js";

/**
 * The three products every convolution layer is made of, for zero padding of half the (odd) kernel:
 *
 *   convolve       y = x ∗ w                     a convolution forwards;  a transposed one's input gradient
 *   spread         x' = the transpose of that    its input gradient;      a transposed one forwards
 *   correlate      w' = Σ y(v)·x(v·stride + tap) its kernel's gradient    (both)
 *
 * Kernels are (out, in, z, y, x). Each is written as 2-D work over slices (zMajor.ts), and with 2-D convolutions in
 * ONNX Runtime's blocked form where `block` says that this machine has it.
 */
export interface ConvolutionShape {
  readonly kernel: Shape3;
  readonly stride: Shape3;
}

/** Channels per block of this machine's blocked convolution kernels; null where it has none. */
export type Block = number | null;

const nchwc = "com.microsoft.nchwc";
const half = (size: number): number => (size - 1) / 2;

/** y (n, z/s, out, y/s, x/s) of x (n, z, in, y, x). */
export function convolve(
  e: Emitter,
  block: Block,
  x: Tensor,
  w: Tensor,
  bias: Tensor | null,
  shape: ConvolutionShape,
): Tensor {
  const { samples, z, y, x: width } = mapDims(x);
  const [kz, ky, kx] = shape.kernel;
  const [sz, sy, sx] = shape.stride;
  const depth = z / sz;
  const images = stackSlices(e, x, kz, half(kz), sz, depth);
  const pads = [half(ky), half(kx), half(ky), half(kx)] as const;
  const out = convolveImages(e, block, images, w, bias, { pads, strides: [sy, sx] });
  return e.reshape(out, [samples, depth, w.dims[0]!, y / sy, width / sx]);
}

/** x' (n, z·s, in, y·s, x·s) of y (n, z, out, y, x). */
export function spread(
  e: Emitter,
  block: Block,
  y: Tensor,
  w: Tensor,
  bias: Tensor | null,
  shape: ConvolutionShape,
): Tensor {
  if (shape.stride.every((step) => step === 1)) return convolve(e, block, y, mirrored(e, w), bias, shape);
  return spreadByTwo(e, block, y, w, bias, shape);
}

/** The kernel of the transpose of a stride-1 convolution: channels swapped, taps mirrored. */
function mirrored(e: Emitter, w: Tensor): Tensor {
  let flipped = w;
  for (const axis of [2, 3, 4]) if (w.dims[axis]! > 1) flipped = e.slice(flipped, axis, 0, 0, -1);
  return e.transpose(flipped, [1, 0, 2, 3, 4]);
}

/**
 * Stride 2, kernel 3: output 2q + p reads tap 1 at q where p = 0, taps 2 at q and 0 at q + 1 where p = 1. So all eight
 * parities are one stride-1 convolution with kernel 2 and eight times the channels, then depth-to-space.
 */
function spreadByTwo(
  e: Emitter,
  block: Block,
  y: Tensor,
  w: Tensor,
  bias: Tensor | null,
  shape: ConvolutionShape,
): Tensor {
  if (shape.stride.some((step) => step !== 2) || shape.kernel.some((size) => size !== 3))
    throw new TypeError(
      `a transposed convolution of stride ${shape.stride} takes stride 2,2,2 and kernel 3,3,3`,
    );
  const { samples, z, y: height, x: width } = mapDims(y);
  const [out, inner] = w.dims as [number, number];
  let taps = e.pad(w, [0, 0, 0, 0, 0], [0, 0, 1, 1, 1]);
  for (const axis of [2, 3, 4]) taps = e.gather(taps, axis, [1, 3, 2, 0]);
  const parities = e.reshape(taps, [out, inner, 2, 2, 2, 2, 2, 2]);
  const kernel = e.reshape(e.transpose(parities, [2, 4, 6, 1, 0, 3, 5, 7]), [8 * inner, out, 2, 2, 2]);
  const bias8 = bias && e.reshape(e.op("Tile", [bias, e.integers([8])], [8 * inner]), [8 * inner]);
  const images = stackSlices(e, y, 2, 0, 1, z);
  const all = convolveImages(e, block, images, kernel, bias8, { pads: [0, 0, 1, 1], strides: [1, 1] });
  const slices = e.reshape(all, [samples * z * 2, 4 * inner, height, width]);
  const fine = e.op(
    "DepthToSpace",
    [slices],
    [samples * z * 2, inner, 2 * height, 2 * width],
    [int("blocksize", 2)],
  );
  return e.reshape(fine, [samples, 2 * z, inner, 2 * height, 2 * width]);
}

interface ImageConvolution {
  readonly pads: readonly [number, number, number, number];
  readonly strides: readonly [number, number];
}

/** 2-D convolution of (batch, kz·in, y, x) with a kernel (out, in, kz, ky, kx) whose z taps lie among the channels. */
export function convolveImages(
  e: Emitter,
  block: Block,
  images: Tensor,
  w: Tensor,
  bias: Tensor | null,
  shape: ImageConvolution,
): Tensor {
  const [out, inner, kz, ky, kx] = w.dims as [number, number, number, number, number];
  const [batch, , height, width] = images.dims as [number, number, number, number];
  const outHeight = (height + shape.pads[0] + shape.pads[2] - ky) / shape.strides[0] + 1;
  const outWidth = (width + shape.pads[1] + shape.pads[3] - kx) / shape.strides[1] + 1;
  const attributes = [
    ints("kernel_shape", [ky, kx]),
    ints("pads", shape.pads),
    ints("strides", shape.strides),
    ints("dilations", [1, 1]),
    int("group", 1),
  ];
  const dims = [batch, out, Math.floor(outHeight), Math.floor(outWidth)];
  if (block === null || inner % block !== 0 || out < block || ky * kx === 1) {
    const kernel = e.reshape(kz === 1 ? w : e.transpose(w, [0, 2, 1, 3, 4]), [out, kz * inner, ky, kx]);
    return e.op("Conv", [images, kernel, ...(bias ? [bias] : [])], dims, attributes);
  }
  const paddedOut = Math.ceil(out / block) * block;
  const kernel = blockedKernel(e, block, padRows(e, w, paddedOut));
  const offsets = bias ? [padRows(e, bias, paddedOut)] : [];
  const blocked = e.op("ReorderInput", [images], images.dims, [], nchwc);
  const convolved = e.op(
    "Conv",
    [blocked, kernel, ...offsets],
    [batch, paddedOut, dims[2]!, dims[3]!],
    attributes,
    nchwc,
  );
  return e.op("ReorderOutput", [convolved], dims, [int("channels", out)], nchwc);
}

const padRows = (e: Emitter, x: Tensor, rows: number): Tensor => {
  const missing = rows - x.dims[0]!;
  if (missing === 0) return x;
  const rest = x.dims.slice(1).map(() => 0);
  return e.pad(x, [0, ...rest], [missing, ...rest]);
};

/** (out, in, kz, ky, kx) → (out/B, kz·in/B, ky, kx, B in, B out), ONNX Runtime's blocked order, under its logical sizes. */
function blockedKernel(e: Emitter, block: number, w: Tensor): Tensor {
  const [out, inner, kz, ky, kx] = w.dims as [number, number, number, number, number];
  const split = e.reshape(w, [out / block, block, inner / block, block, kz, ky, kx]);
  return e.reshape(e.transpose(split, [0, 4, 2, 5, 6, 3, 1]), [out, kz * inner, ky, kx]);
}

/** w' (out, in, kz, ky, kx) = Σ over samples and voxels v of y(out, v) · x(in, v·stride + tap − half). */
export function correlate(e: Emitter, x: Tensor, y: Tensor, shape: ConvolutionShape): Tensor {
  if (shape.stride.some((step) => step !== 1)) return correlateStrided(e, x, y, shape);
  const inner = mapDims(x).channels;
  const out = mapDims(y).channels;
  const [kz, ky, kx] = shape.kernel;
  if (inner * kz * ky * kx <= 64 || inner >= out) return shiftedProducts(e, x, y, shape, inner < out);
  return mirrored(e, shiftedProducts(e, y, x, shape, false));
}

/**
 * Σ b(v)·a(v + tap) as (b channels, a channels, taps): a's neighbouring slices are stacked as channels, b is shifted
 * within the slices, and each in-slice shift is one product over all the voxels of a slice. `shiftFirst` puts every
 * shift on a instead, for inputs of very few channels.
 */
function shiftedProducts(
  e: Emitter,
  a: Tensor,
  b: Tensor,
  shape: ConvolutionShape,
  shiftFirst: boolean,
): Tensor {
  const { samples, z, channels: inner, y, x: width } = mapDims(a);
  const out = mapDims(b).channels;
  const [kz, ky, kx] = shape.kernel;
  const stacked = e.reshape(stackSlices(e, a, kz, half(kz), 1, z), [samples * z, kz * inner, y * width]);
  const flatB = e.reshape(b, [samples * z, out, y * width]);
  if (shiftFirst) {
    const columns = e.concat(inSliceShifts(e, stacked, [y, width], [ky, kx], 1), 1);
    const products = sumBatch(e, e.productTransposed(flatB, columns));
    const split = e.reshape(products, [out, ky, kx, kz, inner]);
    return e.transpose(split, [0, 4, 3, 1, 2]);
  }
  const products = inSliceShifts(e, flatB, [y, width], [ky, kx], -1).map((shifted) =>
    e.reshape(sumBatch(e, e.productTransposed(stacked, shifted)), [1, kz, inner, out]),
  );
  const split = e.reshape(e.concat(products, 0), [ky, kx, kz, inner, out]);
  return e.transpose(split, [4, 3, 2, 0, 1]);
}

const sumBatch = (e: Emitter, products: Tensor): Tensor =>
  e.reshape(
    e.op("ReduceSum", [products, e.integers([0])], [1, ...products.dims.slice(1)], [int("keepdims", 1)]),
    products.dims.slice(1),
  );

/**
 * Copies of (batch, channels, y·x) moved within each slice, zeros coming in: for every tap (row-major) the value at
 * (y, x) is the one at (y, x) + sign·(tap − half). Rows lie end to end, so a shift is a slice of the padded row of
 * rows; columns that would come in from the neighbouring row are zeroed first.
 */
function inSliceShifts(
  e: Emitter,
  flat: Tensor,
  [y, x]: [number, number],
  [ky, kx]: [number, number],
  sign: 1 | -1,
): Tensor[] {
  const length = y * x;
  const byColumn = Array.from({ length: kx }, (_, tap) => {
    const step = sign * (tap - half(kx));
    if (ky === 1 && step === 0) return { padded: flat, step, margin: 0 };
    const margin = half(ky) * x + Math.abs(step);
    const kept = step === 0 ? flat : e.multiply(flat, columnMask(e, y, x, step));
    return { padded: e.pad(kept, [0, 0, margin], [0, 0, margin]), step, margin };
  });
  const shifts: Tensor[] = [];
  for (let row = 0; row < ky; row++)
    for (const { padded, step, margin } of byColumn) {
      const offset = sign * (row - half(ky)) * x + step;
      shifts.push(offset === 0 ? flat : e.slice(padded, 2, margin + offset, margin + offset + length));
    }
  return shifts;
}

/** 1 for the columns that stay inside a row when it moves by `step`: (1, 1, y·x). */
function columnMask(e: Emitter, y: number, x: number, step: number): Tensor {
  const mask = new Float32Array(y * x);
  for (let i = 0; i < mask.length; i++) {
    const to = (i % x) - step;
    mask[i] = to >= 0 && to < x ? 1 : 0;
  }
  return e.floats(mask, [1, 1, y * x], `mask:${y}:${x}:${step}`);
}

/** Stride 2, kernel 3: within a slice, tap 1 reads the even phase at v; taps 2 and 0 read the odd one at v and v − 1. */
function correlateStrided(e: Emitter, x: Tensor, y: Tensor, shape: ConvolutionShape): Tensor {
  const { channels: inner, y: height, x: width } = mapDims(x);
  const { samples, z, channels: out } = mapDims(y);
  if (shape.stride.some((step) => step !== 2) || shape.kernel.some((size) => size !== 3))
    throw new TypeError(`the kernel gradient of stride ${shape.stride} takes stride 2,2,2 and kernel 3,3,3`);
  const stacked = stackSlices(e, x, 3, 1, 2, z);
  const phase = (py: number, px: number) => e.slice(e.slice(stacked, 2, py, height, 2), 3, px, width, 2);
  const flatY = e.reshape(y, [samples * z, out, (height / 2) * (width / 2)]);
  const phases = [
    [phase(0, 0), phase(0, 1)],
    [phase(1, 0), phase(1, 1)],
  ] as const;
  const shifted = (image: Tensor, axis: number): Tensor => {
    const before = image.dims.map((_, at) => (at === axis ? 1 : 0));
    const none = image.dims.map(() => 0);
    return e.slice(e.pad(image, before, none), axis, 0, image.dims[axis]!);
  };
  const products: Tensor[] = [];
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++) {
      let image = phases[row === 1 ? 0 : 1]![column === 1 ? 0 : 1]!;
      if (row === 0) image = shifted(image, 2);
      if (column === 0) image = shifted(image, 3);
      const flat = e.reshape(image, [samples * z, 3 * inner, (height / 2) * (width / 2)]);
      products.push(e.reshape(sumBatch(e, e.productTransposed(flatY, flat)), [1, out, 3, inner]));
    }
  const split = e.reshape(e.concat(products, 0), [3, 3, out, 3, inner]);
  return e.transpose(split, [2, 4, 3, 0, 1]);
}
