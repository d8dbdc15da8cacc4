import type { Position } from "../units.js";

/**
 * Goes through positions in their order and keeps those that are at least `spacing` Å (Euclidean) from all kept before;
 * equal to comparing all pairs, by a grid whose cells are `spacing` wide.
 */
export function keepSpaced<P extends Position>(positions: readonly P[], spacing: number): P[] {
  if (spacing <= 0) return [...positions];
  const cells = new Map<string, P[]>();
  const cellOf = (value: number) => Math.floor(value / spacing);
  const crowded = (p: P): boolean => {
    for (let z = cellOf(p.z) - 1; z <= cellOf(p.z) + 1; z++) {
      for (let y = cellOf(p.y) - 1; y <= cellOf(p.y) + 1; y++) {
        for (let x = cellOf(p.x) - 1; x <= cellOf(p.x) + 1; x++) {
          if (cells.get(`${z},${y},${x}`)?.some((other) => distance(p, other) < spacing)) return true;
        }
      }
    }
    return false;
  };
  return positions.filter((p) => {
    if (crowded(p)) return false;
    const key = `${cellOf(p.z)},${cellOf(p.y)},${cellOf(p.x)}`;
    const cell = cells.get(key);
    if (cell) cell.push(p);
    else cells.set(key, [p]);
    return true;
  });
}

const distance = (a: Position, b: Position): number =>
  Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2);
