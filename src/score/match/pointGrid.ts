/** A grid of cells over points, for queries by distance. */

/** Points that can be queried by distance. */
export interface PointGrid {
  /**
   * Writes the indices of all points at most `distance` Å from x y z to the beginning of `found`. Returns their number.
   */
  within(x: number, y: number, z: number, distance: number, found: number[]): number;
  /** Adds to counts[i] the number of points at most `distance` Å from point i, itself included. */
  countNeighbours(distance: number, counts: Int32Array): void;
}

interface Axis {
  readonly low: number;
  readonly width: number;
  readonly cells: number;
}

/** Widens a query so that a point at exactly the limit is found whatever the rounding of coordinates below 10¹⁰ Å. */
const slack = 1.001;
/** With fewer points, a plain loop is as fast as any order. */
const worthSorting = 128;

/**
 * Makes a point grid.
 *
 * @param points x y z in Å, flat
 * @param least width of a cell in Å; best at the usual query distance
 */
export const pointGrid = (points: Float64Array, least: number): PointGrid =>
  points.length < 3 * worthSorting || !Number.isFinite(least)
    ? new PlainPoints(points)
    : new SortedPoints(points, least);

class PlainPoints implements PointGrid {
  readonly #points: Float64Array;

  constructor(points: Float64Array) {
    this.#points = points;
  }

  within(x: number, y: number, z: number, distance: number, found: number[]): number {
    let count = 0;
    const points = this.#points;
    const limit = distance * distance;
    for (let at = 0, point = 0; at < points.length; at += 3, point++) {
      const dx = points[at]! - x;
      if (dx * dx > limit) continue;
      const dy = points[at + 1]! - y;
      const dz = points[at + 2]! - z;
      if (dx * dx + dy * dy + dz * dz <= limit) found[count++] = point;
    }
    return count;
  }

  /** Distance is symmetric, so every pair of points is visited once. */
  countNeighbours(distance: number, counts: Int32Array): void {
    const points = this.#points;
    const limit = distance * distance;
    for (let i = 0, at = 0; i < counts.length; i++, at += 3) {
      const x = points[at]!;
      const y = points[at + 1]!;
      const z = points[at + 2]!;
      counts[i]!++;
      for (let j = i + 1, other = at + 3; j < counts.length; j++, other += 3) {
        const dx = points[other]! - x;
        if (dx * dx > limit) continue;
        const dy = points[other + 1]! - y;
        const dz = points[other + 2]! - z;
        if (dx * dx + dy * dy + dz * dz > limit) continue;
        counts[i]!++;
        counts[j]!++;
      }
    }
  }
}

/**
 * Cells are at least as wide as asked, and wider where the points are sparse, so that there are at most some four cells
 * a point. x runs fastest: the cells around a position are a few contiguous stretches of points.
 */
class SortedPoints implements PointGrid {
  readonly #points: Float64Array;
  readonly #axes: readonly [Axis, Axis, Axis];
  readonly #sorted: SortedByCell;

  constructor(points: Float64Array, least: number) {
    const [xs, ys, zs] = axes(points, least);
    const cellOf = (point: number) =>
      (cell(zs, points[point * 3 + 2]!) * ys.cells + cell(ys, points[point * 3 + 1]!)) * xs.cells +
      cell(xs, points[point * 3]!);
    this.#points = points;
    this.#axes = [xs, ys, zs];
    this.#sorted = sortByCell(points.length / 3, cellOf, xs.cells * ys.cells * zs.cells);
  }

  within(x: number, y: number, z: number, distance: number, found: number[]): number {
    let count = 0;
    const points = this.#points;
    const [xs, ys, zs] = this.#axes;
    const { starts, sorted } = this.#sorted;
    const reach = distance * slack;
    const limit = distance * distance;
    const firstX = cell(xs, x - reach);
    const lastX = cell(xs, x + reach);
    const lastY = cell(ys, y + reach);
    const lastZ = cell(zs, z + reach);
    for (let k = cell(zs, z - reach); k <= lastZ; k++) {
      for (let j = cell(ys, y - reach); j <= lastY; j++) {
        const row = (k * ys.cells + j) * xs.cells;
        const end = starts[row + lastX + 1]!;
        for (let at = starts[row + firstX]!; at < end; at++) {
          const point = sorted[at]!;
          const dx = points[point * 3]! - x;
          const dy = points[point * 3 + 1]! - y;
          const dz = points[point * 3 + 2]! - z;
          if (dx * dx + dy * dy + dz * dz <= limit) found[count++] = point;
        }
      }
    }
    return count;
  }

  countNeighbours(distance: number, counts: Int32Array): void {
    const points = this.#points;
    const found: number[] = [];
    for (let i = 0; i < counts.length; i++)
      counts[i]! += this.within(points[i * 3]!, points[i * 3 + 1]!, points[i * 3 + 2]!, distance, found);
  }
}

/** Returns the index of a coordinate's cell; outside the grid, that of the nearest cell. */
function cell(axis: Axis, value: number): number {
  const index = Math.floor((value - axis.low) / axis.width);
  return index > 0 ? Math.min(index, axis.cells - 1) : 0;
}

function axes(points: Float64Array, least: number): [Axis, Axis, Axis] {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    low[i % 3] = Math.min(low[i % 3]!, points[i]!);
    high[i % 3] = Math.max(high[i % 3]!, points[i]!);
  }
  let width = least;
  const cellsAlong = (axis: number) => Math.floor((high[axis]! - low[axis]!) / width) + 1;
  while (cellsAlong(0) * cellsAlong(1) * cellsAlong(2) > (4 * points.length) / 3 + 8) width *= 1.3;
  const axis = (i: number): Axis => ({ low: low[i]!, width, cells: cellsAlong(i) });
  return [axis(0), axis(1), axis(2)];
}

/** Points in the order of cells: those of cell c are sorted[starts[c]] up to sorted[starts[c + 1]]. */
interface SortedByCell {
  readonly starts: Int32Array;
  readonly sorted: Int32Array;
}

/** Sorts points by cell (counting sort). */
function sortByCell(count: number, cellOf: (point: number) => number, cells: number): SortedByCell {
  const starts = new Int32Array(cells + 1);
  for (let point = 0; point < count; point++) starts[cellOf(point) + 1]!++;
  for (let c = 0; c < cells; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice();
  const sorted = new Int32Array(count);
  for (let point = 0; point < count; point++) sorted[next[cellOf(point)]!++] = point;
  return { starts, sorted };
}
