/** Constant columns that a program writes but nobody has filled. */
import type { TomogramPosition } from "./frames.js";
import { noRotation } from "./orientation.js";

/**
 * Drops fields that are the same for all positions because the format has a column that nobody filled: score 0, instance
 * 0, one class for all, no rotation.
 */
export function withoutUnfilled(positions: readonly TomogramPosition[]): TomogramPosition[] {
  const all = (test: (position: TomogramPosition) => boolean) => positions.every(test);
  const noScore = all(({ score }) => score === 0 || score === undefined);
  const noInstance = all(({ instance }) => instance === 0 || instance === undefined);
  const noType = all(({ type }) => type === positions[0]?.type);
  const isUnturned = all(({ rotation }) => rotation?.every((value, i) => value === noRotation[i]) ?? true);
  return positions.map(({ score, instance, type, rotation, ...rest }) => ({
    ...rest,
    ...(noType || type === undefined ? {} : { type }),
    ...(noScore || score === undefined ? {} : { score }),
    ...(noInstance || instance === undefined ? {} : { instance }),
    ...(isUnturned || !rotation ? {} : { rotation }),
  }));
}
