/** Scores of one recipe over several seeds. */
import { meanOf } from "../../domain/numbers.js";
import type { Particle } from "../../domain/particles.js";
import { alignedTable } from "../../present/text.js";
import type { PositionsByExperiment } from "../match/positions.js";
import { type ScoringOptions, scoreSubmission } from "../submissionCsv.js";

/** A value over repetitions of one recipe that differ only by seed. */
export interface OverSeeds {
  readonly mean: number;
  /** Standard error of the mean: standard deviation / √number; null for a single value, which shows no spread. */
  readonly standardError: number | null;
}

/** Returns the mean and standard error of one or more values. */
export function overSeeds(values: readonly number[]): OverSeeds {
  const mean = meanOf(values);
  if (values.length < 2) return { mean, standardError: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}

export const overSeedsText = ({ mean, standardError }: OverSeeds): string =>
  standardError === null ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${standardError.toFixed(4)}`;

interface SeedScores {
  readonly submissions: readonly {
    readonly path: string;
    readonly score: number;
    /** F4 by type. */
    readonly perType: Readonly<Record<string, number>>;
  }[];
  readonly score: OverSeeds;
  readonly perType: Readonly<Record<string, OverSeeds>>;
}

/** Scores the CSVs of one recipe's seeds. The error is over seeds on these experiments, not over other experiments. */
export async function scoreSeeds(
  paths: readonly string[],
  truth: PositionsByExperiment,
  particles: readonly Particle[],
  rules: ScoringOptions = {},
): Promise<SeedScores> {
  const submissions: SeedScores["submissions"][number][] = [];
  for (const path of paths) {
    const { score, perType } = await scoreSubmission(path, truth, particles, rules);
    const fbetas = Object.entries(perType).map(([type, { fbeta }]) => [type, fbeta] as const);
    submissions.push({ path, score, perType: Object.fromEntries(fbetas) });
  }
  const types = Object.keys(submissions[0]?.perType ?? {});
  return {
    submissions,
    score: overSeeds(submissions.map(({ score }) => score)),
    perType: Object.fromEntries(
      types.map((type) => [type, overSeeds(submissions.map(({ perType }) => perType[type]!))]),
    ),
  };
}

export function seedsText({ submissions, score, perType }: SeedScores): string {
  return [
    alignedTable([
      ["submission", "score"],
      ...submissions.map(({ path, score: own }) => [path, own.toFixed(4)]),
    ]),
    "",
    alignedTable([
      [`mean ± standard error of ${submissions.length} seeds`, "F4"],
      ...Object.entries(perType).map(([type, values]) => [type, overSeedsText(values)]),
      ["score", overSeedsText(score)],
    ]),
    "",
    "The error is over seeds, on these experiments; --interval speaks of other experiments.",
  ].join("\n");
}
