/** Verdicts on picks and particles: matched, duplicate or wrong; found or missed. */
import { matchFraction, type Particle, type ParticlePick } from "../../domain/particles.js";
import { createMatcher } from "../match/matching.js";
import { pointGrid } from "../match/pointGrid.js";
import type { PicksByExperiment } from "../score.js";

/**
 * Verdict on a pick: `matched`, the nearest to at least one particle of its type within the match distance;
 * `duplicate`, within reach of a particle that another pick matched; `wrong`, without any particle of its type in
 * reach.
 */
type Verdict = "matched" | "duplicate" | "wrong";

/** A pick with its verdict. */
export interface JudgedPick {
  readonly experiment: string;
  readonly pick: ParticlePick;
  readonly verdict: Verdict;
}

/** A true particle with the pick that found it. */
export interface JudgedParticle {
  readonly experiment: string;
  /** The true particle's centre. */
  readonly place: ParticlePick;
  /** The nearest pick of its type within the match distance, in Å; undefined for a miss. */
  readonly match: { readonly pick: ParticlePick; readonly distance: number } | undefined;
}

/** The picks and particles of one type in the experiments of the truth. */
export interface Judged {
  readonly particle: Particle;
  readonly picks: readonly JudgedPick[];
  readonly particles: readonly JudgedParticle[];
}

/**
 * The official counts and their parts: fp = duplicates + wrongPicks − shared. A pick that is the nearest to two
 * particles counts twice in tp, so the score subtracts it from fp.
 */
export interface VerdictCounts {
  readonly truths: number;
  readonly predictions: number;
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  /** Number of picks that are the nearest to at least one particle. */
  readonly matchedPicks: number;
  readonly duplicates: number;
  readonly wrongPicks: number;
  /** tp − matchedPicks: particles whose pick had already found another particle. */
  readonly shared: number;
}

/** Returns a type's match distance in Å. */
export const matchDistanceOf = ({ radius }: Particle): number => radius * matchFraction;

export const isMissed = ({ match }: JudgedParticle): boolean => match === undefined;
export const isFalse = ({ verdict }: JudgedPick): boolean => verdict !== "matched";

/** Judges one type by the challenge's matching; picks of experiments outside the truth are left out. */
export function judge(particle: Particle, truth: PicksByExperiment, picks: PicksByExperiment): Judged {
  const ofType = ({ type }: ParticlePick): boolean => type === particle.name;
  const judgedPicks: JudgedPick[] = [];
  const particles: JudgedParticle[] = [];
  for (const [experiment, all] of truth) {
    const judged = judgeExperiment(
      experiment,
      all.filter(ofType),
      (picks.get(experiment) ?? []).filter(ofType),
      matchDistanceOf(particle),
    );
    for (const pick of judged.picks) judgedPicks.push(pick);
    for (const place of judged.particles) particles.push(place);
  }
  return { particle, picks: judgedPicks, particles };
}

function judgeExperiment(
  experiment: string,
  places: readonly ParticlePick[],
  picks: readonly ParticlePick[],
  distance: number,
): Omit<Judged, "particle"> {
  const flat = Float64Array.from(places.flatMap(({ x, y, z }) => [x, y, z]));
  const matcher = createMatcher(flat, distance);
  for (const { x, y, z } of picks) matcher.add(x, y, z);
  const matches = new Map(matcher.nearest().map((pair) => [pair.truth, pair]));
  const serving = new Set([...matches.values()].map(({ prediction }) => prediction));
  const grid = pointGrid(flat, distance);
  const found: number[] = [];
  const verdictOf = ({ x, y, z }: ParticlePick, index: number): Verdict => {
    if (serving.has(index)) return "matched";
    return grid.within(x, y, z, distance, found) > 0 ? "duplicate" : "wrong";
  };
  return {
    picks: picks.map((pick, index) => ({ experiment, pick, verdict: verdictOf(pick, index) })),
    particles: places.map((place, index) => {
      const pair = matches.get(index);
      return {
        experiment,
        place,
        match: pair && { pick: picks[pair.prediction]!, distance: pair.distance },
      };
    }),
  };
}

/** Counts a type's verdicts. */
export function verdictCounts({ picks, particles }: Judged): VerdictCounts {
  const count = (verdict: Verdict): number => picks.filter((pick) => pick.verdict === verdict).length;
  const fn = particles.filter(isMissed).length;
  const tp = particles.length - fn;
  const matchedPicks = count("matched");
  return {
    truths: particles.length,
    predictions: picks.length,
    tp,
    fp: picks.length - tp,
    fn,
    matchedPicks,
    duplicates: count("duplicate"),
    wrongPicks: count("wrong"),
    shared: tp - matchedPicks,
  };
}
