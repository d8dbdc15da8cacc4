/** Convolutions of bytes with 8-bit weights by ONNX Runtime's QLinearConv. */
import { imageKernel, type SliceKernel, type SliceRead } from "../blocked/kernels.js";
import { type Emitter, int, ints, type Tensor } from "../graph/emitter.js";
import { type ByteMap, type Levels, scaleOf, stackLanes, zeroOf } from "./map.js";

interface ByteConvolution {
  readonly kernel: SliceKernel;
  readonly reads: readonly SliceRead[];
  /** Output images; `lanes`, `y` and `x` are the output's too. */
  readonly images: number;
  readonly lanes: number;
  readonly y: number;
  readonly x: number;
  /** Step in input slices from one output image to the next. */
  readonly step: number;
  readonly pads: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Bias, one number a lane. */
  readonly bias: Float32Array;
  readonly levels: Levels;
}

/** Channels per step of ONNX Runtime's 8-bit dot products, whose fast kernels take whole steps only. */
const dotLength = 4;
const largestWeight = 127;

/** Writes a convolution of bytes with 8-bit weights that have one scale an output lane: (images, y, x, lanes). */
export function convolveBytes(e: Emitter, map: ByteMap, convolution: ByteConvolution): Tensor {
  const { kernel, reads, images, lanes, y, x, step, levels } = convolution;
  const inLanes = map.tensor.dims[3]!;
  const expanded = imageKernel(kernel, reads, { slices: map.slices, lanes: inLanes }, lanes);
  const offsets = [...expanded.offsets];
  while ((offsets.length * inLanes) % dotLength > 0) offsets.push(Number.MAX_SAFE_INTEGER);
  const stacked = stackLanes(e, map, offsets, step / map.slices, images);
  const depth = offsets.length * inLanes;
  const area = kernel.y * kernel.x;
  const values = new Float32Array(lanes * depth * area);
  for (let lane = 0; lane < lanes; lane++) {
    const length = expanded.inLanes * area;
    values.set(expanded.values.subarray(lane * length, (lane + 1) * length), lane * depth * area);
  }
  const { weights, scales } = quantiseKernel(values, lanes);
  const bias = Int32Array.from(convolution.bias, (value, lane) =>
    Math.round(value / (map.levels.scale * scales[lane]!)),
  );
  const inputs = [
    stacked,
    scaleOf(e, map.levels),
    zeroOf(e, map.levels),
    e.whole(weights, [lanes, depth, kernel.y, kernel.x]),
    e.floats(scales, [lanes]),
    e.whole(new Int8Array(lanes), [lanes]),
    scaleOf(e, levels),
    zeroOf(e, levels),
    e.whole(bias, [lanes]),
  ];
  const attributes = [
    ints("kernel_shape", [kernel.y, kernel.x]),
    ints("pads", convolution.pads),
    ints("strides", convolution.strides),
    ints("dilations", convolution.dilations),
    int("channels_last", 1),
  ];
  return e.op("QLinearConv", inputs, [images, y, x, lanes], attributes, "com.microsoft");
}

/** Quantises the weights of each lane to integers −127 … 127 times the lane's scale. */
export function quantiseKernel(
  values: Float32Array,
  lanes: number,
): { weights: Int8Array; scales: Float32Array } {
  const length = values.length / lanes;
  const weights = new Int8Array(values.length);
  const scales = new Float32Array(lanes);
  for (let lane = 0; lane < lanes; lane++) {
    const own = values.subarray(lane * length, (lane + 1) * length);
    const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    scales[lane] = largest === 0 ? 1 : largest / largestWeight;
    for (let at = 0; at < length; at++) weights[lane * length + at] = Math.round(own[at]! / scales[lane]!);
  }
  return { weights, scales };
}
