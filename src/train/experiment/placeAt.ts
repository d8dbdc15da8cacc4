/** A value set at a dotted path, as `--set` and a search's trials do. */

/** Where a path leads no further. */
interface Obstacle {
  /** The mapping or list that has not what is wanted. */
  readonly at: object;
  readonly key: string;
  /** What stands at the key. */
  readonly found: unknown;
  /** The path up to the key. */
  readonly prefix: string;
}

/**
 * Sets a value at a dotted path, where positions of lists count from 0.
 *
 * @param onObstacle gives the mapping to go into where there is none on the way, or throws; of a position that a list
 * has not it must throw
 */
export function placeAt(
  content: object,
  path: string,
  value: unknown,
  onObstacle: (obstacle: Obstacle) => object,
): void {
  const keys = path.split(".");
  let at = content as Record<string, unknown>;
  for (const [depth, key] of keys.entries()) {
    const found = Object.hasOwn(at, key) ? at[key] : undefined;
    const obstacle = { at, key, found, prefix: keys.slice(0, depth + 1).join(".") };
    if (depth === keys.length - 1) {
      if (Array.isArray(at) && !Object.hasOwn(at, key)) onObstacle(obstacle);
      at[key] = value;
    } else {
      if (found === null || typeof found !== "object") at[key] = onObstacle(obstacle);
      at = at[key] as Record<string, unknown>;
    }
  }
}
