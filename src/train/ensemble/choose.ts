/** Chooses the members of an ensemble and their weights: all alike, greedily, or by a fit. */
import type { AnyNetwork } from "../../infer/predict/predictor.js";
import type { Progress } from "../../system/reporter.js";
import type { EnsembleAverage, MemberChoice } from "../checkpoint/ensembleRecord.js";
import type { Tuned } from "../fit/tuneNetworks.js";
import { fitWeights } from "./fit.js";
import { Judge, type JudgeOptions } from "./judge.js";
import type { EnsembleMember } from "./members.js";
import { sampleType } from "./samples.js";
import { soupOf } from "./soup.js";
import type { StoredMaps } from "./storedMaps.js";

/** The choice: the weights of the members, and the networks that predict. */
interface Chosen {
  /** Weight of each member; their sum is 1. */
  readonly weights: readonly number[];
  readonly networks: readonly AnyNetwork[];
  readonly tuned: Tuned;
}

interface ChoiceOptions extends Omit<JudgeOptions, "averaging"> {
  readonly average: EnsembleAverage;
  readonly choice: MemberChoice;
}

/** Scores each member alone, weights the members, and tunes the picking of the ensemble: all on the tune runs. */
export async function choose(
  members: readonly EnsembleMember[],
  options: ChoiceOptions,
): Promise<{ chosen: Chosen; scores: readonly number[] }> {
  const { average, choice } = options;
  const judge = new Judge({ ...options, averaging: average === "logits" ? "logits" : "probabilities" });
  const progress = options.reporter.progress("scoring members", members.length, "members");
  try {
    const stored: StoredMaps[][] = [];
    const scores: number[] = [];
    for (const [m, member] of members.entries()) {
      const isSearch = average !== "weights" && choice !== "all";
      if (isSearch) stored.push(await judge.store(member));
      const score = isSearch
        ? judge.scoreShares(members, stored, alone(m, members.length))
        : judge.scoreNetworks(member.sha256, member.checkpoint.networks);
      scores.push(await score);
      progress.update(m + 1, `${member.path} ${scores[m]!.toFixed(4)}`);
    }
    progress.stop();
    const search: Search = { members, scores, stored, judge, progress };
    const chosen = await tuned(search, average, onSimplex(await countsOf(search, options)));
    const best = scores.indexOf(Math.max(...scores));
    const fellBelow = choice === "greedy" && chosen.tuned.score < scores[best]!;
    return { chosen: fellBelow ? await tuned(search, average, alone(best, members.length)) : chosen, scores };
  } finally {
    progress.stop();
    await judge.close();
  }
}

const alone = (member: number, members: number): number[] =>
  new Array<number>(members).fill(0).with(member, 1);

interface Search {
  readonly members: readonly EnsembleMember[];
  /** Score of each member alone. */
  readonly scores: readonly number[];
  /** Stored maps of each member, per tune run; empty where nothing is searched. */
  readonly stored: readonly (readonly StoredMaps[])[];
  readonly judge: Judge;
  readonly progress: Progress;
}

const onSimplex = (counts: readonly number[]): number[] => {
  const sum = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => count / sum);
};

/** Returns the weight of each member, before normalisation. */
async function countsOf(search: Search, options: ChoiceOptions): Promise<readonly number[]> {
  const { members, scores, stored, judge, progress } = search;
  const { average, choice } = options;
  const told = async (counts: readonly number[], asked: Promise<number>): Promise<number> => {
    const score = await asked;
    progress.say(`weights ${counts.join(" ")}: ${score.toFixed(4)}`);
    return score;
  };
  if (choice === "all") return members.map(() => 1);
  if (choice === "fit") return fitted(search, options);
  if (average !== "weights") {
    const scoreOf = (counts: readonly number[]) =>
      told(counts, judge.scoreShares(members, stored, onSimplex(counts)));
    return (await selectGreedily(members.length, scoreOf)).counts;
  }
  const scoreSoup = (counts: readonly number[]) => {
    const taken = members.filter((_, m) => counts[m]! > 0);
    const key = { soup: taken.map(({ sha256 }) => sha256) };
    return told(counts, judge.scoreNetworks(key, soupOf(taken.map(({ checkpoint }) => checkpoint))));
  };
  return (await selectInOrder(scores, scoreSoup)).counts;
}

async function fitted(
  { members, stored }: Search,
  { runs, experiment, dataset, average }: ChoiceOptions,
): Promise<number[]> {
  const types = new Set(stored.flatMap(([maps]) => maps!.types));
  const perRun = runs.map((run, r) => ({ ...run, maps: stored.map((ofMember) => ofMember[r]!) }));
  const samples = [];
  for (const particle of dataset.particles)
    if (types.has(particle.name)) samples.push(await sampleType(particle, experiment, perRun));
  return fitWeights(samples, members.length, average === "logits" ? "logits" : "probabilities");
}

/** Makes the networks of members with those weights and tunes their picking. */
async function tuned(
  { members, judge }: Search,
  average: EnsembleAverage,
  weights: readonly number[],
): Promise<Chosen> {
  const counted = members.flatMap(({ checkpoint }, m) =>
    weights[m]! > 0 ? [{ checkpoint, weight: weights[m]! }] : [],
  );
  const networks =
    average === "weights"
      ? soupOf(counted.map(({ checkpoint }) => checkpoint))
      : counted.flatMap(({ checkpoint, weight }) =>
          counted.length === 1
            ? checkpoint.networks
            : checkpoint.networks.map((network) => ({ ...network, share: (network.share ?? 1) * weight })),
        );
  return { weights, networks, tuned: await judge.tune(networks) };
}

/** Members chosen by trying one change after another; the caller scores each change. */
interface Selection {
  /** How often each member was taken. */
  readonly counts: readonly number[];
  readonly score: number;
}

/** Limit of rounds; every observed selection stopped improving earlier. */
const mostRounds = 25;

/**
 * Greedy selection with replacement (Caruana et al. 2004, "Ensemble selection from libraries of models", ICML):
 * starting from the best member, each round takes the member that helps most, possibly again, until none helps. Ties go
 * to the earlier member.
 *
 * @param scoreOf scores members that are taken that often
 */
export async function selectGreedily(
  members: number,
  scoreOf: (counts: readonly number[]) => Promise<number>,
): Promise<Selection> {
  let chosen: Selection = { counts: new Array<number>(members).fill(0), score: Number.NEGATIVE_INFINITY };
  for (let round = 0; round < mostRounds; round++) {
    let best = chosen;
    for (let member = 0; member < members; member++) {
      const counts = chosen.counts.with(member, chosen.counts[member]! + 1);
      const score = await scoreOf(counts);
      if (score > best.score) best = { counts, score };
    }
    if (best === chosen) break;
    chosen = best;
  }
  return chosen;
}

/**
 * The greedy soup of Wortsman et al. (2022): members in the order of their scores, each kept if the soup with that
 * member is no worse than without.
 */
export async function selectInOrder(
  scores: readonly number[],
  scoreOf: (counts: readonly number[]) => Promise<number>,
): Promise<Selection> {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  const none = new Array<number>(scores.length).fill(0);
  let chosen: Selection = { counts: none.with(order[0]!, 1), score: scores[order[0]!]! };
  for (const member of order.slice(1)) {
    const counts = chosen.counts.with(member, 1);
    const score = await scoreOf(counts);
    if (score >= chosen.score) chosen = { counts, score };
  }
  return chosen;
}
