import { z } from "zod";
import type { RunRecord } from "../record.js";
import { type ScoreInterval, scoreInterval } from "./interval.js";
import { type PublicSplit, publicSplitSchema, type SplitScores, splitScores } from "./publicSplit.js";
import type { ReportedDifference } from "./reportedComparison.js";
import { type OverSeeds, overSeeds } from "./seeds.js";
import { type Submission, seedlessHash, tomogramSeconds, weightsOf } from "./submissionFolder.js";

export interface LeaderboardRow {
  /** From 1, by score; equal scores share a rank. */
  readonly rank: number;
  /** The submission's folder: the experiment's name, with its seed where that is not 0. */
  readonly name: string;
  readonly experiment: string;
  /** On the held-out runs. */
  readonly score: number;
  /** From the report's counts by today's rule, so that all rows, old ones too, have it by the same. */
  readonly interval: ScoreInterval | null;
  /** Against the row of the highest score in its group; null for that row itself. */
  readonly against: ReportedDifference | null;
  /** F4 by type. */
  readonly perType: Readonly<Record<string, number>>;
  /** Null where the experiment defines no public part. */
  readonly split: SplitScores | null;
  readonly network: string;
  readonly parameters: number;
  readonly trainMinutes: number;
  /** All stages together. */
  readonly minutes: number;
  /** Reading, predicting and picking one held-out run. */
  readonly tomogramSeconds: number | null;
  readonly cpu: string;
  readonly cores: number;
  readonly engine: string;
  readonly seed: number;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly finishedAt: string;
}

/** Rows of one experiment that differ by their seed alone. */
export interface SeedSummary {
  readonly experiment: string;
  readonly seeds: readonly number[];
  readonly score: OverSeeds;
  readonly perType: Readonly<Record<string, OverSeeds>>;
}

/** A row before it is set against the others. @throws BadExperiment where its public part is none of its held-out runs */
export function rowOf(submission: Submission): Omit<LeaderboardRow, "rank" | "against"> {
  const { name, record, result, holdout } = submission;
  const particles = weightsOf(submission);
  const split = publicSplitOf(record);
  const seconds = Object.values(result.durations).reduce((sum, value) => sum + value, 0);
  return {
    name,
    experiment: record.name,
    score: holdout.score,
    interval: scoreInterval(holdout, { seed: record.seed, particles }),
    perType: Object.fromEntries(Object.entries(holdout.perType).map(([type, { fbeta }]) => [type, fbeta])),
    split: split && splitScores(holdout, split, particles),
    network: record.network,
    parameters: result.parameters,
    trainMinutes: (result.durations.train ?? 0) / 60,
    minutes: seconds / 60,
    tomogramSeconds: tomogramSeconds(record),
    cpu: record.machine.cpu,
    cores: record.machine.cores,
    engine: record.engine,
    seed: record.seed,
    commit: record.code.commit,
    dirty: record.code.dirty,
    finishedAt: result.finishedAt,
  };
}

const splitHolder = z.object({ leaderboard: publicSplitSchema.optional() });

function publicSplitOf({ experiment }: RunRecord): PublicSplit | null {
  const parsed = splitHolder.safeParse(experiment.resolved);
  return (parsed.success && parsed.data.leaderboard) || null;
}

/** Experiments of a group that were run with several seeds, in the order of its rows. */
export function seedSummaries(submissions: readonly Submission[]): SeedSummary[] {
  const byExperiment = new Map<string, Submission[]>();
  for (const submission of submissions) {
    const key = seedlessHash(submission.record);
    byExperiment.set(key, [...(byExperiment.get(key) ?? []), submission]);
  }
  return [...byExperiment.values()]
    .map((own) =>
      own.filter((each, at) => own.findIndex(({ record }) => record.seed === each.record.seed) === at),
    )
    .filter((own) => own.length > 1)
    .map((own) => ({
      experiment: own[0]!.record.name,
      seeds: own.map(({ record }) => record.seed).sort((a, b) => a - b),
      score: overSeeds(own.map(({ holdout }) => holdout.score)),
      perType: Object.fromEntries(
        Object.keys(own[0]!.holdout.perType).map((type) => [
          type,
          overSeeds(own.map(({ holdout }) => holdout.perType[type]?.fbeta ?? 0)),
        ]),
      ),
    }));
}
