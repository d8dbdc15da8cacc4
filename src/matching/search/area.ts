/** The area that is searched: runs of voxels along x, and the blocks that cover them. */
import type { Shape3 } from "../../domain/volume.js";

/** Voxels of a volume as runs along x, in rising order: z, y, first x, x behind the last, four numbers each. */
export interface Area {
  readonly runs: Int32Array;
  readonly voxels: number;
}

/** Returns the area of a whole volume. */
export function wholeArea([nz, ny, nx]: Shape3): Area {
  const runs = new Int32Array(4 * nz * ny);
  for (let row = 0; row < nz * ny; row++) runs.set([Math.floor(row / ny), row % ny, 0, nx], 4 * row);
  return { runs, voxels: nz * ny * nx };
}

/** Collects an area slab by slab. */
export class AreaBuilder {
  readonly #shape: Shape3;
  readonly #runs: number[] = [];
  #voxels = 0;

  constructor(shape: Shape3) {
    this.#shape = shape;
  }

  /** Adds slices from `zStart`: the voxels that are above 0. */
  add(zStart: number, values: Float32Array): void {
    const [, ny, nx] = this.#shape;
    for (let row = 0; row < values.length / nx; row++) {
      const [z, y] = [zStart + Math.floor(row / ny), row % ny];
      for (let x = 0; x < nx; x++) {
        if (!(values[row * nx + x]! > 0)) continue;
        const first = x;
        while (x < nx && values[row * nx + x]! > 0) x++;
        this.#runs.push(z, y, first, x);
        this.#voxels += x - first;
      }
    }
  }

  area(): Area {
    return { runs: Int32Array.from(this.#runs), voxels: this.#voxels };
  }
}

/** A box whose voxels of the area are computed together. */
export interface Block {
  /** First voxel of the box along z, y, x. */
  readonly start: Shape3;
  /** Runs of the area in the box, as in `Area`. */
  readonly runs: Int32Array;
  readonly voxels: number;
}

/**
 * Covers an area with boxes of one size, each of which begins where the area does that is left: slabs along z, in them
 * strips along y, in them boxes along x. Every voxel of the area is in one box.
 */
export function coverArea({ runs }: Area, [vz, vy, vx]: Shape3): Block[] {
  const blocks: Block[] = [];
  const all = Array.from({ length: runs.length / 4 }, (_, at) => at);
  forEachSpan(
    all,
    (at) => runs[4 * at]!,
    vz,
    (z, slab) => {
      const byRow = slab.sort((a, b) => runs[4 * a + 1]! - runs[4 * b + 1]! || a - b);
      forEachSpan(
        byRow,
        (at) => runs[4 * at + 1]!,
        vy,
        (y, strip) => {
          blocks.push(...boxesAlongX(runs, strip, [z, y, 0], vx));
        },
      );
    },
  );
  return blocks;
}

/** Calls `visit` with spans of items sorted by a key: those less than `size` beyond the first that is left. */
function forEachSpan(
  items: readonly number[],
  keyOf: (item: number) => number,
  size: number,
  visit: (first: number, span: number[]) => void,
): void {
  for (let from = 0; from < items.length; ) {
    const first = keyOf(items[from]!);
    let to = from;
    while (to < items.length && keyOf(items[to]!) < first + size) to++;
    visit(first, items.slice(from, to));
    from = to;
  }
}

function boxesAlongX(runs: Int32Array, strip: readonly number[], start: Shape3, size: number): Block[] {
  const blocks: Block[] = [];
  let left = [...strip].sort((a, b) => a - b).map((at) => [...runs.subarray(4 * at, 4 * at + 4)]);
  while (left.length > 0) {
    const x = left.reduce((least, run) => Math.min(least, run[2]!), Number.POSITIVE_INFINITY);
    const inside: number[] = [];
    let voxels = 0;
    const rest: number[][] = [];
    for (const run of left) {
      const [z, y, first, end] = run as [number, number, number, number];
      const stop = Math.min(end, x + size);
      if (first < stop) {
        inside.push(z, y, first, stop);
        voxels += stop - first;
      }
      if (end > x + size) rest.push([z, y, Math.max(first, x + size), end]);
    }
    blocks.push({ start: [start[0], start[1], x], runs: Int32Array.from(inside), voxels });
    left = rest;
  }
  return blocks;
}
