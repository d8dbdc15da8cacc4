/** Maps in bytes: quantisation and its levels, stacking of slices, concatenation, upsampling and pooling. */
import { areAllInOrder, stackedPlaces } from "../blocked/map.js";
import { type Emitter, int, type Tensor } from "../graph/emitter.js";

/**
 * A map of one sample in bytes: images of `slices` neighbouring slices each, whose lanes are (slice, channel). The
 * tensor is (z / slices, y, x, lanes). What the lanes past `slices`·`channels` hold means nothing.
 */
export interface ByteMap {
  readonly tensor: Tensor;
  readonly channels: number;
  readonly slices: number;
  readonly levels: Levels;
}

/** Channels that ONNX Runtime's fast 8-bit convolutions write at once; counts of lanes are multiples of it. */
export const block = 16;

interface ByteDims {
  readonly images: number;
  readonly y: number;
  readonly x: number;
  readonly lanes: number;
}

/** Returns the tensor's sizes by name. */
export function byteDims({ tensor }: ByteMap): ByteDims {
  const [images, y, x, lanes] = tensor.dims as [number, number, number, number];
  return { images, y, x, lanes };
}

/** Returns the levels' scale as a constant; `zeroOf` returns their zero, as operators of bytes take both. */
export const scaleOf = (e: Emitter, { scale }: Levels): Tensor => e.scalar(scale);
export const zeroOf = (e: Emitter, { zero }: Levels): Tensor => e.whole(Uint8Array.of(zero), []);

/** Quantises an image (1, z, 1, y, x) to bytes (z, y, x, 1). */
export function quantise(e: Emitter, image: Tensor, levels: Levels): ByteMap {
  const [, z, , y, x] = image.dims as [number, number, number, number, number];
  const flat = e.reshape(image, [z, y, x, 1]);
  const tensor = e.op("QuantizeLinear", [flat, scaleOf(e, levels), zeroOf(e, levels)], flat.dims);
  return { tensor, channels: 1, slices: 1, levels };
}

/** Writes a map's numbers as floats, (1, z, c, y, x). */
export function dequantise(e: Emitter, map: ByteMap): Tensor {
  const { images, y, x, lanes } = byteDims(map);
  const numbers = map.slices * map.channels;
  const planes = e.transpose(e.reshape(map.tensor, [images, y * x, lanes]), [0, 2, 1]);
  const used = lanes === numbers ? planes : e.slice(planes, 1, 0, numbers);
  const inputs = [used, scaleOf(e, map.levels), zeroOf(e, map.levels)];
  const real = e.op("DequantizeLinear", inputs, used.dims);
  return e.reshape(real, [1, images * map.slices, map.channels, y, x]);
}

/**
 * Stacks, for every output image n, the lanes of the images n·step + offset beside each other, zeros outside:
 * (outputs, y, x, offsets·lanes).
 */
export function stackLanes(
  e: Emitter,
  map: ByteMap,
  offsets: readonly number[],
  step: number,
  outputs: number,
): Tensor {
  const { images, y, x, lanes } = byteDims(map);
  const places = stackedPlaces(images, offsets, step, outputs);
  const dims = [outputs, y, x, offsets.length * lanes];
  const isWhole = areAllInOrder(places, images);
  if (isWhole && offsets.length === 1) return map.tensor;
  const slices = e.reshape(map.tensor, [images, y * x * lanes]);
  const nothing = () => e.whole(new Uint8Array(y * x * lanes).fill(map.levels.zero), [1, y * x * lanes]);
  const padded = places.includes(images) ? e.concat([slices, nothing()], 0) : slices;
  const stacked = isWhole ? slices : e.gather(padded, 0, places);
  const gathered = e.reshape(stacked, [outputs, offsets.length, y * x, lanes]);
  if (offsets.length === 1) return e.reshape(gathered, dims);
  return e.reshape(e.transpose(gathered, [0, 2, 1, 3]), dims);
}

/** Concatenates the channels of maps that have the same levels. */
export function concatBytes(e: Emitter, maps: readonly ByteMap[]): ByteMap {
  const tensor = e.concat(
    maps.map((map) => map.tensor),
    3,
  );
  return { ...maps[0]!, tensor, channels: tensor.dims[3]! };
}

/** Repeats voxels along z, y, x. */
export function upsampleBytes(e: Emitter, map: ByteMap, factor: readonly number[]): ByteMap {
  let { tensor } = map;
  for (const [axis, by] of factor.entries()) {
    const size = tensor.dims[axis]!;
    if (by > 1)
      tensor = e.gather(
        tensor,
        axis,
        Array.from({ length: size * by }, (_, at) => Math.floor(at / by)),
      );
  }
  return { ...map, tensor };
}

/** Averages over windows, (z, y, x) of `factor`, that do not overlap. */
export function averageBytes(e: Emitter, map: ByteMap, factor: readonly number[], levels: Levels): ByteMap {
  const { images, y, x, lanes } = byteDims(map);
  const [fz, fy, fx] = factor as [number, number, number];
  const dims = [1, images / fz, y / fy, x / fx, lanes];
  const window = { kernel_shape: [fz, fy, fx], strides: [fz, fy, fx] };
  const attributes = [
    ...Object.entries(window).map(([name, ints]) => ({ name, type: 7, ints }) as const),
    int("channels_last", 1),
  ];
  const inputs = [
    e.reshape(map.tensor, [1, images, y, x, lanes]),
    scaleOf(e, map.levels),
    zeroOf(e, map.levels),
    scaleOf(e, levels),
    zeroOf(e, levels),
  ];
  const pooled = e.op("QLinearAveragePool", inputs, dims, attributes, "com.microsoft");
  return { ...map, tensor: e.reshape(pooled, dims.slice(1)), levels };
}

/** Quantisation levels: the byte q stands for the number scale·(q − zero). */
export interface Levels {
  readonly scale: number;
  /** The byte that stands for 0 exactly, which padding needs. */
  readonly zero: number;
}

/** Least and greatest number of a value. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Spreads 256 levels over a range that is widened to contain 0. */
export function levelsOver(range: Range): Levels {
  const low = Math.min(0, range.low);
  const high = Math.max(0, range.high);
  const scale = Math.fround((high - low) / 255) || 1;
  return { scale, zero: Math.round(-low / scale) };
}

/** Returns the smallest range that contains both. */
export const union = (a: Range, b: Range): Range => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
});
