/** Bricks of a still copy, of which a page puts planes together. */
import type { Shape3 } from "../../domain/volume.js";

/** Voxels of a brick along z, y, x; those at the far ends are smaller. */
export const brickShape: Shape3 = [32, 128, 128];

/** A brick of a level by its number along z, y, x. */
export interface BrickPlace {
  readonly level: number;
  readonly at: Shape3;
}

/** Lists the bricks of a grid by their numbers along z, y, x. */
export function brickPlaces(shape: Shape3): Shape3[] {
  const counts = shape.map((size, axis) => Math.ceil(size / brickShape[axis]!));
  const found: Shape3[] = [];
  for (let z = 0; z < counts[0]!; z++)
    for (let y = 0; y < counts[1]!; y++) for (let x = 0; x < counts[2]!; x++) found.push([z, y, x]);
  return found;
}

/**
 * Puts a plane together from the bricks that it goes through, as 16 bits.
 *
 * @param shape of the level, z, y, x
 * @param across 0, 1 or 2 for a plane across z, y or x
 * @param brickAt reads a brick
 */
export async function planeOfBricks(
  shape: Shape3,
  across: 0 | 1 | 2,
  index: number,
  brickAt: (at: Shape3) => Promise<Uint8Array>,
): Promise<{ readonly rows: number; readonly columns: number; readonly words: Uint16Array }> {
  const [down, right] = [0, 1, 2].filter((axis) => axis !== across) as [number, number];
  const [rows, columns] = [shape[down]!, shape[right]!];
  const words = new Uint16Array(rows * columns);
  const layer = Math.floor(index / brickShape[across]);
  const touched = brickPlaces(shape).filter((at) => at[across] === layer);
  await Promise.all(
    touched.map(async (at) => {
      const brick = await brickAt(at);
      const start = at.map((number, axis) => number * brickShape[axis]!);
      const sizes = start.map((from, axis) => Math.min(brickShape[axis]!, shape[axis]! - from));
      const strides = [sizes[1]! * sizes[2]!, sizes[2]!, 1];
      const origin = (index - start[across]!) * strides[across]!;
      for (let row = 0; row < sizes[down]!; row++) {
        let from = origin + row * strides[down]!;
        let to = (start[down]! + row) * columns + start[right]!;
        for (let column = 0; column < sizes[right]!; column++, from += strides[right]!)
          words[to++] = brick[from]! * 257;
      }
    }),
  );
  return { rows, columns, words };
}
