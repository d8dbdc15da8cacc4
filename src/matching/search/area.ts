/** The area that is searched: runs of voxels along x, and the blocks that cover them. */
import { randomFor } from "../../domain/random.js";
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

/** Draws voxels evenly from a whole volume, the same ones for every volume of a shape. */
export function drawnArea([nz, ny, nx]: Shape3, count: number): Area {
  const random = randomFor(0, "matching", nz, ny, nx);
  const drawn = new Set(Array.from({ length: count }, () => random.integer(nz * ny * nx)));
  const runs = [...drawn]
    .sort((a, b) => a - b)
    .flatMap((at) => [Math.floor(at / (ny * nx)), Math.floor(at / nx) % ny, at % nx, (at % nx) + 1]);
  return { runs: Int32Array.from(runs), voxels: drawn.size };
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
export function coverArea(area: Area, size: Shape3): Block[] {
  const blocks: Block[] = [];
  sweep(area, size, (start, voxels, pieces) => {
    blocks.push({ start, voxels, runs: Int32Array.from(pieces) });
  });
  return blocks;
}

/** Returns how many voxels of the area the boxes of `coverArea` hold, without their runs. */
export function coverCounts(area: Area, size: Shape3): number[] {
  const counts: number[] = [];
  sweep(area, size, (_, voxels) => {
    counts.push(voxels);
  });
  return counts;
}

/** Hears of a box: where it begins, how many voxels of the area it holds, and their runs. */
type BoxVisitor = (start: Shape3, voxels: number, pieces: readonly number[]) => void;

function sweep({ runs }: Area, [vz, vy, vx]: Shape3, visit: BoxVisitor): void {
  const all = Int32Array.from({ length: runs.length / 4 }, (_, at) => at);
  forEachSpan(
    all,
    (at) => runs[4 * at]!,
    vz,
    (z, slab) => {
      slab.sort((a, b) => runs[4 * a + 1]! - runs[4 * b + 1]! || a - b);
      forEachSpan(
        slab,
        (at) => runs[4 * at + 1]!,
        vy,
        (y, strip) => {
          boxesAlongX(runs, strip.sort(), vx, (x, voxels, pieces) => visit([z, y, x], voxels, pieces));
        },
      );
    },
  );
}

/** Calls `visit` with spans of items sorted by a key: those less than `size` beyond the first that is left. */
function forEachSpan(
  items: Int32Array,
  keyOf: (item: number) => number,
  size: number,
  visit: (first: number, span: Int32Array) => void,
): void {
  for (let from = 0; from < items.length; ) {
    const first = keyOf(items[from]!);
    let to = from;
    while (to < items.length && keyOf(items[to]!) < first + size) to++;
    visit(first, items.slice(from, to));
    from = to;
  }
}

function boxesAlongX(
  runs: Int32Array,
  strip: Int32Array,
  size: number,
  visit: (x: number, voxels: number, pieces: readonly number[]) => void,
): void {
  const begins = strip.map((at) => runs[4 * at + 2]!);
  for (;;) {
    let x = Number.POSITIVE_INFINITY;
    for (let i = 0; i < strip.length; i++)
      if (begins[i]! < runs[4 * strip[i]! + 3]!) x = Math.min(x, begins[i]!);
    if (x === Number.POSITIVE_INFINITY) return;
    const pieces: number[] = [];
    let voxels = 0;
    for (let i = 0; i < strip.length; i++) {
      const at = 4 * strip[i]!;
      const stop = Math.min(runs[at + 3]!, x + size);
      if (begins[i]! >= stop) continue;
      pieces.push(runs[at]!, runs[at + 1]!, begins[i]!, stop);
      voxels += stop - begins[i]!;
      begins[i] = stop;
    }
    visit(x, voxels, pieces);
  }
}
