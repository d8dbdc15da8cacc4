/** Points in a grid of cells, to be asked which of them may lie near a position. */
export interface PointGrid {
  /** Calls back with every point within the grid's distance of x y z, and some farther ones. */
  visit(x: number, y: number, z: number, each: (point: number) => void): void;
}

interface Axis {
  readonly low: number;
  readonly width: number;
  readonly cells: number;
}

/** Covers a distance exactly at the limit whatever the rounding of coordinates below 10¹⁰ Å. */
const slack = 1.001;

/**
 * Cells are at least as wide as the distance, and wider where the points are sparse, so that there are at most some
 * four cells a point. x runs fastest: the cells around a position are a few contiguous stretches of points.
 *
 * @param points x y z in Å, flat
 * @param distance how far to look, in Å
 */
export function pointGrid(points: Float64Array, distance: number): PointGrid {
  const count = points.length / 3;
  if (count === 0) return { visit() {} };
  const [x, y, z] = axes(points, distance * slack);
  const cellOf = (point: number) =>
    (cell(z, points[point * 3 + 2]!) * y.cells + cell(y, points[point * 3 + 1]!)) * x.cells +
    cell(x, points[point * 3]!);
  const { starts, sorted } = sortByCell(count, cellOf, x.cells * y.cells * z.cells);
  const reach = distance * slack;

  return {
    visit(px, py, pz, each) {
      if (!(near(x, px, reach) && near(y, py, reach) && near(z, pz, reach))) return;
      const [firstX, lastX] = [cell(x, px - reach), cell(x, px + reach)];
      const [firstY, lastY] = [cell(y, py - reach), cell(y, py + reach)];
      const [firstZ, lastZ] = [cell(z, pz - reach), cell(z, pz + reach)];
      for (let k = firstZ; k <= lastZ; k++) {
        for (let j = firstY; j <= lastY; j++) {
          const row = (k * y.cells + j) * x.cells;
          const end = starts[row + lastX + 1]!;
          for (let at = starts[row + firstX]!; at < end; at++) each(sorted[at]!);
        }
      }
    },
  };
}

/** Index of a coordinate's cell; outside the grid, of the nearest cell. */
const cell = ({ low, width, cells }: Axis, value: number): number =>
  Math.min(cells - 1, Math.max(0, Math.floor((value - low) / width)));

const near = ({ low, width, cells }: Axis, value: number, reach: number): boolean =>
  value >= low - reach && value <= low + width * cells + reach;

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

/** Counting sort: the points of cell c are sorted[starts[c]] up to sorted[starts[c + 1]]. */
function sortByCell(count: number, cellOf: (point: number) => number, cells: number) {
  const starts = new Int32Array(cells + 1);
  for (let point = 0; point < count; point++) starts[cellOf(point) + 1]!++;
  for (let c = 0; c < cells; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice();
  const sorted = new Int32Array(count);
  for (let point = 0; point < count; point++) sorted[next[cellOf(point)]!++] = point;
  return { starts, sorted };
}
