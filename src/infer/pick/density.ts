/** Moves a threshold until a volume holds as many picks as annotated runs allow. */
import { z } from "zod";

/** Schema of the picks in a volume that are allowed, in picks per Å³. */
export const densitySchema = z
  .strictObject({ least: z.number().nonnegative(), most: z.number().positive() })
  .refine(({ least, most }) => least <= most, "a range: least, then most");

/** Picks in a volume that annotated runs allow, in picks per Å³ of the whole volume. */
export interface PickDensity {
  readonly least: number;
  readonly most: number;
}

/** Picks at a threshold. */
interface Found {
  readonly picks: readonly unknown[];
  readonly threshold: number;
}

/** Lowest threshold that is moved to, and step of the logarithm of its odds. */
const lowest = 0.005;
const step = 0.2;

/** Returns the lowest threshold at which a map may be picked: the value above which it must be kept. */
export const lowestThreshold = ({
  threshold,
  density,
}: {
  readonly threshold: number;
  readonly density?: PickDensity | undefined;
}): number => (density === undefined ? threshold : Math.min(threshold, lowest));

/**
 * Returns the result at the threshold nearest to the given one at which the number of picks is allowed, among those whose
 * log-odds differ from it by multiples of 0.2, from 0.005 to 0.995. Where too few are found at any, it is the one that
 * finds most; where too many are, the highest. Thresholds outside 0 and 1 stay.
 *
 * @param found the result at the given threshold
 * @param size Å³ of the volume
 * @param pickAt picks at another threshold
 */
export function withinDensity<Result extends Found>(
  found: Result,
  { least, most }: PickDensity,
  size: number,
  pickAt: (threshold: number) => Result,
): Result {
  const count = found.picks.length;
  if (count > most * size) return firstOf(found, 1, pickAt, (picks) => picks <= most * size, isFewer);
  if (count < least * size) return firstOf(found, -1, pickAt, (picks) => picks >= least * size, isMore);
  return found;
}

const isFewer = (picks: number, than: number): boolean => picks <= than;
const isMore = (picks: number, than: number): boolean => picks > than;

/** Steps up or down until a count is allowed; otherwise returns the best result on the way. */
function firstOf<Result extends Found>(
  found: Result,
  direction: 1 | -1,
  pickAt: (threshold: number) => Result,
  isAllowed: (picks: number) => boolean,
  isBetter: (picks: number, than: number) => boolean,
): Result {
  let best = found;
  for (const threshold of ladder(found.threshold, direction)) {
    const next = pickAt(threshold);
    if (isAllowed(next.picks.length)) return next;
    if (isBetter(next.picks.length, best.picks.length)) best = next;
  }
  return best;
}

/** Thresholds above or below one, whose odds grow or shrink by equal factors. */
function ladder(threshold: number, direction: 1 | -1): number[] {
  const found: number[] = [];
  if (!(threshold > 0 && threshold < 1)) return found;
  const odds = Math.log(threshold / (1 - threshold));
  for (let at = 1; ; at++) {
    const next = 1 / (1 + Math.exp(-(odds + direction * at * step)));
    if (next < lowest || next > 1 - lowest) return found;
    found.push(next);
  }
}
