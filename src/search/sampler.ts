import { type Random, randomFor } from "../domain/random.js";
import { canonicalJson } from "../system/files.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { type NumberParameter, type TrialValues, unitOf, valueAt } from "./parameters.js";

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
const startupTrials = 8;
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

/**
 * Parzen windows on [0, 1], as the tree-structured Parzen estimator has them (Bergstra, Bardenet, Bengio and Kégl,
 * "Algorithms for hyper-parameter optimization", NeurIPS 2011, section 4.2): a Gaussian at every observation, as wide as
 * the farther of its two neighbours is away, and the prior as one more window over the whole range.
 */

interface Window {
  readonly centre: number;
  readonly width: number;
  /** The share of the Gaussian that lies within [0, 1]. */
  readonly inside: number;
}

interface Density {
  draw(random: Random): number;
  at(unit: number): number;
}

/** @param observations in [0, 1], in any order; none gives the prior */
export function parzenDensity(observations: readonly number[]): Density {
  const windows = windowsOf(observations);
  return {
    draw(random) {
      const { centre, width } = windows[random.integer(windows.length)]!;
      for (;;) {
        const unit = centre + width * random.normal();
        if (unit >= 0 && unit <= 1) return unit;
      }
    },
    at: (unit) =>
      windows.reduce(
        (sum, { centre, width, inside }) =>
          sum + Math.exp(-0.5 * ((unit - centre) / width) ** 2) / (width * inside),
        0,
      ) /
      (windows.length * Math.sqrt(2 * Math.PI)),
  };
}

function windowsOf(observations: readonly number[]): Window[] {
  const prior = 0.5;
  const centres = [...observations, prior].sort((a, b) => a - b);
  const narrowest = 1 / Math.min(100, centres.length + 1);
  const priorAt = centres.indexOf(prior);
  return centres.map((centre, at) => {
    const below = centre - (centres[at - 1] ?? 0);
    const above = (centres[at + 1] ?? 1) - centre;
    const width = at === priorAt ? 1 : Math.min(1, Math.max(narrowest, below, above));
    return { centre, width, inside: normalBelow((1 - centre) / width) - normalBelow(-centre / width) };
  });
}

/** The standard normal distribution function (Abramowitz and Stegun 26.2.17, within 7.5e-8). */
export function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * series;
  return x < 0 ? above : 1 - above;
}
