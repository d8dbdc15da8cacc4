/** Cells of 8×8 voxels of a plane z that have one value: what blank regions are found by. */
import { type Shape3, voxelCount } from "../../domain/volume.js";

/** Edge of a cell in voxels. */
export const cellEdge = 8;
/** Least voxels of a cell, as at the far faces, and least length of a line along an edge of a plane. */
export const leastInCell = 32;
/** Least share of the volume that a blank region inside it has; one that touches a face may be of any size. */
const leastInside = 5e-4;

/** The cells of all planes, z slowest: 1 where a cell has one value. */
export interface Cells {
  readonly flat: Uint8Array;
  readonly rows: number;
  readonly columns: number;
}

export function flatCells(data: Float32Array, [depth, height, width]: Shape3): Cells {
  const rows = Math.ceil(height / cellEdge);
  const columns = Math.ceil(width / cellEdge);
  const flat = new Uint8Array(depth * rows * columns);
  let cell = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y += cellEdge) {
      const tall = Math.min(cellEdge, height - y);
      for (let x = 0; x < width; x += cellEdge, cell++) {
        const wide = Math.min(cellEdge, width - x);
        const at = (z * height + y) * width + x;
        if (tall * wide >= leastInCell && isFlat(data, at, tall, wide, width)) flat[cell] = 1;
      }
    }
  return { flat, rows, columns };
}

/** Returns the share of equal neighbours in the middle of cells with data, away from flat ones where there are enough. */
export function equalShare(
  data: Float32Array,
  [, height, width]: Shape3,
  { flat, rows, columns }: Cells,
): number {
  const plane = rows * columns;
  const [far, all] = [new PairCount(), new PairCount()];
  for (let cell = 0; cell < flat.length; cell++) {
    if (flat[cell] === 1) continue;
    const y = (Math.floor(cell / columns) % rows) * cellEdge + cellEdge / 2;
    const x = (cell % columns) * cellEdge + cellEdge / 2;
    if (y >= height || x + 1 >= width) continue;
    const at = (Math.floor(cell / plane) * height + y) * width + x;
    const isEqual = data[at] === data[at + 1];
    all.add(isEqual);
    const isNear = [1, columns, plane].some((step) => flat[cell - step] === 1 || flat[cell + step] === 1);
    if (!isNear) far.add(isEqual);
  }
  return far.pairs >= leastPairs ? far.share : all.share;
}

const leastPairs = 100;

class PairCount {
  pairs = 0;
  #equal = 0;

  add(isEqual: boolean): void {
    this.pairs++;
    if (isEqual) this.#equal++;
  }

  get share(): number {
    return this.pairs === 0 ? 0 : this.#equal / this.pairs;
  }
}

function isFlat(data: Float32Array, at: number, tall: number, wide: number, width: number): boolean {
  const value = data[at]!;
  for (let y = 0; y < tall; y++)
    for (let i = at + y * width, end = i + wide; i < end; i++) if (data[i] !== value) return false;
  return true;
}

/** Drops flat cells that are part of no square of 3×3 flat cells of one value, in their plane and inside the volume. */
export function keepThick(data: Float32Array, shape: Shape3, { flat, rows, columns }: Cells): void {
  const cellValue = cellValues(data, shape, rows, columns);
  const planes = flat.length / (rows * columns);
  const thick = new Uint8Array(flat.length);
  const around = (cell: number, visit: (other: number) => boolean): boolean => {
    const row = Math.floor(cell / columns) % rows;
    const column = cell % columns;
    for (let y = -1; y <= 1; y++)
      for (let x = -1; x <= 1; x++) {
        if (row + y < 0 || row + y >= rows || column + x < 0 || column + x >= columns) continue;
        if (!visit(cell + y * columns + x)) return false;
      }
    return true;
  };
  for (let cell = 0; cell < planes * rows * columns; cell++) {
    if (flat[cell] === 0) continue;
    const value = cellValue(cell);
    if (!around(cell, (other) => flat[other] === 1 && cellValue(other) === value)) continue;
    around(cell, (other) => {
      thick[other] = 1;
      return true;
    });
  }
  flat.set(thick);
}

/** Returns a function that returns the value of a flat cell. */
const cellValues =
  (data: Float32Array, [, height, width]: Shape3, rows: number, columns: number) =>
  (cell: number): number => {
    const z = Math.floor(cell / (rows * columns));
    const y = (Math.floor(cell / columns) % rows) * cellEdge;
    return data[(z * height + y) * width + (cell % columns) * cellEdge]!;
  };

/** Drops regions of flat cells that touch no face and are small, as clipped beads are. */
export function keepSubstantial(data: Float32Array, shape: Shape3, { flat, rows, columns }: Cells): void {
  const cellValue = cellValues(data, shape, rows, columns);
  const least = (leastInside * voxelCount(shape)) / cellEdge ** 2;
  const seen = new Uint8Array(flat.length);
  const plane = rows * columns;
  const depth = flat.length / plane;
  for (let first = flat.indexOf(1); first >= 0; first = flat.indexOf(1, first + 1)) {
    if (seen[first] === 1) continue;
    seen[first] = 1;
    const region = [first];
    let touches = false;
    for (let next = 0; next < region.length; next++) {
      const cell = region[next]!;
      const [z, row, column] = [Math.floor(cell / plane), Math.floor(cell / columns) % rows, cell % columns];
      const value = cellValue(cell);
      const visit = (isInside: boolean, other: number): void => {
        if (!isInside) touches = true;
        else if (flat[other] === 1 && seen[other] === 0 && cellValue(other) === value) {
          seen[other] = 1;
          region.push(other);
        }
      };
      visit(z > 0, cell - plane);
      visit(z + 1 < depth, cell + plane);
      visit(row > 0, cell - columns);
      visit(row + 1 < rows, cell + columns);
      visit(column > 0, cell - 1);
      visit(column + 1 < columns, cell + 1);
    }
    if (!touches && region.length < least) for (const cell of region) flat[cell] = 0;
  }
}
