/** What a phantom holds: the numbers of particles, and the densities of particles and distractors. */
import { challengeParticles } from "../../domain/particles.js";
import type { Random } from "../../domain/random.js";
import { type Density, isParticle, readDensities } from "./density.js";
import { shapeOf } from "./shapes.js";
import { builtInDistractors } from "./solution/distractors.js";

/** Volume in Å³ of one of the challenge's tomograms, 184 × 630 × 630 voxels of 10.012 Å. */
export const referenceVolume = 184 * 630 * 630 * 10.012444196428572 ** 3;

/** Mean particles per tomogram in the challenge's seven training runs. */
const perReference: Readonly<Record<string, number>> = {
  "apo-ferritin": 53,
  "beta-amylase": 13,
  "beta-galactosidase": 17,
  ribosome: 47,
  thyroglobulin: 34,
  "virus-like-particle": 16,
};

/**
 * Exponent of the crowding in small volumes: a tenth of the volume holds as many particles as half of it would, so that
 * there is something to learn from.
 */
const crowdingPower = 0.8;
const greatestCrowding = 12;
const fewest = 3;
const spread = 0.2;

/**
 * Draws how many particles of each type a tomogram holds: the challenge's density, more crowded in smaller volumes,
 * never fewer than three, varied by a fifth.
 *
 * @param volume Å³
 * @param wanted counts given by the user; the count of any other type is drawn
 * @param times numbers relative to the challenge's
 */
export function drawCounts(
  volume: number,
  wanted: ReadonlyMap<string, number>,
  random: Random,
  times = 1,
): ReadonlyMap<string, number> {
  const share = volume / referenceVolume;
  const crowding = Math.min(greatestCrowding, Math.max(1, share ** -crowdingPower));
  return new Map(
    challengeParticles.map(({ name }) => {
      const mean = (perReference[name] ?? 0) * share * crowding * times;
      const drawn = Math.max(fewest, Math.round(mean * (1 + spread * random.normal())));
      return [name, wanted.get(name) ?? drawn];
    }),
  );
}

/** Densities of a phantom's specimens: the particles by name, and the distractors. */
export interface SpecimenSet {
  readonly particles: ReadonlyMap<string, Density>;
  readonly distractors: readonly Density[];
  /** Those of the distractors that come from maps. */
  readonly mappedDistractors: readonly Density[];
}

/**
 * Assembles the densities of phantoms: maps where the folder has them, built-in shapes for the rest.
 *
 * @param spacing Å per voxel of the tomograms
 * @param folder of density maps, see `readDensities`
 */
export async function assembleSpecimens(spacing: number, folder?: string): Promise<SpecimenSet> {
  const maps = folder === undefined ? new Map<string, Density>() : await readDensities(folder, spacing);
  const particles = new Map<string, Density>();
  for (const { name } of challengeParticles) {
    const density = maps.get(name) ?? shapeOf(name, spacing);
    if (density) particles.set(name, density);
  }
  const mappedDistractors = [...maps.values()].filter(({ name }) => !isParticle(name));
  return {
    particles,
    mappedDistractors,
    distractors: [...mappedDistractors, ...builtInDistractors(spacing)],
  };
}
