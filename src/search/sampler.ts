import { canonicalJson } from "../files.js";
import { type Random, randomFor } from "../random.js";
import type { SearchParameter } from "../train/searchSpace.js";
import { type NumberParameter, type TrialValues, unitOf, valueAt } from "./parameters.js";
import { parzenDensity } from "./parzen.js";

export const methods = ["tpe", "random"] as const;
export type Method = (typeof methods)[number];

/** What a trial's values were worth. */
export interface Observation {
  readonly values: TrialValues;
  /** Rungs passed, Infinity for a whole training; -1 for one that failed. */
  readonly reached: number;
  /** On the tune runs, where it ended. */
  readonly score: number;
}

/** Trials drawn at random before the estimator has enough to go on. */
export const startupTrials = 8;
/** Of the trials, the share that counts as good. */
const goodShare = 0.15;
/** Draws from the good trials' density, of which the most promising is taken. */
const candidates = 24;

/**
 * The values of trial number `trial`: a function of the seed, the number and the trials before it.
 *
 * `tpe` is the tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), each parameter by itself: after some
 * random trials, those before are split into good and bad ones, and of draws from the good ones' density the one is
 * taken that is likeliest among the good against the bad. A trial that was ended early ranks below every one that came
 * farther, for their scores belong to different steps.
 */
export function propose(
  parameters: readonly SearchParameter[],
  method: Method,
  seed: number,
  trial: number,
  before: readonly Observation[],
): TrialValues {
  const guided = method === "tpe" && before.length >= startupTrials;
  const ranked = before.toSorted((a, b) => b.reached - a.reached || b.score - a.score);
  const good = guided ? ranked.slice(0, Math.ceil(goodShare * ranked.length)) : [];
  const bad = guided ? ranked.slice(good.length) : [];
  return Object.fromEntries(
    parameters.map((parameter) => {
      const random = randomFor(seed, `search/${parameter.path}`, trial);
      const seen = (trials: readonly Observation[]) => trials.map(({ values }) => values[parameter.path]);
      return [
        parameter.path,
        guided ? guidedValue(parameter, seen(good), seen(bad), random) : anyValue(parameter, random),
      ];
    }),
  );
}

function anyValue(parameter: SearchParameter, random: Random): unknown {
  return parameter.kind === "choice"
    ? parameter.values[random.integer(parameter.values.length)]
    : valueAt(parameter, random.uniform());
}

const guidedValue = (
  parameter: SearchParameter,
  good: readonly unknown[],
  bad: readonly unknown[],
  random: Random,
): unknown =>
  parameter.kind === "choice"
    ? guidedChoice(parameter.values, good, bad, random)
    : guidedNumber(parameter, good as readonly number[], bad as readonly number[], random);

function guidedNumber(
  parameter: NumberParameter,
  good: readonly number[],
  bad: readonly number[],
  random: Random,
): number {
  const units = (values: readonly number[]) => values.map((value) => unitOf(parameter, value));
  const [among, against] = [parzenDensity(units(good)), parzenDensity(units(bad))];
  const drawn = Array.from({ length: candidates }, () => valueAt(parameter, among.draw(random)));
  return mostPromising(drawn, (value) => {
    const unit = unitOf(parameter, value);
    return among.at(unit) / against.at(unit);
  });
}

/** Counts of each value, and one more of each as the prior. */
function guidedChoice(
  values: readonly unknown[],
  good: readonly unknown[],
  bad: readonly unknown[],
  random: Random,
): unknown {
  const texts = values.map(canonicalJson);
  const counts = (seen: readonly unknown[]) =>
    texts.map(
      (text) =>
        (1 + seen.filter((each) => canonicalJson(each) === text).length) / (seen.length + texts.length),
    );
  const [among, against] = [counts(good), counts(bad)];
  const drawn = Array.from({ length: candidates }, () => drawnBy(among, random));
  return values[mostPromising(drawn, (at) => among[at]! / against[at]!)];
}

/** An index, drawn by shares that sum to 1. */
function drawnBy(shares: readonly number[], random: Random): number {
  let left = random.uniform();
  const at = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return at < 0 ? shares.length - 1 : at;
}

/** The first of the greatest. */
function mostPromising<T>(drawn: readonly T[], promise: (value: T) => number): T {
  const promises = drawn.map(promise);
  return drawn[promises.indexOf(Math.max(...promises))]!;
}
