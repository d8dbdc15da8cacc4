import { challengeParticles, type Particle } from "../particles.js";
import { type Random, randomFor } from "../random.js";
import { fbeta } from "./fbeta.js";
import { type ScoreReport, weighted } from "./score.js";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface ScoreInterval {
  /** Share of the resampled scores inside, such as 0.9. */
  readonly confidence: number;
  readonly resamples: number;
  /** What was drawn again: whole experiments, or the particles of a single one. */
  readonly over: "experiments" | "particles";
  readonly score: Interval;
  readonly perType: Readonly<Record<string, Interval>>;
}

export interface IntervalOptions {
  readonly seed?: number;
  readonly resamples?: number;
  readonly confidence?: number;
  readonly particles?: readonly Particle[];
}

/**
 * Percentile bootstrap over experiments: as many experiments are drawn with replacement as there are, their counts are
 * summed and scored. It answers how the score would vary over other tomograms of the same kind. With one experiment its
 * particles are drawn instead, each found or missed as often as they were, and false positives come by Poisson's law:
 * how the score would vary over other particles in the same tomogram, which is less. Null without experiments.
 */
export function scoreInterval(report: ScoreReport, options: IntervalOptions = {}): ScoreInterval | null {
  const { seed = 0, resamples = 2000, confidence = 0.9, particles = challengeParticles } = options;
  const experiments = Object.keys(report.perExperiment).sort();
  if (experiments.length === 0) return null;
  const over = experiments.length === 1 ? "particles" : "experiments";
  const types = Object.keys(report.perType);
  const scores = new Float64Array(resamples);
  const perType = new Map(types.map((type) => [type, new Float64Array(resamples)]));
  for (let i = 0; i < resamples; i++) {
    const random = randomFor(seed, "score interval", i);
    const drawn = experiments.map(
      () => report.perExperiment[experiments[random.integer(experiments.length)]!]!,
    );
    for (const [type, values] of perType) {
      const counts = drawn.map((each) => each[type]!);
      values[i] = fbetaOver(
        over === "particles" ? counts.map((each) => otherParticles(each, random)) : counts,
      );
    }
    scores[i] = weighted(particles, (type) => perType.get(type)?.[i] ?? 0);
  }
  return {
    confidence,
    resamples,
    over,
    score: middle(scores, confidence),
    perType: Object.fromEntries([...perType].map(([type, values]) => [type, middle(values, confidence)])),
  };
}

interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** Counts of as many true particles, each drawn from those there were, and of as many wrong picks as chance brings. */
function otherParticles({ tp, fp, fn }: Counts, random: Random): Counts {
  const truths = tp + fn;
  let found = 0;
  for (let k = 0; k < truths; k++) if (random.uniform() * truths < tp) found++;
  return { tp: found, fn: truths - found, fp: fp <= 0 ? fp : poisson(fp, random) };
}

/** A draw from Poisson's law: how many exponential waits fit into a time of `mean`. */
function poisson(mean: number, random: Random): number {
  let count = -1;
  for (let waited = 0; waited <= mean; count++) waited -= Math.log(1 - random.uniform());
  return count;
}

function fbetaOver(counts: readonly Counts[]): number {
  const sum = { tp: 0, fp: 0, fn: 0 };
  for (const { tp, fp, fn } of counts) {
    sum.tp += tp;
    sum.fp += fp;
    sum.fn += fn;
  }
  return fbeta(sum);
}

/** The middle `share` of the values, with linear interpolation between them. */
function middle(values: Float64Array, share: number): Interval {
  const sorted = values.toSorted();
  const quantile = (at: number): number => {
    const place = at * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
  };
  return { low: quantile((1 - share) / 2), high: quantile((1 + share) / 2) };
}
