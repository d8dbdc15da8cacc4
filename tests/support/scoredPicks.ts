// Picks with scores around the particles of a truth: some found, some found twice, some missed, and false ones.
import type { Particle, ParticlePick } from "../../src/domain/particles.js";
import { randomFor } from "../../src/domain/random.js";
import { angstrom } from "../../src/domain/units.js";
import type { PicksByExperiment } from "../../src/score/match/positions.js";

/** A pick with a score. */
export type ScoredPick = ParticlePick & { readonly score: number };

/**
 * Draws picks: of each particle none to three, displaced by up to 1.4 match distances, and of each type as many false ones
 * as the run has particles. Scores have two digits, so that many are equal.
 */
export function scoredPicks(
  truth: PicksByExperiment,
  particles: readonly Particle[],
  seed: number,
): Map<string, ScoredPick[]> {
  const picks = new Map<string, ScoredPick[]>();
  for (const [run, places] of truth) {
    const random = randomFor(seed, `scored picks of ${run}`);
    const list: ScoredPick[] = [];
    const add = (type: string, at: readonly number[], score: number) =>
      list.push({
        type,
        x: angstrom(at[0]!),
        y: angstrom(at[1]!),
        z: angstrom(at[2]!),
        score: Math.round(100 * score) / 100,
      });
    const extent = (axis: "x" | "y" | "z") => Math.max(1000, ...places.map((place) => place[axis]));
    const size = [extent("x"), extent("y"), extent("z")];
    for (const { type, x, y, z } of places) {
      const reach = particles.find(({ name }) => name === type)!.radius / 2;
      const count = random.integer(4);
      for (let each = 0; each < count; each++) {
        const moved = [x, y, z].map((at) => at + reach * random.between(-0.8, 0.8));
        add(type, moved, random.between(0.2, 1));
      }
    }
    for (const { name } of particles)
      for (let each = 0; each < places.length / particles.length; each++)
        add(
          name,
          size.map((most) => most * random.uniform()),
          0.7 * random.uniform(),
        );
    picks.set(run, list);
  }
  return picks;
}

/** Writes picks as a CSV with the challenge's columns and a score. */
export function scoredCsv(picks: ReadonlyMap<string, readonly ScoredPick[]>): string {
  const rows = [...picks].flatMap(([run, list]) =>
    list.map(({ type, x, y, z, score }) => `${run},${type},${x},${y},${z},${score}`),
  );
  return `${["experiment,particle_type,x,y,z,score", ...rows].join("\n")}\n`;
}
