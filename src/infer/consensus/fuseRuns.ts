/** Fusion of whole sets of picks: every type in every run. */
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { type FusedPick, fusePicks } from "./fusePicks.js";

/** Settings by which the picks of one type are fused. */
export interface FusionSettings {
  /** Weights of the pickers, in their order. */
  readonly weights: readonly number[];
  /** Least score of fused picks that are kept; null keeps all. */
  readonly threshold: number | null;
}

/** Settings that were fitted to some runs. */
export interface TunedFusion extends FusionSettings {
  /** F-beta on the runs that the settings were fitted to: no fair test. */
  readonly fbeta: number;
}

/** Rules that are the same for all types. */
export interface FusionRules {
  /** Distance within which picks are one particle, as a share of the particle's radius. */
  readonly radius: number;
  /** Least count of pickers, or with `byWeight` least sum of their weights, of picks that are kept; null keeps all. */
  readonly votes: number | null;
  readonly byWeight: boolean;
}

/** Outcome of fusing one type, over all runs. */
export interface TypeFusion extends FusionSettings {
  readonly type: string;
  /** Counts of each picker's picks. */
  readonly picked: readonly number[];
  readonly fused: number;
  /** Counts of the fused picks that 1, 2, 3, … pickers of weight above 0 have. */
  readonly seenBy: readonly number[];
  readonly kept: number;
}

/** A picker's picks of all types by run. */
export type PicksByRun = ReadonlyMap<string, readonly ParticlePick[]>;

/** Tolerance for rounding where weights are summed to votes. */
const slack = 1e-9;

/** Tells whether enough pickers have a fused pick. */
export const hasVotes = ({ votes, pickers }: FusedPick, { votes: least, byWeight }: FusionRules): boolean =>
  least === null || (byWeight ? votes : pickers) >= least - slack;

/**
 * Fuses every run that any picker has picks of.
 *
 * @param settingsOf returns the settings of a type
 * @returns the kept picks by run, with an empty list for a run without any, and a row for every type that was picked
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
