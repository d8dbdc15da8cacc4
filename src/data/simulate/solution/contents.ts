/** What solutions hold besides the listed particles: ranges, and what is drawn from them for one tomogram. */
import type { Random } from "../../../domain/random.js";
import type { Flexibility } from "../deformation.js";

/** Least and greatest value that is drawn. */
type Interval = readonly [least: number, greatest: number];

/** Ranges of what a solution holds. */
export interface ContentRanges {
  /** Numbers of the listed particles relative to the challenge's; their logarithm is drawn evenly. */
  readonly crowding: Interval;
  readonly distractors: {
    /** Kinds of unlisted proteins in a tomogram. */
    readonly kinds: Interval;
    /** Unlisted proteins for each listed particle; their logarithm is drawn evenly. */
    readonly perParticle: Interval;
  };
  readonly flexibility: {
    /** Å by which the rim of the most bent copies shifts. */
    readonly bend: Interval;
    /** Probability that a copy lacks a domain. */
    readonly missing: Interval;
  };
  /** Probabilities that a tomogram holds vesicles, gold beads, and the edge of a carbon film. */
  readonly negatives: { readonly vesicles: number; readonly gold: number; readonly carbon: number };
}

/** What a solution holds where nothing else is asked for. */
export const defaultContents: ContentRanges = {
  crowding: [0.7, 1.6],
  distractors: { kinds: [10, 40], perParticle: [1, 10] },
  flexibility: { bend: [0, 6], missing: [0, 0.08] },
  negatives: { vesicles: 0.6, gold: 0.6, carbon: 0.15 },
};

/** Contents that are easy to tell apart: rigid particles and about a fourth as many unlisted proteins of few kinds. */
export const calmContents: ContentRanges = {
  crowding: [1, 1],
  distractors: { kinds: [4, 4], perParticle: [0.25, 0.25] },
  flexibility: { bend: [0, 0], missing: [0, 0] },
  negatives: { vesicles: 0, gold: 0.8, carbon: 0 },
};

/** What was drawn for one solution. */
export interface Contents {
  readonly crowding: number;
  /** Unlisted proteins for each listed particle that is wanted. */
  readonly perParticle: number;
  /** Shares of the kinds of unlisted proteins, together 1. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly flexibility: Flexibility;
  readonly vesicles: boolean;
  readonly gold: boolean;
  readonly carbon: boolean;
}

/** Spread of the kinds' shares: the standard deviation of their logarithm. */
const abundanceSpread = 1.2;

/**
 * Draws what a solution holds.
 *
 * @param pool names of the unlisted proteins to choose from
 */
export function drawContents(ranges: ContentRanges, pool: readonly string[], random: Random): Contents {
  const { crowding, distractors, flexibility, negatives } = ranges;
  const wanted = Math.round(between(distractors.kinds, random));
  const chosen = random.shuffle([...pool]).slice(0, wanted);
  const weights = chosen.map(() => Math.exp(abundanceSpread * random.normal()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    crowding: betweenLogarithms(crowding, random),
    perParticle: betweenLogarithms(distractors.perParticle, random),
    kinds: Object.fromEntries(chosen.map((name, i) => [name, weights[i]! / total])),
    flexibility: { bend: between(flexibility.bend, random), missing: between(flexibility.missing, random) },
    vesicles: random.uniform() < negatives.vesicles,
    gold: random.uniform() < negatives.gold,
    carbon: random.uniform() < negatives.carbon,
  };
}

const between = ([least, greatest]: Interval, random: Random): number => random.between(least, greatest);

/** Draws a number whose logarithm is even; where a range begins at 0, the number itself is. */
const betweenLogarithms = ([least, greatest]: Interval, random: Random): number =>
  least > 0 ? least * (greatest / least) ** random.uniform() : random.between(least, greatest);

/** Draws how many of each kind there are. @param total of all kinds together */
export function drawKinds(
  kinds: Contents["kinds"],
  total: number,
  random: Random,
): ReadonlyMap<string, number> {
  const names = Object.keys(kinds);
  const counts = new Map<string, number>();
  for (let i = 0; i < total && names.length > 0; i++) {
    let at = 0;
    for (let left = random.uniform(); at < names.length - 1; at++) {
      left -= kinds[names[at]!]!;
      if (left < 0) break;
    }
    counts.set(names[at]!, (counts.get(names[at]!) ?? 0) + 1);
  }
  return counts;
}
