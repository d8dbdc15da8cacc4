/** The kernel's gradient of a depthwise convolution, by products of shifted copies of both maps. */
import { type Emitter, sizeOf, type Tensor } from "../graph/emitter.js";
import { chunked } from "./shiftedProducts.js";
import type { Taps, Taps3 } from "./taps.js";
import { mapDims } from "./zMajor.js";

/** Limit of the floats in the shifted copies that are multiplied at once. */
const copyBudget = 2 ** 24;

/**
 * The taps of one axis as a table: tap = row·columns + column. Row shifts of x together with column shifts of y reach
 * every tap, by √taps copies of each map instead of one copy a tap. `extent` is the map's size and all its shifts.
 */
interface TapTable {
  readonly columns: number;
  readonly rows: number;
  readonly dilation: number;
  readonly before: number;
  readonly size: number;
  readonly extent: number;
}

function tableOf({ count, dilation, before }: Taps, size: number): TapTable {
  const columns = Math.round(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  return { columns, rows, dilation, before, size, extent: size + dilation * (rows * columns - 1) };
}

type Tables = readonly [TapTable, TapTable, TapTable];

/**
 * Writes the kernel's gradient (c, 1, kz, ky, kx) of a depthwise convolution of stride 1. Both maps are padded with zeros,
 * channel by channel, so that any shift is a slice of a row of numbers, and the products of all pairs of shifts are one
 * matrix product a channel.
 */
export function correlateDepthwise(e: Emitter, x: Tensor, y: Tensor, taps: Taps3): Tensor {
  const { samples, z, channels, y: height, x: width } = mapDims(x);
  const tables: Tables = [tableOf(taps[0], z), tableOf(taps[1], height), tableOf(taps[2], width)];
  const rows = sizeOf(tables.map((table) => table.rows));
  const columns = sizeOf(tables.map((table) => table.columns));
  const length = span(tables);
  const budget = Math.max(1, Math.floor(copyBudget / ((rows + columns) * samples * length)));
  const [flatX, flatY] = [inZeros(e, x, tables, before), inZeros(e, y, tables, columnReach)];
  const starts = Array.from({ length: channels }, (_, channel) => channel);
  const products = chunked(starts, budget).map((chunk) => {
    const some = (flat: Tensor): Tensor =>
      chunk.length === channels ? flat : e.slice(flat, 0, chunk[0]!, chunk[0]! + chunk.length);
    const shiftedX = copies(e, some(flatX), rowStarts(tables), length);
    const shiftedY = copies(e, some(flatY), columnStarts(tables), length);
    return e.productTransposed(shiftedX, shiftedY);
  });
  return tapsOfTables(e, e.concat(products, 0), taps, tables);
}

const before = (table: TapTable): number => table.before;
const columnReach = ({ columns, dilation }: TapTable): number => dilation * (columns - 1);

/** Pads a map (n, z, c, y, x) to rows (c, n, voxels of the extents) that begin with `start` zeros along each axis. */
function inZeros(e: Emitter, map: Tensor, tables: Tables, start: (table: TapTable) => number): Tensor {
  const { samples, channels } = mapDims(map);
  const ahead = tables.map(start);
  const after = tables.map(({ extent, size }, axis) => extent - size - ahead[axis]!);
  const padded = e.pad(e.transpose(map, [2, 0, 1, 3, 4]), [0, 0, ...ahead], [0, 0, ...after]);
  return e.reshape(padded, [channels, samples, sizeOf(tables.map(({ extent }) => extent))]);
}

/** Cuts shifted copies of `length` voxels from (c, n, voxels): (c, starts, n·length). */
function copies(e: Emitter, flat: Tensor, starts: readonly number[], length: number): Tensor {
  const [channels, samples] = flat.dims as [number, number];
  const each = starts.map((start) =>
    e.reshape(e.slice(flat, 2, start, start + length), [channels, 1, samples * length]),
  );
  return e.concat(each, 1);
}

/** Returns the place of a voxel in a row of numbers. */
const placeOf = ([z, y, x]: readonly number[], [, alongY, alongX]: Tables): number =>
  (z! * alongY.extent + y!) * alongX.extent + x!;

/** Returns the length of a row up to the last voxel that a column shift of y reaches. */
const span = (tables: Tables): number =>
  placeOf(
    tables.map((table) => table.size - 1 + columnReach(table)),
    tables,
  ) + 1;

const rowStarts = (tables: Tables): number[] =>
  starts(
    tables,
    ({ rows }) => rows,
    ({ columns, dilation }, row) => row * columns * dilation,
  );

const columnStarts = (tables: Tables): number[] =>
  starts(
    tables,
    ({ columns }) => columns,
    (table, column) => columnReach(table) - column * table.dilation,
  );

function starts(
  tables: Tables,
  count: (table: TapTable) => number,
  shift: (table: TapTable, at: number) => number,
): number[] {
  const [alongZ, alongY, alongX] = tables.map((table) =>
    Array.from({ length: count(table) }, (_, at) => shift(table, at)),
  ) as [number[], number[], number[]];
  return alongZ.flatMap((z) => alongY.flatMap((y) => alongX.map((x) => placeOf([z, y, x], tables))));
}

/** Reorders products (c, rows of all axes, columns of all axes) to (c, 1, kz, ky, kx). */
function tapsOfTables(e: Emitter, products: Tensor, taps: Taps3, tables: Tables): Tensor {
  const channels = products.dims[0]!;
  const rows = tables.map((table) => table.rows);
  const columns = tables.map((table) => table.columns);
  const split = e.transpose(e.reshape(products, [channels, ...rows, ...columns]), [0, 1, 4, 2, 5, 3, 6]);
  const all = e.reshape(split, [channels, 1, ...rows.map((count, axis) => count * columns[axis]!)]);
  return taps.reduce(
    (kept, { count }, axis) => (kept.dims[2 + axis] === count ? kept : e.slice(kept, 2 + axis, 0, count)),
    all,
  );
}
