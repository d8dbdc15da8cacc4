import type { Particle, ParticlePick } from "../../domain/particles.js";
import { type FusedPick, fusePicks } from "./fusePicks.js";

/** How the picks of one type are fused. */
export interface FusionSettings {
  /** A picker each, in the order of the pickers. */
  readonly weights: readonly number[];
  /** Fused picks with at least this score are kept; null keeps all. */
  readonly threshold: number | null;
}

/** Settings that were fitted to some runs. */
export interface TunedFusion extends FusionSettings {
  /** On the runs that the settings were fitted to: no fair test. */
  readonly fbeta: number;
}

/** What is the same for all types. */
export interface FusionRules {
  /** Picks within this share of the particle's radius are one particle. */
  readonly radius: number;
  /** Only what at least so many pickers saw, counted by their weights where `byWeight`; null keeps all. */
  readonly votes: number | null;
  readonly byWeight: boolean;
}

/** What fusing did with one type, over all runs. */
export interface TypeFusion extends FusionSettings {
  readonly type: string;
  /** Picks of each picker. */
  readonly picked: readonly number[];
  readonly fused: number;
  /** How many of the fused were seen by 1, 2, 3 … pickers that weigh something. */
  readonly seenBy: readonly number[];
  readonly kept: number;
}

export type PicksByRun = ReadonlyMap<string, readonly ParticlePick[]>;

/** Rounding that is forgiven when weights are added up to votes. */
const slack = 1e-9;

/** Whether enough pickers saw it. */
export const hasVotes = ({ votes, pickers }: FusedPick, { votes: least, byWeight }: FusionRules): boolean =>
  least === null || (byWeight ? votes : pickers) >= least - slack;

/**
 * Fuses every run that any picker has picks of.
 *
 * @param settingsOf by type, for all particles
 * @returns the picks kept, of every run though none be left; and a row for every type that was picked
 */
export function fuseRuns(
  pickers: readonly PicksByRun[],
  particles: readonly Particle[],
  settingsOf: (type: string) => FusionSettings,
  rules: FusionRules,
): { readonly picks: Map<string, ParticlePick[]>; readonly types: TypeFusion[] } {
  const runs = [...new Set(pickers.flatMap((picks) => [...picks.keys()]))].sort();
  const picks = new Map(runs.map((run) => [run, [] as ParticlePick[]]));
  const types: TypeFusion[] = [];
  for (const { name, radius } of particles) {
    const settings = settingsOf(name);
    const { weights, threshold } = settings;
    const picked = pickers.map(() => 0);
    const seenBy = pickers.map(() => 0);
    let kept = 0;
    for (const run of runs) {
      const voters = pickers.map((each, i) => ({
        picks: (each.get(run) ?? []).filter(({ type }) => type === name),
        weight: weights[i]!,
      }));
      for (const [i, voter] of voters.entries()) picked[i]! += voter.picks.length;
      for (const fused of fusePicks(name, voters, radius * rules.radius)) {
        seenBy[fused.pickers - 1]!++;
        if (!hasVotes(fused, rules) || (threshold !== null && fused.score < threshold)) continue;
        const { type, x, y, z, score } = fused;
        picks.get(run)!.push({ type, x, y, z, score });
        kept++;
      }
    }
    const fused = seenBy.reduce((sum, count) => sum + count, 0);
    if (picked.some((count) => count > 0))
      types.push({ type: name, ...settings, picked, fused, seenBy, kept });
  }
  return { picks, types };
}
