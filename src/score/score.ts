/**
 * The challenge's score. The room `score` counts: it matches picks to the truth, scores and tunes them, diagnoses
 * their errors and compares scores. docs/metric.md defines the metric.
 */
import { challengeParticles, matchFraction, type Particle, type Weighted } from "../domain/particles.js";
import { type Arrays, cutArrays } from "./match/arena.js";
import { type Counts, fbeta, precisionOf, recallOf } from "./match/fbeta.js";
import { createMatcher, type Matcher } from "./match/matching.js";
import {
  type PicksByExperiment,
  type Positions,
  type PositionsByExperiment,
  positionsOf,
} from "./match/positions.js";
import { checkTruth, unknownType } from "./truthCheck.js";

export type { PicksByExperiment } from "./match/positions.js";

/** One type's part of a score. */
export interface TypeScore extends Counts {
  readonly precision: number;
  readonly recall: number;
  readonly fbeta: number;
  readonly weight: number;
  readonly truths: number;
  readonly predictions: number;
  /** The same counts by one-to-one matching: a diagnostic, not the score. */
  readonly strict: Counts & { readonly fbeta: number };
  /** Mean of prediction − truth over matched truths, each with its nearest prediction, in Å; null without a match. */
  readonly displacement: { readonly dx: number; readonly dy: number; readonly dz: number } | null;
}

/** Counts of one type in one experiment: the unit that a bootstrap resamples. */
export interface ExperimentCounts extends Counts {
  readonly strictTp: number;
}

/** The challenge's score and what it is made of. */
export interface ScoreReport {
  /** The challenge's score: Σ weight·F / Σ of all weights, over the types that the truth holds. */
  readonly score: number;
  readonly strictScore: number;
  /** Scores by type; only types that the truth holds. */
  readonly perType: Readonly<Record<string, TypeScore>>;
  /** How many experiments the truth holds. */
  readonly experiments: number;
  /** Counts by experiment of the truth, then by type. */
  readonly perExperiment: Readonly<Record<string, Readonly<Record<string, ExperimentCounts>>>>;
  /** Numbers of predictions that do not count because the truth lacks their experiment or their type. */
  readonly dropped: { readonly experiment: number; readonly type: number };
}

/** Scores predictions one by one, without keeping them. */
interface Scorer {
  /**
   * Counts one prediction. Returns false, without counting it, for an unknown type in an experiment of the truth.
   *
   * @param place x y z in Å
   */
  add(experiment: string, type: string, place: Float64Array): boolean;
  report(): ScoreReport;
}

/**
 * Scores picks by the challenge's metric (docs/metric.md). Every key of `truth`, even with an empty list, is an
 * experiment of the truth: predictions there are false positives.
 *
 * @throws PickbenchError BadSubmission for an unknown type in an experiment of the truth; BadDataset for an unknown
 * type in the truth, or for two particles at the same position of one experiment
 */
export function scorePicks(
  truth: PicksByExperiment,
  predictions: PicksByExperiment,
  particles: readonly Particle[] = challengeParticles,
): ScoreReport {
  const scorer = createScorer(positionsOf(truth), particles);
  for (const [experiment, picks] of predictions)
    for (const { type, x, y, z } of picks)
      if (!scorer.add(experiment, type, Float64Array.of(x, y, z)))
        throw unknownType("BadSubmission", type, experiment, particles);
  return scorer.report();
}

/** Makes a scorer of the given truth. @throws PickbenchError BadDataset as `scorePicks` does */
export function createScorer(
  truth: PositionsByExperiment,
  particles: readonly Particle[] = challengeParticles,
): Scorer {
  checkTruth(truth, particles);
  const known = new Set(particles.map(({ name }) => name));
  const present = new Set([...truth.values()].flatMap((ofExperiment) => [...ofExperiment.keys()]));
  const scored = particles.filter(({ name }) => present.has(name));
  const arrays = cutArrays();
  const matchers = new Map(
    [...truth].map(([experiment, ofExperiment]) => [
      experiment,
      matchersByType(ofExperiment, scored, arrays),
    ]),
  );
  const dropped = { experiment: 0, type: 0 };
  let latestExperiment: string | undefined;
  let latestType: string | undefined;
  let ofExperiment: ReadonlyMap<string, Matcher> | undefined;
  let matcher: Matcher | undefined;

  return {
    add(experiment, type, place) {
      if (type !== latestType || experiment !== latestExperiment) {
        latestExperiment = experiment;
        latestType = type;
        ofExperiment = matchers.get(experiment);
        matcher = ofExperiment?.get(type);
      }
      if (matcher !== undefined) matcher.add(place[0]!, place[1]!, place[2]!);
      else if (ofExperiment === undefined) dropped.experiment++;
      else if (known.has(type)) dropped.type++;
      else return false;
      return true;
    },
    report: () => reportOf(matchers, scored, particles, { ...dropped }),
  };
}

const noTruth = new Float64Array(0);

const matchersByType = (
  positions: ReadonlyMap<string, Positions>,
  particles: readonly Particle[],
  arrays: Arrays,
): Map<string, Matcher> =>
  new Map(
    particles.map(({ name, radius }) => [
      name,
      createMatcher(positions.get(name)?.coordinates ?? noTruth, radius * matchFraction, arrays),
    ]),
  );

function reportOf(
  matchers: ReadonlyMap<string, ReadonlyMap<string, Matcher>>,
  scored: readonly Particle[],
  particles: readonly Particle[],
  dropped: ScoreReport["dropped"],
): ScoreReport {
  const perExperiment: Record<string, Record<string, ExperimentCounts>> = {};
  const totals = new Map(scored.map(({ name }) => [name, new Total()]));
  for (const [experiment, ofExperiment] of matchers) {
    const counts: Record<string, ExperimentCounts> = {};
    for (const [type, matcher] of ofExperiment) {
      const { tp, fp, fn, strictTp, offset } = matcher.result();
      counts[type] = { tp, fp, fn, strictTp };
      totals.get(type)!.add(counts[type], offset);
    }
    perExperiment[experiment] = counts;
  }
  const perType = Object.fromEntries(
    scored.map(({ name, weight }) => [name, totals.get(name)!.score(weight)]),
  );
  return {
    score: weighted(particles, (type) => perType[type]?.fbeta ?? 0),
    strictScore: weighted(particles, (type) => perType[type]?.strict.fbeta ?? 0),
    perType,
    experiments: matchers.size,
    perExperiment,
    dropped,
  };
}

/** Returns Σ weight·F over all given types, divided by the sum of their weights; 0 where all weights are 0. */
export function weighted(particles: readonly Weighted[], fbetaOf: (type: string) => number): number {
  let sum = 0;
  let weights = 0;
  for (const { name, weight } of particles) {
    sum += weight * fbetaOf(name);
    weights += weight;
  }
  return weights > 0 ? sum / weights : 0;
}

/** Returns Σ weight·F / Σ weight over those of the given types that the truth holds. */
export function scoreOver(types: readonly string[], { perType }: ScoreReport): number {
  const present = types.map((type) => perType[type]).filter((each) => each !== undefined);
  const weights = present.reduce((sum, { weight }) => sum + weight, 0);
  return present.reduce((sum, { weight, fbeta }) => sum + weight * fbeta, 0) / Math.max(1, weights);
}

class Total {
  #tp = 0;
  #fp = 0;
  #fn = 0;
  #strictTp = 0;
  readonly #offset = [0, 0, 0] as [number, number, number];

  add({ tp, fp, fn, strictTp }: ExperimentCounts, offset: readonly [number, number, number]): void {
    this.#tp += tp;
    this.#fp += fp;
    this.#fn += fn;
    this.#strictTp += strictTp;
    for (const axis of [0, 1, 2] as const) this.#offset[axis] += offset[axis];
  }

  score(weight: number): TypeScore {
    const counts = { tp: this.#tp, fp: this.#fp, fn: this.#fn };
    const truths = counts.tp + counts.fn;
    const predictions = counts.tp + counts.fp;
    const strict = {
      tp: this.#strictTp,
      fp: predictions - this.#strictTp,
      fn: truths - this.#strictTp,
    };
    const [dx, dy, dz] = this.#offset;
    return {
      ...counts,
      precision: precisionOf(counts),
      recall: recallOf(counts),
      fbeta: fbeta(counts),
      weight,
      truths,
      predictions,
      strict: { ...strict, fbeta: fbeta(strict) },
      displacement: counts.tp > 0 ? { dx: dx / counts.tp, dy: dy / counts.tp, dz: dz / counts.tp } : null,
    };
  }
}
