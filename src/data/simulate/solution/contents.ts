/** What solutions hold besides the listed particles: ranges, and what is drawn from them for one tomogram. */
import { z } from "zod";
import type { Random } from "../../../domain/random.js";
import type { Flexibility } from "../deformation.js";
import { drawFrom, drawnRange } from "../range.js";

const probability = (usual: number, what: string) =>
  z.number().min(0).max(1).default(usual).describe(`share of the solutions that hold ${what}`);

/** Keys of a ranges file that are of a solution's contents. */
export const contentKeys = {
  particles: drawnRange(0, 20)
    .default([0.7, 1.6])
    .describe(
      "numbers of the particles that `--particles` does not give, relative to the challenge's; never fewer than three of a type",
    ),
  distractors: z
    .strictObject({
      kinds: drawnRange(0, 100)
        .default([10, 40])
        .describe("kinds of unlisted proteins in a tomogram; each has its own share, some rare, some common"),
      perParticle: drawnRange(0, 50)
        .default([1, 12])
        .describe("unlisted proteins for each particle, as far as they find room"),
    })
    .prefault({}),
  flexibility: z
    .strictObject({
      bend: drawnRange(0, 20)
        .default([0, 6])
        .describe(
          "how far the rim of the most bent copies shifts, Å, and no farther than a tenth of their radius; each copy draws its own share of it",
        ),
      missing: drawnRange(0, 1).default([0, 0.08]).describe("probability that a copy lacks a domain"),
    })
    .prefault({}),
  negatives: z
    .strictObject({
      vesicles: probability(0.6, "a few vesicles"),
      gold: probability(0.6, "a few gold beads"),
      carbon: probability(0.15, "the edge of a carbon film"),
    })
    .prefault({}),
};

const contentSchema = z.strictObject(contentKeys);
export type ContentRanges = z.output<typeof contentSchema>;

/** What was drawn for one solution. */
export interface Contents {
  /** Numbers of particles relative to the challenge's. */
  readonly particles: number;
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
  const { particles, distractors, flexibility, negatives } = ranges;
  const wanted = Math.round(drawFrom(distractors.kinds, random));
  const chosen = random.shuffle([...pool]).slice(0, wanted);
  const weights = chosen.map(() => Math.exp(abundanceSpread * random.normal()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    particles: drawFrom(particles, random),
    perParticle: drawFrom(distractors.perParticle, random),
    kinds: Object.fromEntries(chosen.map((name, i) => [name, weights[i]! / total])),
    flexibility: { bend: drawFrom(flexibility.bend, random), missing: drawFrom(flexibility.missing, random) },
    vesicles: random.uniform() < negatives.vesicles,
    gold: random.uniform() < negatives.gold,
    carbon: random.uniform() < negatives.carbon,
  };
}

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
