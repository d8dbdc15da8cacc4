import type { Emitter, Tensor } from "./emitter.js";
import { mirrored } from "./spread.js";
import { furthest, mirroredTaps, paddingAfter, type Taps, type Taps3 } from "./taps.js";
import { mapDims, stackGroups } from "./zMajor.js";

/** Rows that a matrix product should have: taps of few channels are put together until they are as many. */
const enoughRows = 64;

/** w' (out, in / groups, kz, ky, kx) = Σ over samples and voxels v of y(out, v) · x(in, v·stride + tap·dilation − before). */
export function correlate(e: Emitter, x: Tensor, y: Tensor, taps: Taps3, groups = 1): Tensor {
  if (groups > 1 || taps.some(({ stride }) => stride > 1)) return slicedProducts(e, x, y, taps, groups);
  const inner = mapDims(x).channels;
  const out = mapDims(y).channels;
  if (inner * taps.reduce((product, { count }) => product * count, 1) <= enoughRows)
    return columnProduct(e, x, y, taps);
  if (inner >= out) return shiftedProducts(e, x, y, taps);
  return mirrored(e, shiftedProducts(e, y, x, mirroredTaps(taps)));
}

/** Stride 1, few channels: every tap's x put together, in one product. */
function columnProduct(e: Emitter, x: Tensor, y: Tensor, taps: Taps3): Tensor {
  const { samples, z, channels: inner, y: height, x: width } = mapDims(x);
  const out = mapDims(y).channels;
  const [kz, ky, kx] = [taps[0].count, taps[1].count, taps[2].count];
  const stacked = e.reshape(stackGroups(e, x, taps[0], z), [samples * z, kz * inner, height * width]);
  const columns = e.concat(inSliceShifts(e, stacked, [height, width], [taps[1], taps[2]], 1), 1);
  const flatY = e.reshape(y, [samples * z, out, height * width]);
  const split = e.reshape(sumBatch(e, e.productTransposed(flatY, columns)), [out, ky, kx, kz, inner]);
  return e.transpose(split, [0, 4, 3, 1, 2]);
}

/**
 * Stride 1: Σ b(v)·a(v + tap) as (b channels, a channels, taps). a's neighbouring slices are stacked as channels, b is
 * shifted within the slices, and each in-slice shift is one product over all the voxels of a slice.
 */
function shiftedProducts(e: Emitter, a: Tensor, b: Tensor, taps: Taps3): Tensor {
  const { samples, z, channels: inner, y, x: width } = mapDims(a);
  const out = mapDims(b).channels;
  const [kz, ky, kx] = [taps[0].count, taps[1].count, taps[2].count];
  const stacked = e.reshape(stackGroups(e, a, taps[0], z), [samples * z, kz * inner, y * width]);
  const flatB = e.reshape(b, [samples * z, out, y * width]);
  const shifts = inSliceShifts(e, flatB, [y, width], [taps[1], taps[2]], -1);
  const products = chunked(shifts, Math.ceil(enoughRows / 4 / out)).map((chunk) => {
    const product = sumBatch(e, e.productTransposed(stacked, e.concat(chunk, 1)));
    return e.reshape(product, [kz * inner, chunk.length, out]);
  });
  const split = e.reshape(e.concat(products, 1), [kz, inner, ky, kx, out]);
  return e.transpose(split, [4, 1, 0, 2, 3]);
}

function chunked<T>(items: readonly T[], length: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += length) chunks.push(items.slice(at, at + length));
  return chunks;
}

const sumBatch = (e: Emitter, products: Tensor): Tensor => {
  const [, ...dims] = products.dims;
  return e.reshape(e.sum(products, [0]), dims);
};

/**
 * Copies of (batch, channels, y·x) moved within each slice, zeros coming in: for every tap (row-major) the value at
 * (y, x) is the one at (y, x) + sign·(tap·dilation − before). Rows lie end to end, so a shift is a slice of the padded
 * row of rows; columns that would come in from the neighbouring row are zeroed first.
 */
function inSliceShifts(
  e: Emitter,
  flat: Tensor,
  [y, x]: [number, number],
  [alongY, alongX]: readonly [Taps, Taps],
  sign: 1 | -1,
): Tensor[] {
  const length = y * x;
  const rowReach = furthest(alongY);
  const byColumn = offsets(alongX).map((column) => {
    const step = sign * column;
    if (rowReach === 0 && step === 0) return { padded: flat, step, margin: 0 };
    const margin = rowReach * x + Math.abs(step);
    const kept = step === 0 ? flat : e.multiply(flat, columnMask(e, y, x, step));
    return { padded: e.pad(kept, [0, 0, margin], [0, 0, margin]), step, margin };
  });
  return offsets(alongY).flatMap((row) =>
    byColumn.map(({ padded, step, margin }) => {
      const offset = sign * row * x + step;
      return offset === 0 && step === 0
        ? flat
        : e.slice(padded, 2, margin + offset, margin + offset + length);
    }),
  );
}

/** Where each tap reads, from the voxel it is read for. */
const offsets = ({ count, dilation, before }: Taps): number[] =>
  Array.from({ length: count }, (_, tap) => tap * dilation - before);

/** 1 for the columns that stay inside a row when it moves by `step`: (1, 1, y·x). */
function columnMask(e: Emitter, y: number, x: number, step: number): Tensor {
  const mask = new Float32Array(y * x);
  for (let i = 0; i < mask.length; i++) {
    const to = (i % x) - step;
    mask[i] = to >= 0 && to < x ? 1 : 0;
  }
  return e.floats(mask, [1, 1, y * x], `mask:${y}:${x}:${step}`);
}

/** Any stride and any groups: each in-slice tap reads a strided slice of the padded x, and is a product for each group. */
function slicedProducts(e: Emitter, x: Tensor, y: Tensor, taps: Taps3, groups: number): Tensor {
  const [alongZ, alongY, alongX] = taps;
  const { channels, y: height, x: width } = mapDims(x);
  const { samples, z: depth, channels: out, y: rows, x: columns } = mapDims(y);
  const inner = channels / groups;
  const batch = samples * depth;
  const stacked = alongZ.count * inner;
  const images = e.reshape(stackGroups(e, x, alongZ, depth, groups), [
    batch * groups,
    stacked,
    height,
    width,
  ]);
  const after = [paddingAfter(alongY, height, rows), paddingAfter(alongX, width, columns)];
  const padded = e.pad(images, [0, 0, alongY.before, alongX.before], [0, 0, ...after]);
  const read = (from: Tensor, axis: number, { dilation, stride }: Taps, tap: number, count: number) =>
    e.slice(from, axis, tap * dilation, tap * dilation + (count - 1) * stride + 1, stride);
  const shifts = range(alongX.count).flatMap((column) => {
    const lines = read(padded, 3, alongX, column, columns);
    return range(alongY.count).map((row) =>
      e.reshape(read(lines, 2, alongY, row, rows), [batch * groups, stacked, rows * columns]),
    );
  });
  const flatY = e.reshape(y, [batch * groups, out / groups, rows * columns]);
  const products = chunked(shifts, Math.max(1, Math.floor(enoughRows / stacked))).map((chunk) => {
    const product = e.productTransposed(flatY, e.concat(chunk, 1));
    const summed = sumBatch(e, e.reshape(product, [batch, out, chunk.length * stacked]));
    return e.reshape(summed, [out, chunk.length, stacked]);
  });
  const split = e.reshape(e.concat(products, 1), [out, alongX.count, alongY.count, alongZ.count, inner]);
  return e.transpose(split, [0, 4, 3, 2, 1]);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
