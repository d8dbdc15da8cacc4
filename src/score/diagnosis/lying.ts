/** Which features picks lie in: what false ones were taken for. */
import { challengeParticles, type Particle } from "../../domain/particles.js";
import type { Position } from "../../domain/units.js";
import { alignedTable } from "../../present/text.js";
import type { PicksByExperiment } from "../match/positions.js";
import { judge } from "./verdicts.js";

/** Of one type: picks by the feature in which they lie, right ones and false ones. */
export interface Lying {
  readonly right: Readonly<Record<string, number>>;
  readonly wrong: Readonly<Record<string, number>>;
}

/**
 * Counts picks of each type by what lies at their centre, in experiments where that is known. A pick is right where it is
 * the nearest to a particle within the match distance; duplicates and all others are false.
 *
 * @param at by experiment, returns the name of what lies at a position in Å
 */
export function lyingIn(
  truth: PicksByExperiment,
  picks: PicksByExperiment,
  at: ReadonlyMap<string, (position: Position) => string>,
  particles: readonly Particle[] = challengeParticles,
): Readonly<Record<string, Lying>> {
  const found: Record<string, Lying> = {};
  for (const particle of particles) {
    const counts = { right: {} as Record<string, number>, wrong: {} as Record<string, number> };
    for (const { experiment, pick, verdict } of judge(particle, truth, picks).picks) {
      const place = at.get(experiment)?.(pick);
      if (place === undefined) continue;
      const kind = verdict === "matched" ? counts.right : counts.wrong;
      kind[place] = (kind[place] ?? 0) + 1;
    }
    if (Object.keys(counts.right).length + Object.keys(counts.wrong).length > 0)
      found[particle.name] = counts;
  }
  return found;
}

/** Writes where picks lie as a table, most false picks first. */
export function lyingText(lying: Readonly<Record<string, Lying>>): string {
  const rows = Object.entries(lying).flatMap(([type, { right, wrong }]) =>
    [...new Set([...Object.keys(wrong), ...Object.keys(right)])]
      .map((place) => [place, wrong[place] ?? 0, right[place] ?? 0] as const)
      .sort((a, b) => b[1] - a[1] || b[2] - a[2])
      .map(([place, false_, right_]) => [type, place, String(false_), String(right_)]),
  );
  return alignedTable([["type", "lies in", "false picks", "right picks"], ...rows]);
}
