/** Verdicts on the picks and particles of one run, at any threshold, by either definition of a match. */
import type { Particle, ParticlePick } from "../../../domain/particles.js";
import { nearestOf } from "../../../score/diagnosis/nearest.js";
import { matchDistanceOf } from "../../../score/diagnosis/verdicts.js";
import type { Counts } from "../../../score/match/fbeta.js";
import { createMatcher } from "../../../score/match/matching.js";
import { pointGrid } from "../../../score/match/pointGrid.js";
import {
  type CountSteps,
  countSteps,
  fallingOrder,
  type MatchDefinition,
  numberFrom,
} from "../../../score/match/steps.js";

/**
 * Verdict on a pick: `true`, it found a particle of its type; `double`, within the match distance of a particle, which
 * another pick found; `false`, with no particle of its type in reach.
 */
export type Verdict = "true" | "double" | "false";

/** A pick with its verdict. */
export interface JudgedPick<Pick extends ParticlePick = ParticlePick> {
  /** Number of the pick in its set. */
  readonly index: number;
  readonly pick: Pick;
  readonly verdict: Verdict;
  /** The particle that it found; of one that found none, the nearest in reach. */
  readonly truth: ParticlePick | undefined;
}

/** A true particle, and the pick that found it. */
export interface JudgedTruth<Pick extends ParticlePick = ParticlePick> {
  /** Number of the particle in the truth. */
  readonly index: number;
  readonly truth: ParticlePick;
  /** Undefined for a missed particle; the distance in Å. */
  readonly match: { readonly pick: Pick; readonly index: number; readonly distance: number } | undefined;
}

/** Verdicts on one type. */
export interface TypeVerdicts<Pick extends ParticlePick = ParticlePick> {
  readonly particle: Particle;
  /** Picks at or above the threshold, surest first. */
  readonly picks: readonly JudgedPick<Pick>[];
  readonly truths: readonly JudgedTruth<Pick>[];
  /** The official counts, or the strict ones. fp is the number of picks − tp. */
  readonly counts: Counts;
  /** Particles that were found by a pick which found another one too: each lessens fp by one. */
  readonly shared: number;
}

/** One type of one run, prepared so that only matching is left to do at a threshold. */
interface Prepared<Pick extends ParticlePick> {
  readonly particle: Particle;
  readonly truths: readonly { readonly index: number; readonly truth: ParticlePick }[];
  /** Surest first. */
  readonly picks: readonly {
    readonly index: number;
    readonly pick: Pick;
    readonly near: ParticlePick | undefined;
  }[];
  readonly coordinates: Float64Array;
  readonly steps: CountSteps;
}

/** Judges the picks of one run at any threshold. A pick counts where its score is at least the threshold, or absent. */
export interface Judge<Pick extends ParticlePick = ParticlePick> {
  readonly particles: readonly Particle[];
  /** Steps of the types that the truth holds. */
  readonly steps: ReadonlyMap<string, CountSteps>;
  /** Steps of all types. */
  readonly allSteps: ReadonlyMap<string, CountSteps>;
  /** Verdicts on a known type. The same object as before where nothing has changed. */
  verdicts(type: string, threshold: number, definition: MatchDefinition): TypeVerdicts<Pick>;
  /** Picks of types that are not among the particles. */
  readonly unknown: readonly Pick[];
}

/** Makes the judge of one run's picks. Picks are sorted once. */
export function createJudge<Pick extends ParticlePick>(
  particles: readonly Particle[],
  truth: readonly ParticlePick[],
  picks: readonly Pick[],
): Judge<Pick> {
  const known = new Set(particles.map(({ name }) => name));
  const truthOf = byType(truth);
  const picksOf = byType(picks);
  const prepared = new Map(
    particles.map((particle) => {
      const { name } = particle;
      return [name, prepare(particle, truthOf.get(name) ?? [], picksOf.get(name) ?? [])];
    }),
  );
  const latest = new Map<string, { kept: number; verdicts: TypeVerdicts<Pick> }>();
  const allSteps = new Map([...prepared].map(([name, { steps }]) => [name, steps]));
  return {
    particles,
    allSteps,
    steps: new Map([...allSteps].filter(([name]) => truthOf.has(name))),
    unknown: picks.filter(({ type }) => !known.has(type)),
    verdicts(type, threshold, definition) {
      const ofType = prepared.get(type)!;
      const kept = numberFrom(ofType.steps.picks, threshold);
      const key = `${definition} ${type}`;
      const before = latest.get(key);
      if (before?.kept === kept) return before.verdicts;
      const verdicts = judged(ofType, kept, definition);
      latest.set(key, { kept, verdicts });
      return verdicts;
    },
  };
}

function byType<Pick extends ParticlePick>(
  picks: readonly Pick[],
): Map<string, { index: number; pick: Pick }[]> {
  const groups = new Map<string, { index: number; pick: Pick }[]>();
  for (const [index, pick] of picks.entries()) {
    const group = groups.get(pick.type);
    if (group) group.push({ index, pick });
    else groups.set(pick.type, [{ index, pick }]);
  }
  return groups;
}

const flat = (places: readonly ParticlePick[]): Float64Array => {
  const coordinates = new Float64Array(3 * places.length);
  for (const [at, { x, y, z }] of places.entries()) coordinates.set([x, y, z], 3 * at);
  return coordinates;
};

function prepare<Pick extends ParticlePick>(
  particle: Particle,
  truth: readonly { index: number; pick: ParticlePick }[],
  unsorted: readonly { index: number; pick: Pick }[],
): Prepared<Pick> {
  const scores = Float64Array.from(unsorted, ({ pick }) => pick.score ?? Number.NaN);
  const sorted = Array.from(fallingOrder(scores), (at) => unsorted[at]!);
  const distance = matchDistanceOf(particle);
  const truths = truth.map(({ index, pick }) => ({ index, truth: pick }));
  const places = flat(truth.map(({ pick }) => pick));
  const coordinates = flat(sorted.map(({ pick }) => pick));
  const grid = pointGrid(places, distance);
  const found: number[] = [];
  return {
    particle,
    truths,
    picks: sorted.map(({ index, pick }) => ({
      ...{ index, pick },
      near: nearestOf(
        pick,
        found.slice(0, grid.within(pick.x, pick.y, pick.z, distance, found)).map((at) => truths[at]!.truth),
        (each) => each,
      )?.item,
    })),
    coordinates: places,
    steps: countSteps(places, { coordinates, scores: scores.sort().reverse() }, distance),
  };
}

function judged<Pick extends ParticlePick>(
  { particle, truths, picks: all, coordinates }: Prepared<Pick>,
  kept: number,
  definition: MatchDefinition,
): TypeVerdicts<Pick> {
  const matcher = createMatcher(coordinates, matchDistanceOf(particle));
  const picks = all.slice(0, kept);
  for (const { pick } of picks) matcher.add(pick.x, pick.y, pick.z);
  const pairs = definition === "challenge" ? matcher.nearest() : matcher.pairs();
  const byTruth = new Map(pairs.map((pair) => [pair.truth, pair]));
  const serving = new Map(pairs.map(({ prediction, truth }) => [prediction, truths[truth]!.truth]));
  const tp = pairs.length;
  return {
    particle,
    picks: picks.map(({ index, pick, near }, at) => {
      const truth = serving.get(at);
      return { index, pick, verdict: truth ? "true" : near ? "double" : "false", truth: truth ?? near };
    }),
    truths: truths.map(({ index, truth }, at) => {
      const pair = byTruth.get(at);
      const by = pair && picks[pair.prediction]!;
      return {
        ...{ index, truth },
        match: pair && by && { pick: by.pick, index: by.index, distance: pair.distance },
      };
    }),
    counts: { tp, fp: kept - tp, fn: truths.length - tp },
    shared: tp - serving.size,
  };
}
