/** The kernel's gradient at stride 1, as matrix products of maps shifted within their slices. */
import type { Emitter, Tensor } from "../graph/emitter.js";
import type { Taps, Taps3 } from "./taps.js";
import { mapDims, stackGroups } from "./zMajor.js";

/** Writes the kernel's gradient at stride 1 for few channels: the x of every tap side by side, in one product. */
export function columnProduct(e: Emitter, x: Tensor, y: Tensor, taps: Taps3): Tensor {
  const { samples, z, channels: inner, y: height, x: width } = mapDims(x);
  const out = mapDims(y).channels;
  const [kz, ky, kx] = [taps[0].count, taps[1].count, taps[2].count];
  const stacked = e.reshape(stackGroups(e, x, taps[0], z), [samples * z, kz * inner, height * width]);
  const columns = e.concat(inSliceShifts(e, stacked, [height, width], [taps[1], taps[2]], 1), 1);
  const flatY = e.reshape(y, [samples * z, out, height * width]);
  const product = sumOfProducts(e, flatY, columns, arrangementFor(0, height * width));
  return e.transpose(e.reshape(product, [out, ky, kx, kz, inner]), [0, 4, 3, 1, 2]);
}

/** Rows that a matrix product should have; taps of few channels are joined until they have as many. */
const enoughRows = 16;

/**
 * Writes Σ b(v)·a(v + tap) at stride 1, (b channels, a channels, taps): neighbouring slices of a are stacked as channels, and
 * each in-slice tap is one product over all voxels of a slice. b is shifted within its slices along x, and a along y, so that
 * few copies reach all taps; along y as well where a's slices are many.
 */
export function shiftedProducts(e: Emitter, a: Tensor, b: Tensor, taps: Taps3): Tensor {
  const { samples, z, channels: inner, y, x: width } = mapDims(a);
  const out = mapDims(b).channels;
  const [alongZ, alongY, alongX] = taps;
  const [kz, ky, kx] = [alongZ.count, alongY.count, alongX.count];
  const arrangement = arrangementFor(kz * inner, y * width);
  const flat = (images: Tensor, channels: number): Tensor =>
    arranged(e, e.reshape(images, [samples * z, channels, y * width]), arrangement);
  const stacked = flat(stackGroups(e, a, alongZ, z), kz * inner);
  const flatB = flat(b, out);
  const movesBoth = kz * inner < kx * out;
  const ofA = movesBoth ? rowShifts(e, stacked, width, alongY, 1) : [stacked];
  const ofB = movesBoth
    ? columnShifts(e, flatB, [y, width], alongX, -1)
    : inSliceShifts(e, flatB, [y, width], [alongY, alongX], -1);
  const chunks = chunked(ofB, Math.ceil(enoughRows / out));
  const products = ofA.flatMap((rows) =>
    chunks.map((chunk) => {
      const product = sumOfProducts(e, rows, e.concat(chunk, arrangement.channelAxis), arrangement);
      return e.reshape(product, [kz * inner, chunk.length, out]);
    }),
  );
  const split = e.reshape(e.concat(products, 1), [kz, inner, ky, kx, out]);
  return e.transpose(split, [4, 1, 0, 2, 3]);
}

/** Splits a list into runs of one length, of which the last may be shorter. */
export function chunked<T>(items: readonly T[], length: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += length) chunks.push(items.slice(at, at + length));
  return chunks;
}

/**
 * Returns copies of (…, y·x) shifted within each slice, with zeros shifted in: in the copy of a tap (taps row-major) the
 * value at (y, x) is the map's at (y, x) + sign·(tap·dilation − before).
 */
function inSliceShifts(
  e: Emitter,
  flat: Tensor,
  [y, x]: [number, number],
  [alongY, alongX]: readonly [Taps, Taps],
  sign: 1 | -1,
): Tensor[] {
  const byColumn = columnShifts(e, flat, [y, x], alongX, sign).map((shifted) =>
    rowShifts(e, shifted, x, alongY, sign),
  );
  return offsets(alongY).flatMap((_, row) => byColumn.map((rows) => rows[row]!));
}

/** Returns copies shifted along y, one for each tap: rows lie end to end, so that a shift moves the row of rows. */
const rowShifts = (e: Emitter, flat: Tensor, x: number, alongY: Taps, sign: 1 | -1): Tensor[] =>
  offsets(alongY).map((row) => moved(e, flat, sign * row * x));

/** Returns copies shifted along x, one for each tap; columns that would move to a neighbouring row are zeroed first. */
const columnShifts = (
  e: Emitter,
  flat: Tensor,
  [y, x]: [number, number],
  alongX: Taps,
  sign: 1 | -1,
): Tensor[] =>
  offsets(alongX).map((column) => {
    const step = sign * column;
    return step === 0 ? flat : moved(e, e.multiply(flat, columnMask(e, y, x, step)), step);
  });

/** Moves the values at i + step to i, along the last of three axes, with zeros moved in. */
function moved(e: Emitter, flat: Tensor, step: number): Tensor {
  if (step === 0) return flat;
  const isPast = Math.abs(step) >= flat.dims[2]!;
  return isPast ? e.zeros(flat.dims) : e.pad(flat, [0, 0, -step], [0, 0, step]);
}

/** Returns each tap's offset from the output's voxel to the voxel that the tap reads. */
const offsets = ({ count, dilation, before }: Taps): number[] =>
  Array.from({ length: count }, (_, tap) => tap * dilation - before);

/** Builds a mask (1, 1, y·x): 1 for the columns that stay inside a row when it is shifted by `step`, else 0. */
function columnMask(e: Emitter, y: number, x: number, step: number): Tensor {
  const mask = new Float32Array(y * x);
  for (let i = 0; i < mask.length; i++) {
    const to = (i % x) - step;
    mask[i] = to >= 0 && to < x ? 1 : 0;
  }
  return e.floats(mask, [1, 1, y * x], `mask:${y}:${x}:${step}`);
}

/**
 * Order of a batch of slices for products over all voxels: (batch, channels, voxels), one product a slice and then their
 * sum; or `together`, (channels, batch, voxels), one long product, which is faster where slices are so small that the sum
 * would have more terms than the products.
 */
interface Arrangement {
  readonly together: boolean;
  readonly channelAxis: 0 | 1;
}

/** Chooses the faster arrangement of products over `channels` channels and slices of `voxels` voxels. */
export const arrangementFor = (channels: number, voxels: number): Arrangement =>
  channels > voxels ? { together: true, channelAxis: 0 } : { together: false, channelAxis: 1 };

/** Reorders (batch, channels, …) to an arrangement. */
export function arranged(e: Emitter, slices: Tensor, { together }: Arrangement): Tensor {
  const [batch, channels, ...rest] = slices.dims as [number, number, ...number[]];
  if (!together) return slices;
  const voxels = rest.reduce((product, size) => product * size, 1);
  const turned = e.transpose(e.reshape(slices, [batch, channels, voxels]), [1, 0, 2]);
  return e.reshape(turned, [channels, batch, ...rest]);
}

/** Writes the sum over slices and voxels of a·b: (channels of a, channels of b). */
export function sumOfProducts(e: Emitter, a: Tensor, b: Tensor, { together }: Arrangement): Tensor {
  if (!together) return sumBatch(e, e.productTransposed(a, b));
  const rows = (x: Tensor): Tensor => e.reshape(x, [x.dims[0]!, x.dims[1]! * x.dims[2]!]);
  return e.productTransposed(rows(a), rows(b));
}

/** Sums over the first axis and drops it. */
export const sumBatch = (e: Emitter, products: Tensor): Tensor => {
  const [count, ...dims] = products.dims;
  return e.reshape(count === 1 ? products : e.sum(products, [0]), dims);
};
