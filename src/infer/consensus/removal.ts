/** Removal of picks that should not be: those that another picker saw, and those at places where none can be. */
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { pointGrid } from "../../score/match/pointGrid.js";
import type { PicksByRun } from "./fuseRuns.js";

/** A reason to remove picks of one run. */
export interface Sieve {
  /** Why it removes, as in "outside the volume". */
  readonly reason: string;
  readonly keeps: (pick: ParticlePick) => boolean;
}

/** How many picks of a run went, and why. */
export interface Removed {
  readonly run: string;
  readonly reason: string;
  readonly picks: number;
}

/** Removes picks run by run by sieves, one after the other; a pick counts for the first that removes it. */
export async function removePicks<Pick extends ParticlePick>(
  picks: ReadonlyMap<string, readonly Pick[]>,
  sievesOf: (run: string) => Promise<readonly Sieve[]>,
): Promise<{ readonly picks: Map<string, Pick[]>; readonly removed: Removed[] }> {
  const left = new Map<string, Pick[]>();
  const removed: Removed[] = [];
  for (const [run, list] of picks) {
    let kept = [...list];
    for (const { reason, keeps } of kept.length === 0 ? [] : await sievesOf(run)) {
      const before = kept.length;
      kept = kept.filter(keeps);
      if (kept.length < before) removed.push({ run, reason, picks: before - kept.length });
    }
    left.set(run, kept);
  }
  return { picks: left, removed };
}

/**
 * Makes a sieve that removes what a picker saw: picks with one of the picker's of the same type within the distance.
 *
 * @param distanceOf returns the largest distance of a particle in Å, inclusive
 */
export function notSeenBy(
  { path, picks }: { readonly path: string; readonly picks: PicksByRun },
  run: string,
  particles: readonly Particle[],
  distanceOf: (particle: Particle) => number,
): Sieve {
  const grids = new Map(
    particles.map((particle) => {
      const distance = distanceOf(particle);
      const places = (picks.get(run) ?? []).filter(({ type }) => type === particle.name);
      const flat = Float64Array.from(places.flatMap(({ x, y, z }) => [x, y, z]));
      return [particle.name, { grid: pointGrid(flat, distance), distance }];
    }),
  );
  const found: number[] = [];
  return {
    reason: `seen by ${path}`,
    keeps: ({ type, x, y, z }) => {
      const { grid, distance } = grids.get(type)!;
      return grid.within(x, y, z, distance, found) === 0;
    },
  };
}
