/**
 * Painting on a slice of a mask: brush, fill, interpolation, and strokes as runs. A slice is a flat array of 0 and 1, rows
 * first; places are rows and columns in voxels, voxel i covering i to i + 1.
 */
import { squaredDistances } from "../../../domain/distanceTransform.js";

/** Rows and columns of a slice. */
export type SliceSize = readonly [rows: number, columns: number];
/** A place in a slice, in voxels. */
export type SlicePoint = readonly [row: number, column: number];

/**
 * Sets the voxels whose centres lie within a radius of the way between two points, which is a disc where they are one.
 *
 * @param radius in voxels
 */
export function paintWay(
  slice: Uint8Array,
  [rows, columns]: SliceSize,
  [from, to]: readonly [SlicePoint, SlicePoint],
  radius: number,
  value: 0 | 1,
): void {
  const [along, across] = [to[0] - from[0], to[1] - from[1]];
  const squared = along * along + across * across;
  const first = Math.max(0, Math.floor(Math.min(from[0], to[0]) - radius));
  const last = Math.min(rows - 1, Math.ceil(Math.max(from[0], to[0]) + radius));
  const left = Math.max(0, Math.floor(Math.min(from[1], to[1]) - radius));
  const right = Math.min(columns - 1, Math.ceil(Math.max(from[1], to[1]) + radius));
  for (let row = first; row <= last; row++)
    for (let column = left; column <= right; column++) {
      const [down, over] = [row + 0.5 - from[0], column + 0.5 - from[1]];
      const share = squared === 0 ? 0 : Math.min(1, Math.max(0, (down * along + over * across) / squared));
      const distance = (down - share * along) ** 2 + (over - share * across) ** 2;
      if (distance <= radius * radius) slice[row * columns + column] = value;
    }
}

/** Lists the slices that a ball of a brush touches: how far each is from its centre's, and the radius of its disc there. */
export function ballDiscs(radius: number): { readonly offset: number; readonly radius: number }[] {
  const reach = Math.floor(radius);
  return Array.from({ length: 2 * reach + 1 }, (_, at) => at - reach).map((offset) => ({
    offset,
    radius: Math.sqrt(radius * radius - offset * offset),
  }));
}

/** What a fill stops at: painted voxels, and grey values outside of a range. */
export interface FillBound {
  readonly grey?: { readonly values: ArrayLike<number>; readonly low: number; readonly high: number };
}

/**
 * Sets the voxels that are joined to a place by their sides, as far as they have its value and, where a range is given, grey
 * values within it.
 *
 * @returns how many were set; 0 where the place has the value already, or lies outside of the range
 */
export function fill(
  slice: Uint8Array,
  [rows, columns]: SliceSize,
  [row, column]: SlicePoint,
  value: 0 | 1,
  { grey }: FillBound = {},
): number {
  const start = Math.floor(row) * columns + Math.floor(column);
  if (row < 0 || column < 0 || row >= rows || column >= columns) return 0;
  const isOpen = (voxel: number): boolean =>
    slice[voxel] !== value &&
    (grey === undefined || (grey.values[voxel]! >= grey.low && grey.values[voxel]! <= grey.high));
  if (!isOpen(start)) return 0;
  const waiting = [start];
  slice[start] = value;
  let count = 1;
  const set = (voxel: number): void => {
    if (!isOpen(voxel)) return;
    slice[voxel] = value;
    count++;
    waiting.push(voxel);
  };
  for (let voxel = waiting.pop(); voxel !== undefined; voxel = waiting.pop()) {
    const at = voxel % columns;
    if (at > 0) set(voxel - 1);
    if (at < columns - 1) set(voxel + 1);
    if (voxel >= columns) set(voxel - columns);
    if (voxel < (rows - 1) * columns) set(voxel + columns);
  }
  return count;
}

/** Distance that stands for one to nothing: farther than any two voxels. */
const far = 1e9;

/**
 * Returns each voxel's signed distance from the border in voxels: above 0 inside, to the nearest voxel outside, and below 0
 * outside, to the nearest inside.
 */
export function signedDistances(slice: Uint8Array, [rows, columns]: SliceSize): Float64Array {
  const shape = [1, rows, columns] as const;
  const inside = squaredDistances(slice, shape, [1, 1, 1]);
  const outside = squaredDistances(
    slice.map((voxel) => 1 - voxel),
    shape,
    [1, 1, 1],
  );
  const length = (squared: number): number =>
    squared === Number.POSITIVE_INFINITY ? far : Math.sqrt(squared);
  return Float64Array.from(inside, (squared, voxel) => length(squared) - length(outside[voxel]!));
}

/**
 * Returns the slices between two painted ones: where the signed distances, weighed by how near each of the two is, are above
 * 0. The shapes pass into one another, as interpolation between contours does.
 *
 * @param count of slices between them
 */
export function between(
  first: Uint8Array,
  second: Uint8Array,
  size: SliceSize,
  count: number,
): Uint8Array<ArrayBuffer>[] {
  const [one, other] = [signedDistances(first, size), signedDistances(second, size)];
  return Array.from({ length: count }, (_, at) => {
    const share = (at + 1) / (count + 1);
    return Uint8Array.from(one, (distance, voxel) =>
      (1 - share) * distance + share * other[voxel]! > 0 ? 1 : 0,
    );
  });
}

/** Returns the runs that make one slice another: start, length and value of each, one after the other. */
export function runsBetween(before: Uint8Array, after: Uint8Array): number[] {
  const runs: number[] = [];
  for (let at = 0; at < after.length; ) {
    if (before[at] === after[at]) {
      at++;
      continue;
    }
    const start = at;
    const value = after[at]!;
    while (at < after.length && after[at] === value && before[at] !== value) at++;
    runs.push(start, at - start, value);
  }
  return runs;
}

/** Paints runs on a slice. */
export function applyRuns(slice: Uint8Array, runs: readonly number[]): void {
  for (let at = 0; at < runs.length; at += 3) slice.fill(runs[at + 2]!, runs[at], runs[at]! + runs[at + 1]!);
}
