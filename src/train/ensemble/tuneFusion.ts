/** Tunes the fusion of several pickers' picks: weights and threshold per type. */
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { byScoreAndPlace, compareSorted, type FusedPick } from "../../infer/consensus/fusePicks.js";
import {
  type FusionRules,
  fuseRun,
  hasVotes,
  type PicksByRun,
  type TunedFusion,
} from "../../infer/consensus/fuseRuns.js";
import { confidenceCurve } from "../../score/diagnosis/curve.js";
import { judge } from "../../score/diagnosis/verdicts.js";
import type { PicksByExperiment } from "../../score/score.js";
import { chooseCautious } from "../../score/tuning.js";
import { PickbenchError } from "../../system/errors.js";
import { type Reporter, silentReporter } from "../../system/reporter.js";

/** Limit of the weights to try for a type, whatever the number of pickers. */
const mostWeights = 70;

/**
 * Tunes the fusion of every type of particle (see tuneFusion).
 *
 * @param reporter hears of each type that is tuned
 */
export function tuneTypes(
  particles: readonly Particle[],
  truth: PicksByExperiment,
  pickers: readonly PicksByRun[],
  rules: FusionRules,
  reporter: Reporter = silentReporter,
): Map<string, TunedFusion> {
  const tuned = new Map<string, TunedFusion>();
  const progress = reporter.progress("tuning", particles.length, "types");
  try {
    for (const [i, particle] of particles.entries()) {
      const found = tuneFusion(particle, truth, pickers, rules);
      if (found) tuned.set(particle.name, found);
      progress.update(i + 1, particle.name);
    }
  } finally {
    progress.stop();
  }
  return tuned;
}

/** @throws BadUsage for a tune run that no picker has picks of */
export function checkTuneRuns(truth: PicksByExperiment, pickers: readonly PicksByRun[]): void {
  const untried = [...truth.keys()].find((run) => pickers.every((picks) => !picks.has(run)));
  if (untried !== undefined)
    throw new PickbenchError(
      "BadUsage",
      `--tune names ${untried}, of which no picker has picks; tune on runs that were picked`,
    );
}

/**
 * Finds a type's weights and threshold by F-beta on the tune runs alone. All weights of a grid over the simplex are
 * tried, equal ones among them, each with every threshold; among those with the greatest F, the ones nearest to equal
 * win. (On simulated pickers, tuned on one run or three and scored on twenty others, no tolerance in favour of equal
 * weights scored higher where pickers differ in quality; equal weights alone lost 0.03 to 0.07 there, and nothing to
 * 0.007 where pickers are alike.) The threshold is the cautious one near the best (see `chooseCautious`), for few runs
 * place the best at random; it lies in the middle between two scores, and there is none where it would keep all.
 *
 * The order of the pickers decides nothing: ties are settled by an order of their picks.
 *
 * @param truth of the tune runs alone
 * @param pickers picks of these runs, per picker; other runs and types are ignored
 * @param rules without weights, since the weights are sought
 * @returns null where the runs hold no particle of the type, or no pick has the votes
 */
export function tuneFusion(
  particle: Particle,
  truth: PicksByExperiment,
  pickers: readonly PicksByRun[],
  rules: FusionRules,
): TunedFusion | null {
  const runs = [...truth.keys()].sort();
  const ofType = ({ type }: ParticlePick): boolean => type === particle.name;
  const lists = pickers.map((picks) => runs.map((run) => (picks.get(run) ?? []).filter(ofType)));
  const hasParticle = runs.some((run) => truth.get(run)!.some(ofType));
  if (!hasParticle || lists.flat(2).length === 0) return null;
  const order = orderOf(lists);
  const fused = (weights: readonly number[]): Map<string, FusedPick[]> =>
    new Map(
      runs.map((run) => {
        const voters = order.map((picker, i) => ({ picks: pickers[picker]!, weight: weights[i]! }));
        const found = fuseRun(particle, voters, run, rules);
        return [run, found.fused.filter((pick) => hasVotes(pick, rules, found.looked))];
      }),
    );
  const pointsOf = (weights: readonly number[]) =>
    confidenceCurve(judge(particle, truth, fused(weights)), Number.POSITIVE_INFINITY)!.points;
  const grid = weightGrid(pickers.length);
  const best = grid.map((weights) => pointsOf(weights).reduce((most, { fbeta }) => Math.max(most, fbeta), 0));
  const chosen = grid[best.indexOf(Math.max(...best))]!;
  const points = pointsOf(chosen);
  const at = chooseCautious(points.map(thresholdValue));
  const point = points[at];
  if (point === undefined) return null;
  const below = points[at + 1];
  const weights = pickers.map((_, picker) => chosen[order.indexOf(picker)]!);
  const threshold = below ? (point.threshold + below.threshold) / 2 : null;
  return { weights, threshold, fbeta: point.fbeta };
}

const thresholdValue = ({ threshold, fbeta }: { threshold: number; fbeta: number }) => ({
  position: [threshold],
  value: fbeta,
});

/** Returns the pickers' numbers in an order of their picks in each run. */
function orderOf(lists: readonly (readonly (readonly ParticlePick[])[])[]): number[] {
  const sorted = lists.map((runs) => runs.map((picks) => picks.toSorted(byScoreAndPlace)));
  const compare = (a: number, b: number): number =>
    sorted[a]!.reduce((found, picks, run) => found || compareSorted(picks, sorted[b]![run]!), 0);
  return lists.map((_, picker) => picker).sort(compare);
}

/**
 * Returns weights that sum to 1: a grid as fine as `mostWeights` allows, up to tenths, and equal weights. Those nearest
 * to equal come first.
 */
export function weightGrid(pickers: number): number[][] {
  let steps = 1;
  while (steps < 10 && choose(steps + pickers, pickers - 1) <= mostWeights) steps++;
  const equal = new Array<number>(pickers).fill(1 / pickers);
  const fromEqual = (weights: readonly number[]): number =>
    weights.reduce((sum, weight) => sum + (weight - 1 / pickers) ** 2, 0);
  const onGrid = compositions(steps, pickers).map((parts) => parts.map((part) => part / steps));
  const others = onGrid.filter((weights) => fromEqual(weights) > 1e-12);
  return [equal, ...others.sort((a, b) => fromEqual(a) - fromEqual(b))];
}

const choose = (n: number, k: number): number => {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
};

/**
 * Returns all ways to write a number as a sum of `count` numbers, 0 included; by falling first number, then second, …
 */
function compositions(sum: number, count: number): number[][] {
  if (count === 1) return [[sum]];
  return Array.from({ length: sum + 1 }, (_, i) => sum - i).flatMap((first) =>
    compositions(sum - first, count - 1).map((rest) => [first, ...rest]),
  );
}
