import { randomFor } from "../../domain/random.js";

export interface Permutation {
  /** Two-sided: the share of swaps whose difference is at least as large as the one seen. */
  readonly p: number;
  /** The least p that so many units can give: 2 of 2ⁿ, since swapping all of them only turns the sign. */
  readonly smallest: number;
  /** Swaps looked at: all there are where that is exact, else how many were drawn. */
  readonly swaps: number;
  readonly isExact: boolean;
}

interface PermutationOptions {
  readonly seed?: number;
  /** Up to so many different swaps, every one is looked at. */
  readonly mostExact?: number;
  /** Of more, so many are drawn. */
  readonly draws?: number;
}

/** Below this two differences are the same, so that the order of summing decides nothing. */
const sameDifference = 1e-12;

/**
 * Swaps two rivals unit by unit: were they alike, each unit's two outcomes might as well stand the other way round
 * (Fisher's paired randomisation). Sampled swaps count the one seen among them, so that p is never too small (Phipson
 * and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010, article 39).
 *
 * @param units in which the two differ: a swap of equals changes nothing
 * @param difference of the rivals with the marked units swapped; all swapped, it turns its sign
 */
export function permutationTest(
  units: number,
  difference: (swapped: Uint8Array) => number,
  { seed = 0, mostExact = 1 << 14, draws = 9999 }: PermutationOptions = {},
): Permutation {
  const swapped = new Uint8Array(units);
  const seen = Math.abs(difference(swapped)) - sameDifference;
  const different = 2 ** Math.max(units - 1, 0);
  const smallest = 1 / different;
  const isExact = different <= mostExact;
  let asLarge = 0;
  if (isExact) {
    for (let swap = 0; swap < different; swap++) {
      for (let unit = 1; unit < units; unit++) swapped[unit] = (swap >> (unit - 1)) & 1;
      if (Math.abs(difference(swapped)) >= seen) asLarge++;
    }
    return { p: asLarge / different, smallest, swaps: different, isExact };
  }
  for (let draw = 0; draw < draws; draw++) {
    const random = randomFor(seed, "permutation", draw);
    for (let unit = 0; unit < units; unit++) swapped[unit] = random.integer(2);
    if (Math.abs(difference(swapped)) >= seen) asLarge++;
  }
  return {
    p: (asLarge + 1) / (draws + 1),
    smallest: Math.max(smallest, 1 / (draws + 1)),
    swaps: draws,
    isExact,
  };
}
