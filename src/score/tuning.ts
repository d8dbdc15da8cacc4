import { PickbenchError } from "../errors.js";
import { matchFraction, type Particle, type Pick } from "../particles.js";
import { type Counts, fbeta } from "./fbeta.js";
import { createMatcher, type Matcher } from "./matching.js";
import { choosePoint, plateauTolerance } from "./plateau.js";
import { coordinates, type PicksByExperiment } from "./score.js";

export interface Candidate<Setting> {
  readonly setting: Setting;
  /** Index along each tuned parameter: candidates one step apart along one of them are neighbours. */
  readonly position: readonly number[];
  /** What the setting picks on the tune runs. Picks of other types are passed over. */
  readonly picks: PicksByExperiment;
}

export interface Tuned<Setting> {
  readonly setting: Setting;
  /** Of the setting chosen, on the runs it was chosen on. */
  readonly fbeta: number;
  readonly counts: Counts;
  /** Of the best candidate: no lower than `fbeta`, by no more than the tolerance. */
  readonly best: number;
  /** Of every candidate, in their order. */
  readonly all: readonly number[];
}

/**
 * Chooses a type's setting among candidates by F-beta on the tune runs: the middle of the widest plateau near the
 * optimum (see choosePoint), not the single best, which a few runs place at random.
 *
 * @param truth the tune runs alone; picks of other types are passed over
 */
export function tuneSetting<Setting>(
  particle: Particle,
  truth: PicksByExperiment,
  candidates: readonly Candidate<Setting>[],
  tolerance: number = plateauTolerance,
): Tuned<Setting> {
  if (candidates.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `no setting to choose from for ${particle.name}, wanted at least one; widen the grid`,
    );
  const counts = candidates.map(({ picks }) => countType(particle, truth, picks));
  const all = counts.map((each) => fbeta(each));
  const chosen = choosePoint(
    candidates.map(({ position }, i) => ({ position, value: all[i]! })),
    tolerance,
  );
  return {
    setting: candidates[chosen]!.setting,
    fbeta: all[chosen]!,
    counts: counts[chosen]!,
    best: Math.max(...all),
    all,
  };
}

/** The official counts of one type, summed over the experiments of the truth. */
export function countType(particle: Particle, truth: PicksByExperiment, picks: PicksByExperiment): Counts {
  const sum = { tp: 0, fp: 0, fn: 0 };
  for (const [experiment, matcher] of matchersOf(particle, truth)) {
    for (const { type, x, y, z } of picks.get(experiment) ?? [])
      if (type === particle.name) matcher.add(x, y, z);
    const { tp, fp, fn } = matcher.counts();
    sum.tp += tp;
    sum.fp += fp;
    sum.fn += fn;
  }
  return sum;
}

const matchersOf = (particle: Particle, truth: PicksByExperiment): Map<string, Matcher> =>
  new Map(
    [...truth].map(([experiment, picks]) => [
      experiment,
      createMatcher(
        coordinates(picks.filter(({ type }) => type === particle.name)),
        particle.radius * matchFraction,
      ),
    ]),
  );

/** A cut: all picks with a score of at least `lowest` are kept, those of the next step besides. */
export interface CutStep extends Counts {
  /** The lowest score that is kept; Infinity keeps none. */
  readonly lowest: number;
  readonly fbeta: number;
}

export interface TunedCut {
  /** Keep picks with score ≥ cut. */
  readonly cut: number;
  /** At the cut chosen. */
  readonly fbeta: number;
  readonly counts: Counts;
  readonly best: number;
  /** Every cut there is, from none kept to all kept: the F-against-threshold curve. */
  readonly steps: readonly CutStep[];
}

/**
 * The exact F-beta of every possible cut on the picks' scores, in one pass over the picks in descending order
 * (O(n log n)), and the cut to use. All cuts between two neighbouring scores keep the same picks; cuts within
 * `tolerance` of the best form stretches along the score axis; the widest stretch is taken and its middle is the cut.
 * A stretch that keeps all picks ends at the lowest score, for nothing is known beneath it; likewise one that keeps
 * none begins at the highest.
 *
 * @throws PickbenchError BadUsage if a pick of the type has no score
 */
export function tuneCut(
  particle: Particle,
  truth: PicksByExperiment,
  picks: PicksByExperiment,
  tolerance: number = plateauTolerance,
): TunedCut {
  const steps = cutSteps(particle, truth, picks);
  const best = Math.max(...steps.map((step) => step.fbeta));
  const cut = middleOfWidest(steps, best - tolerance);
  const { tp, fp, fn, fbeta: atCut } = steps.findLast(({ lowest }) => lowest >= cut)!;
  return { cut, fbeta: atCut, counts: { tp, fp, fn }, best, steps };
}

function cutSteps(particle: Particle, truth: PicksByExperiment, picks: PicksByExperiment): CutStep[] {
  const matchers = matchersOf(particle, truth);
  const scored = [...picks].flatMap(([experiment, list]) => {
    const matcher = matchers.get(experiment);
    if (matcher === undefined) return [];
    return list
      .filter(({ type }) => type === particle.name)
      .map((pick) => ({ matcher, pick, score: scoreOf(pick, experiment) }));
  });
  scored.sort((a, b) => b.score - a.score);
  const truths = [...matchers.values()].reduce((sum, matcher) => sum + matcher.counts().fn, 0);
  let tp = 0;
  const step = (lowest: number, kept: number): CutStep => {
    const counts = { tp, fp: kept - tp, fn: truths - tp };
    return { lowest, ...counts, fbeta: fbeta(counts) };
  };
  const steps = [step(Infinity, 0)];
  scored.forEach(({ matcher, pick, score }, i) => {
    tp += matcher.add(pick.x, pick.y, pick.z);
    if (scored[i + 1]?.score !== score) steps.push(step(score, i + 1));
  });
  return steps;
}

function scoreOf({ score, type }: Pick, experiment: string): number {
  if (score !== undefined && Number.isFinite(score)) return score;
  throw new PickbenchError(
    "BadUsage",
    `a ${type} of ${experiment} has score ${score}, wanted a finite number to cut at; pick with scores`,
  );
}

/** Step i holds for cuts above the score of step i + 1 up to its own. */
function middleOfWidest(steps: readonly CutStep[], enough: number): number {
  const highest = steps[1]?.lowest ?? 0;
  let middle = highest;
  let width = -1;
  for (let first = 0; first < steps.length; first++) {
    if (steps[first]!.fbeta < enough) continue;
    let last = first;
    while (last + 1 < steps.length && steps[last + 1]!.fbeta >= enough) last++;
    const high = Math.min(steps[first]!.lowest, highest);
    const low = steps[last + 1]?.lowest ?? steps[last]!.lowest;
    if (high - low > width) {
      width = high - low;
      middle = cutBetween(low, high, last + 1 < steps.length);
    }
    first = last;
  }
  return middle;
}

/** The middle of low to high, where `low` itself is a cut too many if it belongs to the next stretch. */
function cutBetween(low: number, high: number, lowIsOutside: boolean): number {
  const middle = low + (high - low) / 2;
  return lowIsOutside && middle <= low ? high : middle;
}
