/** Simulated experiments with known scores, for tests of intervals and comparisons. */
import { challengeParticles } from "../../src/domain/particles.js";
import { type Random, randomFor } from "../../src/domain/random.js";
import { type Counts, fbeta } from "../../src/score/match/fbeta.js";
import { type ScoreReport, weighted } from "../../src/score/score.js";
import type { PairedCounts, PairedRuns } from "../../src/score/statistics/paired.js";

/** Detector models: F4 like that of a strong ensemble in the challenge, particles as in its seven training runs. */
const types = [
  { name: "apo-ferritin", particles: [46, 35, 58, 41, 95, 64, 36], recall: 0.93, wrong: 0.25 },
  { name: "beta-galactosidase", particles: [12, 16, 12, 11, 14, 23, 24], recall: 0.7, wrong: 1 },
  { name: "ribosome", particles: [31, 37, 74, 23, 46, 55, 65], recall: 0.93, wrong: 0.25 },
  { name: "thyroglobulin", particles: [30, 34, 30, 35, 28, 45, 49], recall: 0.7, wrong: 1.2 },
  { name: "virus-like-particle", particles: [11, 9, 10, 19, 22, 29, 13], recall: 0.95, wrong: 0.2 },
] as const;

export interface Population {
  /** Standard deviation of a run's difficulty, in logits of the recall; each type varies by half as much on its own. */
  readonly difficulty: number;
  /** Logits by which submission a finds particles more easily than b. */
  readonly lead?: number;
  /** Standard deviation, in logits, of how differently a and b find a type in a run; 0 for no difference. */
  readonly disagreement?: number;
}

type Run = ReadonlyMap<string, PairedCounts>;

/**
 * Simulates two detectors on a run that is equally hard for both; for each particle their successes have a correlation
 * of about a half, because some particles are hard for all.
 */
function simulateRun({ difficulty, lead = 0, disagreement = 0 }: Population, random: Random): Run {
  const like = random.integer(types[0].particles.length);
  const ofRun = difficulty * random.normal();
  const clutter = Math.exp(0.4 * random.normal());
  return new Map(
    types.map(({ name, particles, recall, wrong }) => {
      const truths = Math.max(1, poisson(particles[like]!, random));
      const logit = Math.log(recall / (1 - recall)) + ofRun + 0.5 * difficulty * random.normal();
      const shareOf = (own: number) => 1 / (1 + Math.exp(-(logit + own + disagreement * random.normal())));
      const [shareA, shareB] = [shareOf(lead), shareOf(0)];
      let [a, b, bothFound] = [0, 0, 0];
      for (let k = 0; k < truths; k++) {
        const common = random.uniform();
        const isShared = random.uniform() < 0.5;
        const isA = common < shareA;
        const isB = (isShared ? common : random.uniform()) < shareB;
        if (isA) a++;
        if (isB) b++;
        if (isA && isB) bothFound++;
      }
      const rate = 0.5 * wrong * truths * clutter;
      const bothWrong = poisson(rate, random);
      const counts = (tp: number): Counts => ({ tp, fp: bothWrong + poisson(rate, random), fn: truths - tp });
      return [name, { a: counts(a), b: counts(b), bothFound, bothWrong }];
    }),
  );
}

/** Simulates runs. @param step number of the simulated experiment */
export function simulateRuns(
  population: Population,
  runs: number,
  purpose: string,
  step: number,
): PairedRuns {
  const random = randomFor(5, purpose, step);
  return new Map(Array.from({ length: runs }, (_, i) => [`TS_${i}`, simulateRun(population, random)]));
}

/** Draws the number of exponential waits that fit into a time of `mean`. */
function poisson(mean: number, random: Random): number {
  let count = -1;
  for (let waited = 0; waited <= mean; count++) waited -= Math.log(1 - random.uniform());
  return count;
}

/** Returns the score report of submission a, as far as intervals use it. */
export function reportOfA(runs: PairedRuns): ScoreReport {
  const perType = Object.fromEntries(
    types.map(({ name }) => {
      const counts = sum([...runs.values()].map((run) => run.get(name)!.a));
      const truths = counts.tp + counts.fn;
      const fields = { precision: 0, recall: 0, weight: 0, predictions: 0, displacement: null };
      return [name, { ...counts, ...fields, truths, fbeta: fbeta(counts), strict: { ...counts, fbeta: 0 } }];
    }),
  );
  const perExperiment = Object.fromEntries(
    [...runs].map(([run, ofRun]) => [
      run,
      Object.fromEntries([...ofRun].map(([type, { a }]) => [type, { ...a, strictTp: a.tp }])),
    ]),
  );
  return {
    score: weighted(challengeParticles, (type) => perType[type]?.fbeta ?? 0),
    strictScore: 0,
    perType,
    experiments: runs.size,
    perExperiment,
    dropped: { experiment: 0, type: 0 },
  };
}

function sum(all: readonly Counts[]): Counts {
  const total = { tp: 0, fp: 0, fn: 0 };
  for (const { tp, fp, fn } of all) {
    total.tp += tp;
    total.fp += fp;
    total.fn += fn;
  }
  return total;
}

/** Computes F of each type, and the score, over so many runs that chance vanishes: ± 0.002. */
export function knownScore(population: Population): {
  readonly score: number;
  readonly perType: ReadonlyMap<string, number>;
} {
  const { score, perType } = reportOfA(simulateRuns(population, 8_000, "population", 0));
  return { score, perType: new Map(Object.entries(perType).map(([type, { fbeta: f }]) => [type, f])) };
}
