/** Chooses a type's picking settings by their F-beta on tune runs. */
import { matchFraction, type Particle } from "../domain/particles.js";
import { PickbenchError } from "../system/errors.js";
import { type Counts, fbeta } from "./match/fbeta.js";
import { createMatcher, type Matcher } from "./match/matching.js";
import { type PicksByExperiment, positionsOf } from "./match/positions.js";

/** A setting to choose from, with the picks that it finds. */
export interface Candidate<Setting> {
  readonly setting: Setting;
  /** Index along each tuned parameter; candidates one step apart along a single parameter are neighbours. */
  readonly position: readonly number[];
  /** Picks that the setting finds on the tune runs. Picks of other types are ignored. */
  readonly picks: PicksByExperiment;
}

interface Tuned<Setting> {
  readonly setting: Setting;
  /** F-beta of the chosen setting, on the runs it was chosen on. */
  readonly fbeta: number;
  readonly counts: Counts;
  /** F-beta of the best candidate: at least `fbeta`, and above it by no more than the tolerance. */
  readonly best: number;
  /** F-beta of every candidate, in their order. */
  readonly all: readonly number[];
}

/**
 * Chooses a type's setting among candidates by F-beta on the tune runs: not the single best, which a few runs place at
 * random, but the cautious one near it (see `chooseCautious`).
 *
 * @param truth of the tune runs alone; picks of other types are ignored
 * @throws PickbenchError BadUsage without any candidate
 */
export function tuneSetting<Setting>(
  particle: Particle,
  truth: PicksByExperiment,
  candidates: readonly Candidate<Setting>[],
  tolerance: number = cautionTolerance,
): Tuned<Setting> {
  if (candidates.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `no setting to choose from for ${particle.name}, wanted at least one; widen the grid`,
    );
  const counts = candidates.map(({ picks }) => countType(particle, truth, picks));
  const all = counts.map((each) => fbeta(each));
  const chosen = chooseCautious(
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

/** Returns the official counts of one type, summed over the experiments of the truth. */
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
    [...positionsOf(truth)].map(([experiment, ofExperiment]) => [
      experiment,
      createMatcher(
        ofExperiment.get(particle.name)?.coordinates ?? new Float64Array(0),
        particle.radius * matchFraction,
      ),
    ]),
  );
/** A point of a grid of settings and what it is worth. */
interface GridValue {
  /** Index along each tuned parameter. */
  readonly position: readonly number[];
  readonly value: number;
}

/** F-beta that the cautious choice may lose on the runs tuned on. */
const cautionTolerance = 0.05;

/**
 * Returns the index of the cautious point: of all within `tolerance` of the best, the lowest along the first parameter
 * (the threshold), of those the best, then the first. With beta 4 a lost particle costs as much as some sixteen false
 * ones, so F falls off steeply above the best threshold and slowly below it; and the best threshold of other runs lies
 * on either side. Measured with two checkpoints, each tuned on one phantom and scored on the other, both ways: .862 and
 * .887 on average against .843 and .867 for the middle of the plateau over three least volumes.
 */
export function chooseCautious(points: readonly GridValue[], tolerance: number = cautionTolerance): number {
  const best = Math.max(...points.map(({ value }) => value));
  const threshold = ({ position }: GridValue) => position[0] ?? 0;
  return points.reduce((chosen, point, i) => {
    if (point.value < best - tolerance) return chosen;
    if (chosen < 0) return i;
    const lower = threshold(point) - threshold(points[chosen]!);
    return lower < 0 || (lower === 0 && point.value > points[chosen]!.value) ? i : chosen;
  }, -1);
}
