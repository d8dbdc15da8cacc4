/** Chunks of volumes that were read, in 16 bits a voxel, up to a bound of memory. */
import type { Box, Shape3 } from "../../domain/volume.js";
import { voxelCount } from "../../domain/volume.js";
import { boxOfChunk, chunksOf, extent } from "../../formats/zarr/chunkGrid.js";
import { LastUsed } from "../lastUsed.js";
import type { OpenVolume } from "./place.js";
import { asWords, type Ends } from "./shades.js";

/** A chunk's voxels. */
export interface Brick {
  readonly box: Box;
  /** z slowest. */
  readonly words: Uint16Array;
}

/** Bytes that all bricks together may have: a full tomogram of 184×630×630 has 146 MB. */
const mostBytes = 256 * 2 ** 20;
/** Voxels that are read at once. */
const mostVoxels = 24 * 2 ** 20;

/** Bricks of all volumes of a studio. */
export class BrickCache {
  readonly #kept = new LastUsed<Promise<Brick>>(mostBytes);

  /** Returns the bricks that a box of a level touches; those that are not kept are read together where they are neighbours. */
  async bricks(
    id: string,
    volume: OpenVolume,
    level: number,
    range: Ends,
    box: Box,
    axis: 0 | 1 | 2,
  ): Promise<Brick[]> {
    const { chunkShape, shape } = volume.levels[level]!;
    const size = smaller(chunkShape, shape);
    const chunks = chunksOf(box, size);
    const keyOf = (at: Shape3): string => `${id} ${level} ${at.join()}`;
    const wanted = new Map<string, Promise<Brick>>();
    const missing = chunks.filter((at) => {
      const kept = this.#kept.get(keyOf(at));
      if (kept) wanted.set(keyOf(at), kept);
      return kept === undefined;
    });
    for (const group of groups(missing, size, axis)) {
      const boxes = group.map((at) => boxOfChunk(at, size, shape));
      const reading = readTogether(volume, level, range, boxes);
      for (const [n, at] of group.entries()) {
        const brick = reading.then((bricks) => bricks[n]!);
        wanted.set(keyOf(at), brick);
        this.#kept.set(keyOf(at), brick, 2 * voxelCount(extent(boxes[n]!)));
        brick.catch(() => this.#kept.delete(keyOf(at)));
      }
    }
    return Promise.all(chunks.map((at) => wanted.get(keyOf(at))!));
  }
}

const smaller = (one: Shape3, other: Shape3): Shape3 => [
  Math.min(one[0], other[0]),
  Math.min(one[1], other[1]),
  Math.min(one[2], other[2]),
];

/** Puts chunks into groups that are read at once: whole rows along an axis of the plane, up to a bound. */
function groups(chunks: readonly Shape3[], size: Shape3, axis: 0 | 1 | 2): Shape3[][] {
  const along = axis === 0 ? 1 : 0;
  const rows = new Map<number, Shape3[]>();
  for (const at of chunks) rows.set(at[along]!, [...(rows.get(at[along]!) ?? []), at]);
  const found: Shape3[][] = [];
  const fitting = Math.max(1, Math.floor(mostVoxels / voxelCount(size)));
  for (const row of rows.values())
    for (let from = 0; from < row.length; from += fitting) found.push(row.slice(from, from + fitting));
  return found;
}

async function readTogether(
  volume: OpenVolume,
  level: number,
  range: Ends,
  boxes: readonly Box[],
): Promise<Brick[]> {
  const whole = around(boxes);
  const isDense = boxes.reduce((sum, box) => sum + voxelCount(extent(box)), 0) === voxelCount(extent(whole));
  if (!isDense)
    return Promise.all(
      boxes.map(async (box) => ({ box, words: asWords(await volume.read(level, box), range) })),
    );
  const words = asWords(await volume.read(level, whole), range);
  return boxes.map((box) => ({ box, words: cutOf(words, whole, box) }));
}

function around(boxes: readonly Box[]): Box {
  const start = [0, 1, 2].map((axis) => Math.min(...boxes.map((box) => box.start[axis]!)));
  const end = [0, 1, 2].map((axis) => Math.max(...boxes.map((box) => box.end[axis]!)));
  return { start: start as unknown as Shape3, end: end as unknown as Shape3 };
}

function cutOf(words: Uint16Array, whole: Box, box: Box): Uint16Array {
  const [, height, width] = extent(whole);
  const [depth, rows, columns] = extent(box);
  const out = new Uint16Array(depth * rows * columns);
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < rows; y++) {
      const row = (box.start[0] - whole.start[0] + z) * height + box.start[1] - whole.start[1] + y;
      const from = row * width + box.start[2] - whole.start[2];
      out.set(words.subarray(from, from + columns), (z * rows + y) * columns);
    }
  return out;
}

/** Puts the voxels of a box together from the bricks that it touches. */
export function boxOfBricks(bricks: readonly Brick[], box: Box): Uint16Array {
  const [depth, height, width] = extent(box);
  const out = new Uint16Array(depth * height * width);
  for (const { box: own, words } of bricks) {
    const start = own.start.map((from, axis) => Math.max(from, box.start[axis]!)) as unknown as Shape3;
    const end = own.end.map((to, axis) => Math.min(to, box.end[axis]!)) as unknown as Shape3;
    const [, rows, columns] = extent(own);
    for (let z = start[0]; z < end[0]; z++)
      for (let y = start[1]; y < end[1]; y++) {
        const from = ((z - own.start[0]) * rows + y - own.start[1]) * columns + start[2] - own.start[2];
        const to = ((z - box.start[0]) * height + y - box.start[1]) * width + start[2] - box.start[2];
        out.set(words.subarray(from, from + end[2] - start[2]), to);
      }
  }
  return out;
}
