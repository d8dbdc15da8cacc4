import type { Position } from "../units.js";

/** How far two pickers' particles lie apart, Å: the largest distance from a pick of either to the other's nearest. */
export interface Agreement {
  /** Of particles that stand alone; null if there are none. */
  readonly lone: number | null;
  readonly touching: number | null;
}

/** @param isTouching whether the particle that a pick is of touches another */
export function agreementOf(
  ours: readonly Position[],
  theirs: readonly Position[],
  isTouching: (pick: Position) => boolean,
): Agreement {
  const largest = (touching: boolean): number | null => {
    const apart = [
      ...ours.filter((pick) => isTouching(pick) === touching).map((pick) => nearest(pick, theirs)),
      ...theirs.filter((pick) => isTouching(pick) === touching).map((pick) => nearest(pick, ours)),
    ];
    return apart.length === 0 ? null : Math.max(...apart);
  };
  return { lone: largest(false), touching: largest(true) };
}

/** Distance to the nearest, Å. */
const nearest = (from: Position, others: readonly Position[]): number =>
  Math.min(...others.map(({ x, y, z }) => Math.hypot(x - from.x, y - from.y, z - from.z)));
