/** Minimum spacing of positions, by a hashed grid. */
import type { Position } from "../../domain/units.js";

const nobody = -1;
const nearFirst = [0, -1, 1] as const;

/**
 * Keeps, in their order, the positions that are at least `spacing` Å (Euclidean) from all kept before. The result is that
 * of comparing all pairs; a hashed grid with cells of width `spacing` saves the time. Cells that share a bucket only make
 * it longer, since every position in a bucket is measured.
 */
export function keepSpaced<P extends Position>(positions: readonly P[], spacing: number): P[] {
  if (spacing <= 0) return [...positions];
  const grid: Grid = {
    spacing,
    buckets: new Int32Array(2 ** Math.ceil(Math.log2(positions.length + 1) + 1)).fill(nobody),
    next: new Int32Array(positions.length),
    places: new Float64Array(3 * positions.length),
  };
  const kept: P[] = [];
  for (const position of positions) {
    if (isCrowded(grid, position)) continue;
    insert(grid, position, kept.length);
    kept.push(position);
  }
  return kept;
}

/** Positions kept so far, z, y, x each, in one linked list a bucket. */
interface Grid {
  readonly spacing: number;
  readonly buckets: Int32Array;
  readonly next: Int32Array;
  readonly places: Float64Array;
}

function isCrowded({ spacing, buckets, next, places }: Grid, { z, y, x }: Position): boolean {
  for (const dz of nearFirst) {
    for (const dy of nearFirst) {
      for (const dx of nearFirst) {
        const bucket = bucketOf(
          Math.floor(z / spacing) + dz,
          Math.floor(y / spacing) + dy,
          Math.floor(x / spacing) + dx,
          buckets.length,
        );
        for (let other = buckets[bucket]!; other !== nobody; other = next[other]!) {
          const stepZ = z - places[3 * other]!;
          const stepY = y - places[3 * other + 1]!;
          const stepX = x - places[3 * other + 2]!;
          if (Math.sqrt(stepX * stepX + stepY * stepY + stepZ * stepZ) < spacing) return true;
        }
      }
    }
  }
  return false;
}

function insert({ spacing, buckets, next, places }: Grid, { z, y, x }: Position, index: number): void {
  places[3 * index] = z;
  places[3 * index + 1] = y;
  places[3 * index + 2] = x;
  const bucket = bucketOf(
    Math.floor(z / spacing),
    Math.floor(y / spacing),
    Math.floor(x / spacing),
    buckets.length,
  );
  next[index] = buckets[bucket]!;
  buckets[bucket] = index;
}

/** Returns the bucket of a cell: the lowest bits of its hash (Teschner et al., VMV 2003). */
export const bucketOf = (z: number, y: number, x: number, buckets: number): number =>
  (Math.imul(z, 73856093) ^ Math.imul(y, 19349663) ^ Math.imul(x, 83492791)) & (buckets - 1);
