/**
 * Thresholds from the held-out runs of folds, whose counts at every threshold each fold's sweep.json holds: chosen on all of
 * them for use elsewhere, and, to score that, for each fold on those of the other folds.
 */
import { z } from "zod";
import type { Weighted } from "../domain/particles.js";
import { alignedTable } from "../present/text.js";
import { type Counts, fbeta, sumCounts } from "./match/fbeta.js";
import { weighted } from "./score.js";
import type { ThresholdSweep } from "./sweep.js";
import { type Choice, chooseByCounts } from "./tuning.js";

const count = z.int();
const countsSchema = z.strictObject({ tp: count, fp: count, fn: count, fbeta: z.number() });

/** Schema of what report.json says of pooled thresholds. */
export const pooledSchema = z.strictObject({
  /** Score of the held-out runs, each with thresholds that were chosen on the held-out runs of the other folds. */
  score: z.number(),
  /** Score with each fold's own thresholds by the same counts: none of them moved by a density. */
  tunedScore: z.number(),
  /** Score with the thresholds chosen on all, on the runs they were chosen on. */
  fittedScore: z.number(),
  /** Types that the held-out runs hold and the folds predict. */
  perType: z.record(
    z.string(),
    z.strictObject({
      /** Threshold chosen on the held-out runs of all folds. */
      threshold: z.number(),
      /** Of each fold, the one chosen on the held-out runs of the others; its own where those hold no particle. */
      perFold: z.array(z.number()),
      pooled: countsSchema,
      tuned: countsSchema,
    }),
  ),
});
export type PooledThresholds = z.infer<typeof pooledSchema>;

type Sweep = ThresholdSweep["perType"][string];

/**
 * Chooses each type's threshold on the held-out runs of all folds, and scores the choice out of fold.
 *
 * @param sweeps of the folds, by the same grid of thresholds, in which every type is counted
 * @param particles whose weights sum to that of the whole score
 * @returns undefined where no fold picks anything
 */
export function poolSweeps(
  sweeps: readonly ThresholdSweep[],
  particles: readonly Weighted[],
  choice?: Choice,
): PooledThresholds | undefined {
  const perType: PooledThresholds["perType"] = {};
  const fitted = new Map<string, number>();
  for (const { name } of particles) {
    const ofType = sweeps.flatMap(({ perType: { [name]: sweep } }) => sweep ?? []);
    if (ofType.length < sweeps.length) continue;
    const all = choose(ofType, choice);
    if (all === undefined) continue;
    const others = ofType.map((_, fold) => ofType.filter((__, other) => other !== fold));
    const perFold = others.map((sweep, fold) => choose(sweep, choice) ?? ofType[fold]!.used);
    const used = ofType.map((sweep) => sweep.used);
    fitted.set(name, fbeta(countsAt(ofType, () => all)));
    perType[name] = {
      threshold: all,
      perFold,
      pooled: withF(countsAt(ofType, (fold) => perFold[fold]!)),
      tuned: withF(countsAt(ofType, (fold) => used[fold]!)),
    };
  }
  if (fitted.size === 0) return undefined;
  return {
    score: weighted(particles, (type) => perType[type]?.pooled.fbeta ?? 0),
    tunedScore: weighted(particles, (type) => perType[type]?.tuned.fbeta ?? 0),
    fittedScore: weighted(particles, (type) => fitted.get(type) ?? 0),
    perType,
  };
}

/** Returns the threshold chosen on the runs of some folds; undefined where they hold no particle. */
function choose(sweeps: readonly Sweep[], choice: Choice | undefined): number | undefined {
  const inAll = ({ threshold }: Sweep["points"][number]) =>
    sweeps.every(({ points }) => points.some((point) => point.threshold === threshold));
  const candidates = (sweeps[0]?.points ?? [])
    .filter(inAll)
    .map(({ threshold }) => ({ setting: threshold, position: [threshold] }));
  const counts = candidates.map(({ setting }) => countsAt(sweeps, () => setting));
  const hasParticle = counts.some(({ tp, fn }) => tp + fn > 0);
  return hasParticle ? chooseByCounts(candidates, counts, choice).setting : undefined;
}

/** Adds up the counts of folds, each at its threshold. */
const countsAt = (sweeps: readonly Sweep[], thresholdOf: (fold: number) => number): Counts =>
  sumCounts(
    sweeps.map(({ points }, fold) => points.find(({ threshold }) => threshold === thresholdOf(fold))!),
  );

const withF = (counts: Counts) => ({ ...counts, fbeta: fbeta(counts) });

/** Formats both scores, and each type's counts with thresholds of either kind. */
export function pooledText({ score, tunedScore, fittedScore, perType }: PooledThresholds): string {
  const cells = ({ fbeta: f, tp, fp }: z.infer<typeof countsSchema>) => [
    f.toFixed(4),
    String(tp),
    String(fp),
  ];
  const rows = Object.entries(perType).map(([type, { threshold, perFold, pooled, tuned }]) => [
    type,
    ...cells(tuned),
    ...cells(pooled),
    [...new Set(perFold)].sort((a, b) => a - b).join(", "),
    String(threshold),
  ]);
  const title = ["type", "F4 tuned", "tp", "fp", "F4 pooled", "tp", "fp", "of each fold", "of all"];
  return [
    "each fold's own thresholds (tuned) against those of the other folds' held-out runs (pooled)",
    "",
    alignedTable([title, ...rows]),
    "",
    `score: tuned ${tunedScore.toFixed(4)}, pooled ${score.toFixed(4)}; on the runs they were chosen on ${fittedScore.toFixed(4)}`,
  ].join("\n");
}
