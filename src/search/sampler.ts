/** Proposes values for trials: at random, or by the tree-structured Parzen estimator. */
import { type Random, randomFor } from "../domain/random.js";
import { canonicalJson } from "../system/files.js";
import type { SearchParameter } from "../train/experiment/searchSpace.js";
import { type NumberParameter, type TrialValues, unitOf, valueAt } from "./parameters.js";

/** Methods to propose values: the tree-structured Parzen estimator, or random draws. */
export const methods = ["tpe", "random"] as const;
export type Method = (typeof methods)[number];

/** Values of a trial and their result. */
export interface Observation {
  readonly values: TrialValues;
  /** Number of rungs passed; Infinity for a whole training, -1 for a failed trial. */
  readonly reached: number;
  /** Score on the tune runs, where the trial ended. */
  readonly score: number;
}

/** Number of random trials before the estimator starts. */
const startupTrials = 8;

/** Number of the first trials whose values do not depend on what became of others. */
export const independentTrials = (method: Method, trials: number): number =>
  method === "random" ? trials : Math.min(trials, startupTrials);
/** Share of the trials that counts as good. */
const goodShare = 0.15;
/** Number of draws from the good trials' density, of which the most promising is taken. */
const candidates = 24;

/**
 * Proposes the values of trial number `trial`: a function of the seed, the number and the trials before it.
 *
 * `tpe` is the tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), each parameter by itself: after some
 * random trials, the previous trials are split into good and bad ones, and of several draws from the good ones' density
 * the one with the greatest ratio of good to bad density is taken. A trial that ended early ranks below every one that
 * got farther, because their scores belong to different steps.
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

/** Draws a choice. The density counts each value, plus one each as the prior. */
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

/** Draws an index by shares that sum to 1. */
function drawnBy(shares: readonly number[], random: Random): number {
  let left = random.uniform();
  const at = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return at < 0 ? shares.length - 1 : at;
}

/** Returns the first of the values with the greatest promise. */
function mostPromising<T>(drawn: readonly T[], promise: (value: T) => number): T {
  const promises = drawn.map(promise);
  return drawn[promises.indexOf(Math.max(...promises))]!;
}

/**
 * A Parzen window on [0, 1]. The density of the estimator (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for
 * hyper-parameter optimization", NeurIPS 2011, section 4.2) has a Gaussian at every observation, as wide as the farther
 * of its two neighbours is away, and the prior as one more window over the whole range.
 */
interface Window {
  readonly centre: number;
  readonly width: number;
  /** Share of the Gaussian within [0, 1]. */
  readonly inside: number;
}

interface Density {
  draw(random: Random): number;
  at(unit: number): number;
}

/** Makes the density of observations. @param observations in [0, 1], in any order; without any, the prior */
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

/** Returns the standard normal distribution function (Abramowitz and Stegun 26.2.17, within 7.5e-8). */
export function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)) * series;
  return x < 0 ? above : 1 - above;
}
