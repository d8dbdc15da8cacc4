/** Chooses a type's picking settings by their F-beta on tune runs. */
import { matchFraction, type Particle } from "../domain/particles.js";
import { PickbenchError } from "../system/errors.js";
import { type Counts, fbeta } from "./match/fbeta.js";
import { createMatcher, type Matcher } from "./match/matching.js";
import { type PicksByExperiment, positionsOf } from "./match/positions.js";

/** A setting to choose from. */
interface Choosable<Setting> {
  readonly setting: Setting;
  /** Values of the tuned parameters: first the threshold, then what else tells candidates of one threshold apart. */
  readonly position: readonly number[];
}

/** A setting to choose from, with the picks that it finds. */
export interface Candidate<Setting> extends Choosable<Setting> {
  /** Picks that the setting finds on the tune runs. Picks of other types are ignored. */
  readonly picks: PicksByExperiment;
}

interface Tuned<Setting> {
  readonly setting: Setting;
  /** F-beta of the chosen setting, on the runs it was chosen on. */
  readonly fbeta: number;
  readonly counts: Counts;
  /** What the setting was chosen by: its F-beta, from smooth counts where the choice is smooth. */
  readonly value: number;
  /** The greatest value of a candidate: at least `value`, and above it by no more than the tolerance. */
  readonly best: number;
  /** Thresholds around the best candidate, all else alike, between which the value is within 0.01 of the best. */
  readonly flat: { readonly from: number; readonly to: number };
  /** F-beta of every candidate, in their order. */
  readonly all: readonly number[];
}

/**
 * Ways to choose a setting. `cautious`: the lowest threshold whose F-beta is within 0.05 of the best. `smooth`: the lowest
 * whose F-beta is within 0.005 of the best, F-beta being computed from counts that are smooth along the threshold.
 */
export const choices = ["cautious", "smooth"] as const;
export type Choice = (typeof choices)[number];

/** F-beta that each way may lose on the runs tuned on, for a lower threshold. */
const tolerances: Readonly<Record<Choice, number>> = { cautious: 0.05, smooth: 0.005 };

/** Says in words which of all settings a way takes. */
export const choiceText = (choice: Choice = "cautious"): string =>
  `of all settings of the experiment's grid within ${tolerances[choice]} of the best F4 there${choice === "smooth" ? ", its counts smeared along the threshold" : ""}, the one with the lowest threshold`;

/**
 * Chooses a type's setting among candidates by F-beta on the tune runs: not the single best, which a few runs place at
 * random, but a low threshold near it (see `chooseCautious`).
 *
 * @param truth of the tune runs alone; picks of other types are ignored
 * @throws PickbenchError BadUsage without any candidate
 */
export function tuneSetting<Setting>(
  particle: Particle,
  truth: PicksByExperiment,
  candidates: readonly Candidate<Setting>[],
  choice: Choice = "cautious",
): Tuned<Setting> {
  if (candidates.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `no setting to choose from for ${particle.name}, wanted at least one; widen the grid`,
    );
  const counts = candidates.map(({ picks }) => countType(particle, truth, picks));
  return chooseByCounts(candidates, counts, choice);
}

/**
 * Chooses among one or more settings as `tuneSetting` does.
 *
 * @param counts of each candidate, in their order
 */
export function chooseByCounts<Setting>(
  candidates: readonly Choosable<Setting>[],
  counts: readonly Counts[],
  choice: Choice = "cautious",
): Tuned<Setting> {
  const all = counts.map((each) => fbeta(each));
  const judged = choice === "smooth" ? smoothCurves(candidates, counts) : all;
  const points = candidates.map(({ position }, i) => ({ position, value: judged[i]! }));
  const chosen = chooseCautious(points, tolerances[choice]);
  return {
    setting: candidates[chosen]!.setting,
    fbeta: all[chosen]!,
    counts: counts[chosen]!,
    value: judged[chosen]!,
    best: Math.max(...judged),
    flat: flatRange(points),
    all,
  };
}

/** Returns the F-beta of each candidate from counts that are smooth along the thresholds, all else alike. */
function smoothCurves(candidates: readonly Choosable<unknown>[], counts: readonly Counts[]): number[] {
  const values: number[] = [];
  for (const curve of curvesOf(candidates)) {
    const thresholds = curve.map((i) => candidates[i]!.position[0] ?? 0);
    const smooth = smoothCounts(
      thresholds,
      curve.map((i) => counts[i]!),
    );
    curve.forEach((i, at) => {
      values[i] = fbeta(smooth[at]!);
    });
  }
  return values;
}

/** Returns the indices of points that differ in the threshold alone, by rising threshold. */
function curvesOf(points: readonly Pick<GridValue, "position">[]): number[][] {
  const curves = new Map<string, number[]>();
  points.forEach(({ position }, i) => {
    const key = position.slice(1).join(" ");
    curves.set(key, [...(curves.get(key) ?? []), i]);
  });
  const threshold = (i: number) => points[i]!.position[0] ?? 0;
  return [...curves.values()].map((curve) => curve.sort((a, b) => threshold(a) - threshold(b)));
}

/** Standard deviation of the kernel that smears counts, in units of the threshold's logit. */
const usualBandwidth = 0.2;

/**
 * Smears counts along the threshold, so that no single particle places the best one: each particle found and each false
 * pick counts at a threshold t by the share of its thresholds around t, under a normal kernel of standard deviation 0.2 in
 * logit t (0.05 at 0.5, 0.018 at 0.1), which is divided by its sum over the grid. Thresholds that are no probabilities
 * between 0 and 1 leave the counts as they are.
 *
 * @param thresholds rising
 * @param counts at each of them
 */
export function smoothCounts(
  thresholds: readonly number[],
  counts: readonly Counts[],
  bandwidth: number = usualBandwidth,
): Counts[] {
  if (!thresholds.every((threshold) => threshold > 0 && threshold < 1)) return [...counts];
  const places = thresholds.map((threshold) => Math.log(threshold / (1 - threshold)));
  const last = places.length - 1;
  const widths = places.map((_, i) => {
    const [low, high] = [Math.max(0, i - 1), Math.min(last, i + 1)];
    return last === 0 ? 1 : (places[high]! - places[low]!) / (high - low);
  });
  return places.map((place) => {
    const weights = places.map(
      (other, i) => widths[i]! * Math.exp(-(((place - other) / bandwidth) ** 2) / 2),
    );
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = (key: keyof Counts) =>
      counts.reduce((sum, each, i) => sum + weights[i]! * each[key], 0) / whole;
    return { tp: mean("tp"), fp: mean("fp"), fn: mean("fn") };
  });
}

/** F-beta below the best up to which a curve is told to be flat. */
const flatTolerance = 0.01;

function flatRange(points: readonly GridValue[]): { from: number; to: number } {
  const best = Math.max(...points.map(({ value }) => value));
  const curve = curvesOf(points).find((indices) => indices.some((i) => points[i]!.value === best))!;
  const isFlat = (at: number) => (points[curve[at] ?? -1]?.value ?? -1) >= best - flatTolerance;
  let from = curve.findIndex((i) => points[i]!.value === best);
  let to = from;
  while (isFlat(from - 1)) from--;
  while (isFlat(to + 1)) to++;
  const threshold = (at: number) => points[curve[at]!]!.position[0] ?? 0;
  return { from: threshold(from), to: threshold(to) };
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
  /** Values of the tuned parameters, the threshold first. */
  readonly position: readonly number[];
  readonly value: number;
}

/**
 * Returns the index of the cautious point: of all within `tolerance` of the best, the lowest along the first parameter
 * (the threshold), of those the best, then the first. With beta 4 a lost particle costs as much as some sixteen false
 * ones, so F falls off steeply above the best threshold and slowly below it; and the best threshold of other runs lies
 * on either side. Measured with two checkpoints, each tuned on one phantom and scored on the other, both ways: .862 and
 * .887 on average against .843 and .867 for the middle of the plateau over three least volumes.
 */
export function chooseCautious(
  points: readonly GridValue[],
  tolerance: number = tolerances.cautious,
): number {
  const best = Math.max(...points.map(({ value }) => value));
  const threshold = ({ position }: GridValue) => position[0] ?? 0;
  return points.reduce((chosen, point, i) => {
    if (point.value < best - tolerance) return chosen;
    if (chosen < 0) return i;
    const lower = threshold(point) - threshold(points[chosen]!);
    return lower < 0 || (lower === 0 && point.value > points[chosen]!.value) ? i : chosen;
  }, -1);
}
