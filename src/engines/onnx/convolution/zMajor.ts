/** The layout of maps in the ONNX graphs, (sample, z, channel, y, x), with stacking of slices and sums over voxels. */
import { type Emitter, int, type Tensor } from "../graph/emitter.js";
import type { Taps } from "./taps.js";

/**
 * Sizes of a map in the layout of the engine's graphs: (sample, z, channel, y, x). A stack of slices is then a batch of
 * images: a 3-D convolution is a 2-D one over neighbouring slices stacked as channels, for which ONNX Runtime has
 * blocked kernels (about twice as fast as its 3-D ones), and a shift along z moves whole slabs.
 */
interface MapDims {
  readonly samples: number;
  readonly z: number;
  readonly channels: number;
  readonly y: number;
  readonly x: number;
}

/** Returns a map's sizes by name. */
export function mapDims(tensor: Tensor): MapDims {
  const [samples, z, channels, y, x] = tensor.dims as [number, number, number, number, number];
  return { samples, z, channels, y, x };
}

/** Axis of the channels in a map. */
export const channelAxis = 2;

/** Reorders PyTorch's (sample, c, z, y, x) to (sample, z, c, y, x); one channel needs no transposition. */
export function fromChannelMajor(e: Emitter, x: Tensor): Tensor {
  const [n, c, z, y, w] = x.dims as [number, number, number, number, number];
  return c === 1 ? e.reshape(x, [n, z, 1, y, w]) : e.transpose(x, [0, 2, 1, 3, 4]);
}

/** Reshapes a map to a batch of images, one a slice: (sample·z, c, y, x). */
export function asImages(e: Emitter, x: Tensor): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  return e.reshape(x, [samples * z, channels, y, width]);
}

/**
 * Stacks, for every output slice o and tap j, the slices at o·stride + j·dilation − before as channels, with zeros outside
 * the map: (sample·outputs, taps·c, y, x), tap-major.
 */
export function stackSlices(
  e: Emitter,
  x: Tensor,
  taps: number,
  before: number,
  stride: number,
  outputs: number,
  dilation = 1,
): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const images = asImages(e, x);
  if (taps === 1 && stride === 1 && before === 0) return images;
  const zeroSlice = samples * z;
  const indices: number[] = [];
  for (let n = 0; n < samples; n++)
    for (let o = 0; o < outputs; o++)
      for (let j = 0; j < taps; j++) {
        const at = o * stride + j * dilation - before;
        indices.push(at < 0 || at >= z ? zeroSlice : n * z + at);
      }
  const padded = e.concat([images, e.zeros([1, channels, y, width])], 0);
  return e.reshape(e.gather(padded, 0, indices), [samples * outputs, taps * channels, y, width]);
}

/**
 * Stacks the slices that a convolution reads as channels, the taps of each group beside each other:
 * (sample·outputs, groups·taps·c/groups, y, x).
 */
export function stackGroups(e: Emitter, x: Tensor, along: Taps, outputs: number, groups = 1): Tensor {
  const { count, before, stride, dilation } = along;
  const stacked = stackSlices(e, x, count, before, stride, outputs, dilation);
  if (groups === 1 || count === 1) return stacked;
  const { channels, y, x: width } = mapDims(x);
  const split = e.reshape(stacked, [stacked.dims[0]!, count, groups, channels / groups, y * width]);
  return e.reshape(e.transpose(split, [0, 2, 1, 3, 4]), stacked.dims);
}

/** Sums over samples and voxels: (1, 1, c, 1, 1). The last axes are summed first, the order ONNX Runtime is fast at. */
export function sumOverVoxels(e: Emitter, x: Tensor): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const rows = e.sum(e.reshape(x, [samples * z, channels, y * width]), [2]);
  return e.reshape(e.sum(rows, [0]), [1, 1, channels, 1, 1]);
}

/** Sums over the voxels of each sample: (sample, 1, c, 1, 1). */
export const sumOverSampleVoxels = (e: Emitter, x: Tensor): Tensor => sampleSum(e, x, "ReduceSum");

/** Averages over the voxels of each sample: (sample, 1, c, 1, 1). */
export function meanOverVoxels(e: Emitter, x: Tensor): Tensor {
  return e.scale(sumOverSampleVoxels(e, x), 1 / voxelsOf(x));
}

/** Averages the squares over the voxels of each sample: (sample, 1, c, 1, 1). */
export function meanSquareOverVoxels(e: Emitter, x: Tensor): Tensor {
  return e.scale(sampleSum(e, x, "ReduceSumSquare"), 1 / voxelsOf(x));
}

const voxelsOf = (x: Tensor): number => {
  const { z, y, x: width } = mapDims(x);
  return z * y * width;
};

function sampleSum(e: Emitter, x: Tensor, reduction: "ReduceSum" | "ReduceSumSquare"): Tensor {
  const { samples, z, channels, y, x: width } = mapDims(x);
  const flat = e.reshape(x, [samples, z, channels, y * width]);
  const rowDims = [samples, z, channels, 1];
  const rows =
    reduction === "ReduceSum"
      ? e.sum(flat, [3])
      : e.op("ReduceSumSquare", [flat], rowDims, [{ name: "axes", type: 7, ints: [3] }, int("keepdims", 1)]);
  return e.reshape(e.sum(rows, [1]), [samples, 1, channels, 1, 1]);
}
