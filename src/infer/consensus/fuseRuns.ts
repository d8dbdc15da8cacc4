/** Fusion of whole sets of picks: every type in every run. */
import { quantile } from "../../domain/numbers.js";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import type { Symmetry } from "../../domain/symmetry.js";
import { type FusedPick, fusePicks } from "./fusePicks.js";
import { combinedScore, type ScoreRule } from "./scores.js";

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
  /** The same in Å, in place of the share. */
  readonly distance?: number;
  /**
   * Least count of pickers, or with `byWeight` least sum of their weights, of picks that are kept; `all`: as many as looked at
   * the run; null keeps all picks.
   */
  readonly votes: number | "all" | null;
  /** Whether `votes` is no least count but the only one that is kept. */
  readonly isExact?: boolean;
  readonly byWeight: boolean;
  /** How scores of kept picks are combined; `share` if absent. */
  readonly scores?: ScoreRule;
}

/** Returns the distance in Å within which picks of a particle are one. */
export const reachOf = ({ radius }: Particle, rules: FusionRules): number =>
  rules.distance ?? radius * rules.radius;

/** What is known of pickers and particles besides the picks. */
interface FusionFacts {
  /** What tells pickers of equal picks apart, in their order. */
  readonly names?: readonly string[];
  readonly symmetryOf?: ((type: string) => Symmetry | undefined) | undefined;
}

/** A fused pick that is kept. */
export interface KeptPick extends ParticlePick {
  readonly score: number;
  /** Count of pickers that saw it. */
  readonly votes: number;
  /** Their scores in the order of all pickers; null for one that did not see it. */
  readonly byPicker: readonly (number | null)[];
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
  /**
   * Median over fused picks of the mean angle in degrees between their pickers' orientations and the mean of these; null
   * without any.
   */
  readonly turn: number | null;
}

/** A picker's picks of all types, by the runs that it looked at: those without picks have an empty list. */
export type PicksByRun = ReadonlyMap<string, readonly ParticlePick[]>;

/** Tolerance for rounding where weights are summed to votes. */
const slack = 1e-9;

/** Tells whether enough pickers have a fused pick, of so many that looked. */
export function hasVotes({ votes, pickers }: FusedPick, rules: FusionRules, looked: number): boolean {
  const { votes: wanted, byWeight, isExact = false } = rules;
  if (wanted === null) return true;
  if (wanted === "all") return pickers === looked;
  const has = byWeight ? votes : pickers;
  return has >= wanted - slack && (!isExact || has <= wanted + slack);
}

/**
 * Fuses the picks of one type in one run by the pickers that looked at the run: others have no vote, neither for nor
 * against.
 */
export function fuseRun(
  particle: Particle,
  pickers: readonly {
    readonly picks: PicksByRun;
    readonly weight: number;
    readonly name?: string | undefined;
  }[],
  run: string,
  rules: FusionRules,
  symmetry?: Symmetry,
): { readonly fused: FusedPick[]; readonly looked: number } {
  const voters = pickers.map(({ picks, weight, name }) => ({
    picks: (picks.get(run) ?? []).filter(({ type }) => type === particle.name),
    weight: picks.has(run) ? weight : 0,
    name,
  }));
  const fused = fusePicks(particle.name, voters, reachOf(particle, rules), symmetry);
  return { fused, looked: voters.filter(({ weight }) => weight > 0).length };
}

/**
 * Fuses every run that any picker looked at.
 *
 * @param settingsOf returns the settings of a type
 * @returns the kept picks by run, with an empty list for a run without any, and a row for every type that was picked
 */
export function fuseRuns(
  pickers: readonly PicksByRun[],
  particles: readonly Particle[],
  settingsOf: (type: string) => FusionSettings,
  rules: FusionRules,
  { names, symmetryOf }: FusionFacts = {},
): { readonly picks: Map<string, KeptPick[]>; readonly types: TypeFusion[] } {
  const runs = [...new Set(pickers.flatMap((picks) => [...picks.keys()]))].sort();
  const picks = new Map(runs.map((run) => [run, [] as KeptPick[]]));
  const types: TypeFusion[] = [];
  for (const particle of particles) {
    const { name } = particle;
    const settings = settingsOf(name);
    const { weights, threshold } = settings;
    const voters = pickers.map((each, i) => ({ picks: each, weight: weights[i]!, name: names?.[i] }));
    const seenBy = pickers.map(() => 0);
    const turns: number[] = [];
    let kept = 0;
    for (const run of runs) {
      const { fused, looked } = fuseRun(particle, voters, run, rules, symmetryOf?.(name));
      for (const pick of fused) {
        seenBy[pick.pickers - 1]!++;
        if (pick.turn !== undefined) turns.push(pick.turn);
        if (!hasVotes(pick, rules, looked) || (threshold !== null && pick.score < threshold)) continue;
        picks.get(run)!.push(keptPick(pick, pickers.length, rules.scores ?? "share"));
        kept++;
      }
    }
    const picked = pickers.map((each) =>
      [...each.values()].reduce((sum, list) => sum + list.filter(({ type }) => type === name).length, 0),
    );
    const fused = seenBy.reduce((sum, count) => sum + count, 0);
    const turn =
      turns.length === 0
        ? null
        : quantile(
            turns.sort((a, b) => a - b),
            0.5,
          );
    if (picked.some((count) => count > 0))
      types.push({ type: name, ...settings, picked, fused, seenBy, kept, turn });
  }
  return { picks, types };
}

function keptPick(pick: FusedPick, pickers: number, rule: ScoreRule): KeptPick {
  const { type, x, y, z, rotation, members } = pick;
  const byPicker = new Array<number | null>(pickers).fill(null);
  for (const { picker, score } of members) byPicker[picker] = score;
  return {
    ...{ type, x, y, z, score: combinedScore(pick, rule) },
    ...(rotation ? { rotation } : {}),
    ...{ votes: members.length, byPicker },
  };
}
