/** The kernel's gradient at any stride and with groups of channels, as matrix products of strided slices. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import { arranged, arrangementFor, chunked, sumBatch, sumOfProducts } from "./shiftedProducts.js";
import { paddingAfter, type Taps, type Taps3 } from "./taps.js";
import { mapDims, stackGroups } from "./zMajor.js";

/** Rows that a matrix product should have; taps of few channels are joined until they have as many. */
const enoughRows = 64;

/** Writes the kernel's gradient at any stride: each in-slice tap reads a strided slice of the padded x. */
export function slicedProducts(e: Emitter, x: Tensor, y: Tensor, taps: Taps3): Tensor {
  const inner = mapDims(x).channels;
  const { samples, z, channels: out, y: rows, x: columns } = mapDims(y);
  const stacked = taps[0].count * inner;
  const arrangement = arrangementFor(stacked, rows * columns);
  const images = arranged(e, stackGroups(e, x, taps[0], z), arrangement);
  const flatY = arranged(e, e.reshape(y, [samples * z, out, rows * columns]), arrangement);
  const products = chunked(tapsOfSlices(e, images, taps, [rows, columns]), chunkFor(stacked)).map((chunk) => {
    const product = sumOfProducts(e, flatY, e.concat(chunk, arrangement.channelAxis), arrangement);
    return e.reshape(product, [out, chunk.length, stacked]);
  });
  return tapsLast(e, e.concat(products, 1), taps, inner);
}

/** Writes the kernel's gradient of a grouped convolution, where each group is a product by itself. */
export function groupedProducts(e: Emitter, x: Tensor, y: Tensor, taps: Taps3, groups: number): Tensor {
  const { channels, y: height, x: width } = mapDims(x);
  const { samples, z, channels: out, y: rows, x: columns } = mapDims(y);
  const stacked = (taps[0].count * channels) / groups;
  const batch = samples * z;
  const images = e.reshape(stackGroups(e, x, taps[0], z, groups), [batch * groups, stacked, height, width]);
  const flatY = e.reshape(y, [batch * groups, out / groups, rows * columns]);
  const products = chunked(tapsOfSlices(e, images, taps, [rows, columns]), chunkFor(stacked)).map((chunk) => {
    const product = e.productTransposed(flatY, e.concat(chunk, 1));
    return sumBatch(e, e.reshape(product, [batch, out, chunk.length, stacked]));
  });
  return tapsLast(e, e.concat(products, 1), taps, channels / groups);
}

const chunkFor = (rows: number): number => Math.max(1, Math.floor(enoughRows / rows));

/** Returns what every in-slice tap, in column-major order, reads of (…, y, x): (…, outputs) each. */
function tapsOfSlices(
  e: Emitter,
  images: Tensor,
  [, alongY, alongX]: Taps3,
  [rows, columns]: readonly [number, number],
): Tensor[] {
  const [a, b, height, width] = images.dims as [number, number, number, number];
  const after = [paddingAfter(alongY, height, rows), paddingAfter(alongX, width, columns)];
  const padded = e.pad(images, [0, 0, alongY.before, alongX.before], [0, 0, ...after]);
  const read = (from: Tensor, axis: number, { dilation, stride }: Taps, tap: number, count: number) =>
    e.slice(from, axis, tap * dilation, tap * dilation + (count - 1) * stride + 1, stride);
  return range(alongX.count).flatMap((column) => {
    const lines = read(padded, 3, alongX, column, columns);
    return range(alongY.count).map((row) =>
      e.reshape(read(lines, 2, alongY, row, rows), [a, b, rows * columns]),
    );
  });
}

/** Reorders products (out, in-slice taps column-major, kz·in) to (out, in, kz, ky, kx). */
function tapsLast(e: Emitter, products: Tensor, [alongZ, alongY, alongX]: Taps3, inner: number): Tensor {
  const out = products.dims[0]!;
  const split = e.reshape(products, [out, alongX.count, alongY.count, alongZ.count, inner]);
  return e.transpose(split, [0, 4, 3, 2, 1]);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
