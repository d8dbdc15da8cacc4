/** Fisher's paired randomisation test. */
import { randomFor } from "../../domain/random.js";

/** Result of a permutation test. */
export interface Permutation {
  /** Two-sided p-value: the share of swaps whose difference is at least as large as the observed one. */
  readonly p: number;
  /** The least p possible with this number of units: 2 of 2ⁿ, since swapping all units only turns the sign. */
  readonly smallest: number;
  /** Number of swaps computed: all where exact, else the number drawn. */
  readonly swaps: number;
  readonly isExact: boolean;
}

interface PermutationOptions {
  readonly seed?: number;
  /** Number of different swaps up to which all are computed. */
  readonly mostExact?: number;
  /** Number of swaps drawn where there are more. */
  readonly draws?: number;
}

/** Differences closer than this are equal, so that the order of summation decides nothing. */
const sameDifference = 1e-12;

/**
 * Swaps two rivals unit by unit: if they were alike, each unit's two outcomes might as well be exchanged (Fisher's
 * paired randomisation). Sampled swaps include the observed one, so that p is never too small (Phipson and Smyth,
 * Statistical Applications in Genetics and Molecular Biology 9, 2010, article 39).
 *
 * @param units number of units in which the two differ; a swap of equals changes nothing
 * @param difference of the rivals with the marked units swapped; with all swapped, its sign turns
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
