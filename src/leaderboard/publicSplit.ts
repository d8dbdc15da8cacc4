/** Public and private part of the held-out runs, and the score of each. */
import { z } from "zod";
import type { Weighted } from "../domain/particles.js";
import { randomFor } from "../domain/random.js";
import { type Counts, fbeta, sumCounts } from "../score/match/fbeta.js";
import { type ScoreReport, weighted } from "../score/score.js";
import { PickbenchError } from "../system/errors.js";
import { eachOnce } from "../system/unique.js";

/**
 * Held-out runs of a leaderboard's public part, all others being private: by name, or a share drawn by its own seed, so
 * that experiments and their seeds share one split.
 */
export const publicSplitSchema = z.union([
  z.strictObject({
    public: z
      .array(z.string())
      .min(1)
      .refine(...eachOnce),
  }),
  z.strictObject({ public: z.number().gt(0).lt(1), seed: z.number().int().min(0).default(0) }),
]);
export type PublicSplit = z.infer<typeof publicSplitSchema>;

/** Scores of one submission on both parts. */
export interface SplitScores {
  readonly public: number;
  readonly private: number;
  readonly publicRuns: readonly string[];
}

/**
 * Returns the public part of the held-out runs, sorted. A share is rounded to whole runs, at least one on either side.
 *
 * @throws PickbenchError BadExperiment where a name is not held out or is given twice, or a part would be empty
 */
export function publicRuns(split: PublicSplit, holdout: readonly string[]): string[] {
  const refuse = (why: string) => new PickbenchError("BadExperiment", `leaderboard.public: ${why}`);
  const runs = holdout.toSorted();
  if (runs.length < 2)
    throw refuse(
      `${runs.length === 1 ? "one run is" : "no run is"} held out, wanted two or more to share out; hold out more or leave the key away`,
    );
  if (!("seed" in split)) {
    const stranger = split.public.find((name, at) => !runs.includes(name) || split.public.indexOf(name) < at);
    if (stranger !== undefined)
      throw refuse(
        `${stranger} is ${runs.includes(stranger) ? "given twice" : "no run that is held out"}; choose from ${runs.join(", ")}`,
      );
    if (split.public.length === runs.length)
      throw refuse("names every run that is held out, wanted one or more left for the private part");
    return split.public.toSorted();
  }
  const count = Math.min(Math.max(1, Math.round(split.public * runs.length)), runs.length - 1);
  return randomFor(split.seed, "public runs").shuffle(runs).slice(0, count).sort();
}

/**
 * Returns the challenge's score over some of a report's runs, from their counts. A type that these runs do not hold has
 * F 0 and adds nothing, by the rule.
 *
 * @param particles all types of the data set, whose weights are the divisor
 */
function scoreOfRuns(
  { perExperiment, perType }: Pick<ScoreReport, "perExperiment" | "perType">,
  runs: readonly string[],
  particles: readonly Weighted[],
): number {
  return weighted(particles, (type) => {
    if (!Object.hasOwn(perType, type)) return 0;
    return fbeta(sumCounts(runs.map((run) => perExperiment[run]?.[type] ?? none)));
  });
}

const none: Counts = { tp: 0, fp: 0, fn: 0 };

/** Scores a report's public and private part, by the challenge's rule. */
export function splitScores(
  report: Pick<ScoreReport, "perExperiment" | "perType">,
  split: PublicSplit,
  particles: readonly Weighted[],
): SplitScores {
  const all = Object.keys(report.perExperiment);
  const chosen = publicRuns(split, all);
  const others = all.filter((run) => !chosen.includes(run));
  return {
    public: scoreOfRuns(report, chosen, particles),
    private: scoreOfRuns(report, others, particles),
    publicRuns: chosen,
  };
}
