/** The mask of blank voxels: flat cells, thin margins, and all that is joined to them. */
import type { Shape3 } from "../../domain/volume.js";
import { sharedBytes } from "../../formats/sharedFloats.js";
import { type Cells, cellEdge, leastInCell } from "./cells.js";

/** The blank voxels of a volume. */
export interface Blank {
  /** 1 at blank voxels, 0 at those that hold data; in shared memory. */
  readonly mask: Uint8Array;
  /** Count of blank voxels. */
  readonly count: number;
}

/** A mask that is made where there is something to mark. */
export class BlankMask {
  readonly #data: Float32Array;
  readonly #shape: Shape3;
  #mask: Uint8Array | undefined;

  constructor(data: Float32Array, shape: Shape3) {
    this.#data = data;
    this.#shape = shape;
  }

  #marks(): Uint8Array {
    this.#mask ??= new Uint8Array(this.#data.length);
    return this.#mask;
  }

  addCells({ flat, rows, columns }: Cells): void {
    const [, height, width] = this.#shape;
    for (let cell = flat.indexOf(1); cell >= 0; cell = flat.indexOf(1, cell + 1)) {
      const z = Math.floor(cell / (rows * columns));
      const y = (Math.floor(cell / columns) % rows) * cellEdge;
      const first = cell;
      while (flat[cell + 1] === 1 && (cell + 1) % columns > 0) cell++;
      const x = (first % columns) * cellEdge;
      const end = Math.min(((cell % columns) + 1) * cellEdge, width);
      for (let row = y; row < Math.min(y + cellEdge, height); row++) {
        const at = (z * height + row) * width;
        this.#marks().fill(1, at + x, at + end);
      }
    }
  }

  /** Adds lines of equal voxels along the four edges of each plane: margins thinner than a cell begin there. */
  addEdges(): void {
    const [depth, height, width] = this.#shape;
    for (let z = 0; z < depth; z++) {
      const plane = z * height * width;
      for (const first of [plane, plane + (height - 1) * width]) this.#addLine(first, 1, width);
      for (const first of [plane, plane + width - 1]) this.#addLine(first, width, height);
    }
  }

  #addLine(first: number, step: number, length: number): void {
    const data = this.#data;
    let start = 0;
    for (let at = 1; at <= length; at++) {
      if (at < length && data[first + at * step] === data[first + start * step]) continue;
      if (at - start >= leastInCell)
        for (let each = start; each < at; each++) this.#marks()[first + each * step] = 1;
      start = at;
    }
  }

  /** Adds all voxels joined by faces to marked ones of the same value, row by row until nothing is added. */
  grow(): void {
    if (!this.#mask) return;
    const [depth, height, width] = this.#shape;
    const marked = marksOfRows(this.#mask, width);
    const waiting = Uint8Array.from(marked, (count) => (count < width ? 1 : 0));
    const rows = Array.from(waiting.keys()).filter((row) => waiting[row] === 1);
    for (let next = 0; next < rows.length; next++) {
      const row = rows[next]!;
      waiting[row] = 0;
      const y = row % height;
      const beside = [
        ...(y > 0 ? [row - 1] : []),
        ...(y + 1 < height ? [row + 1] : []),
        ...(row >= height ? [row - height] : []),
        ...(row + height < depth * height ? [row + height] : []),
      ];
      const added = this.#growRow(row, marked, beside);
      if (added === 0) continue;
      marked[row]! += added;
      for (const other of beside)
        if (waiting[other] === 0 && marked[other]! < width) {
          waiting[other] = 1;
          rows.push(other);
        }
    }
  }

  /** Marks what touches marked voxels of the rows beside, then along the row; returns how many voxels it added. */
  #growRow(row: number, marked: Int32Array, beside: readonly number[]): number {
    const [data, mask, width] = [this.#data, this.#mask!, this.#shape[2]];
    const first = row * width;
    const end = first + width;
    let added = 0;
    for (const other of beside) {
      if (marked[other] === 0) continue;
      const step = (other - row) * width;
      for (let at = first; at < end; at++)
        if (mask[at + step] === 1 && mask[at] === 0 && data[at + step] === data[at]) {
          mask[at] = 1;
          added++;
        }
    }
    if (added === 0 && marked[row] === 0) return 0;
    for (let at = first + 1; at < end; at++)
      if (mask[at - 1] === 1 && mask[at] === 0 && data[at - 1] === data[at]) {
        mask[at] = 1;
        added++;
      }
    for (let at = end - 2; at >= first; at--)
      if (mask[at + 1] === 1 && mask[at] === 0 && data[at + 1] === data[at]) {
        mask[at] = 1;
        added++;
      }
    return added;
  }

  /** Moves the edges of flat cells outwards along y and x, by up to a cell, while all voxels of an edge are equal. */
  growCells({ flat, rows, columns }: Cells): void {
    const [, height, width] = this.#shape;
    for (let cell = flat.indexOf(1); cell >= 0; cell = flat.indexOf(1, cell + 1)) {
      const row = Math.floor(cell / columns) % rows;
      const column = cell % columns;
      const z = Math.floor(cell / (rows * columns));
      const top = row * cellEdge;
      const left = column * cellEdge;
      const first = (z * height + top) * width + left;
      const tall = Math.min(cellEdge, height - top);
      const wide = Math.min(cellEdge, width - left);
      if (flat[cell - columns] !== 1) this.#moveEdge(first, -width, Math.min(cellEdge, top), 1, wide);
      if (flat[cell + columns] !== 1)
        this.#moveEdge(first + (tall - 1) * width, width, Math.min(cellEdge, height - top - tall), 1, wide);
      if (flat[cell - 1] !== 1) this.#moveEdge(first, -1, Math.min(cellEdge, left), width, tall);
      if (flat[cell + 1] !== 1)
        this.#moveEdge(first + wide - 1, 1, Math.min(cellEdge, width - left - wide), width, tall);
    }
  }

  /** Marks up to `reach` lines beyond an edge that begins at voxel `first`, while they have its value. */
  #moveEdge(first: number, step: number, reach: number, along: number, length: number): void {
    const data = this.#data;
    for (let line = 1; line <= reach; line++) {
      const start = first + line * step;
      for (let at = 0; at < length; at++) if (data[start + at * along] !== data[first]) return;
      for (let at = 0; at < length; at++) this.#marks()[start + at * along] = 1;
    }
  }

  addNaN(): void {
    const data = this.#data;
    for (let at = 0; at < data.length; at++) if (Number.isNaN(data[at])) this.#marks()[at] = 1;
  }

  finish(): Blank | null {
    if (!this.#mask) return null;
    const mask = sharedBytes(this.#mask.length);
    mask.set(this.#mask);
    let count = 0;
    for (let at = 0; at < this.#mask.length; at++) count += this.#mask[at]!;
    return count === 0 ? null : { mask, count };
  }
}

/** Counts the marked voxels of each row. */
function marksOfRows(mask: Uint8Array, width: number): Int32Array {
  const counts = new Int32Array(mask.length / width);
  for (let row = 0, at = 0; row < counts.length; row++) {
    let count = 0;
    for (const end = at + width; at < end; at++) count += mask[at]!;
    counts[row] = count;
  }
  return counts;
}
