/** Results of a comparison: per seed, per architecture, ranked, and each against the first. */
import { existsSync } from "node:fs";
import { openDataset } from "../data/dataset.js";
import { readRunPicks } from "../data/picks.js";
import { meanOf } from "../domain/numbers.js";
import type { ParticlePick } from "../domain/particles.js";
import { type RunRecord, readRecord } from "../domain/record.js";
import type { PicksAuthor } from "../formats/copickPicks.js";
import { readReport } from "../leaderboard/leaderboard.js";
import { tomogramSeconds } from "../leaderboard/submissionFolder.js";
import { positionsOf } from "../score/match/positions.js";
import { leadingScore } from "../score/report.js";
import { compareFiles } from "../score/statistics/compareFiles.js";
import type { Verdict } from "../score/statistics/comparison.js";
import type { Interval } from "../score/statistics/interval.js";
import { overSeeds } from "../score/statistics/seeds.js";
import { readText } from "../system/paths/opening.js";
import type { Reporter } from "../system/reporter.js";
import { runFolder } from "../train/run/runFolder.js";
import type { Entrant } from "./entrant.js";
import type { NetworkTimes, PublishedRow } from "./timing.js";

/** Result of an architecture with one seed. */
export interface SeedResult {
  readonly seed: number;
  /** Score of the held-out runs; null where none is held out. */
  readonly score: number | null;
  readonly interval: Interval | null;
  /** F4 by type. */
  readonly perType: Readonly<Record<string, number>>;
  /** Mean of the training loss over the last tenth of the steps. */
  readonly loss: number;
  readonly steps: number;
  readonly trainSeconds: number;
  /** Seconds of reading, predicting and picking one held-out tomogram. */
  readonly tomogramSeconds: number | null;
}

/** Row of one architecture. */
export interface CompareRow extends NetworkTimes {
  readonly architecture: string;
  readonly parameters: number;
  readonly seeds: readonly SeedResult[];
  /** Mean score over the seeds. */
  readonly score: number | null;
  /** Standard error of the mean; null with one seed. */
  readonly standardError: number | null;
  readonly published: PublishedRow | null;
}

/** A row with its difference from the first row. */
export interface RankedRow extends CompareRow {
  /** Difference from the first row; null for that row itself, and where no run is held out. */
  readonly againstFirst: AgainstFirst | null;
}

/** A comparison, ranked. */
export interface Comparison {
  readonly recipe: string;
  readonly budget: string;
  readonly engine: string;
  readonly machine: RunRecord["machine"];
  readonly commit: string | null;
  readonly holdout: readonly string[];
  /** Rows, the highest score first. */
  readonly rows: readonly RankedRow[];
}

/** Reads the result of a finished run. */
export async function readResult({ folder: path, seed }: Entrant): Promise<SeedResult> {
  const folder = runFolder(path);
  const record = await readRecord(folder.record);
  const losses = await readLosses(folder.log);
  const last = losses.slice(-Math.max(1, Math.floor(losses.length / 10)));
  const { durations } = record.result!;
  const report = await readReport(folder.report);
  const { holdout, interval } = report;
  return {
    seed,
    score: leadingScore(report),
    interval: interval?.score ?? null,
    perType: Object.fromEntries(
      Object.entries(holdout?.perType ?? {}).map(([type, { fbeta }]) => [type, fbeta]),
    ),
    loss: mean(last)!,
    steps: losses.length,
    trainSeconds: durations.train ?? 0,
    tomogramSeconds: tomogramSeconds(record),
  };
}

async function readLosses(log: string): Promise<number[]> {
  const lines = (await readText(log)).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => (JSON.parse(line) as { readonly loss?: number }).loss)
    .filter((loss) => loss !== undefined);
}

/** Averages the known values; null where none is known. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : meanOf(known);
}

/** Makes the row of an architecture from its seeds. */
export function rowOf(
  architecture: string,
  parameters: number,
  seeds: readonly SeedResult[],
  times: NetworkTimes,
  published: PublishedRow | null,
): CompareRow {
  const scores = seeds.map(({ score }) => score).filter((score) => score !== null);
  const { mean: score, standardError } =
    scores.length === 0 ? { mean: null, standardError: null } : overSeeds(scores);
  return { architecture, parameters, seeds, ...times, score, standardError, published };
}

/** Ranks rows: highest score first; equal scores by name. */
export const ranked = (rows: readonly CompareRow[]): CompareRow[] =>
  rows.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0) || (a.architecture < b.architecture ? -1 : 1));

/**
 * How far a row lies below the first one, by the first seed's submissions of both, and whether the difference is
 * distinguishable.
 */
interface AgainstFirst {
  /** Score of the first minus score of the row; see `compareSubmissions` for its interval. */
  readonly difference: number;
  readonly interval: Interval;
  /** Verdict; "a" where the first is distinguishably higher. */
  readonly verdict: Verdict;
}

/**
 * Compares submissions with the first of them, over the held-out runs.
 *
 * @param submissions paths of CSVs
 * @returns null for the first, and for all where no run is held out or none was picked
 */
export async function againstFirst(
  submissions: readonly string[],
  {
    data,
    reporter,
    author,
  }: { readonly data: string; readonly reporter?: Reporter; readonly author: PicksAuthor },
  holdout: readonly string[],
): Promise<(AgainstFirst | null)[]> {
  const [first, ...others] = submissions;
  if (first === undefined || holdout.length === 0 || !existsSync(first)) return submissions.map(() => null);
  const dataset = await openDataset(data, { reporter });
  const truth = new Map<string, ParticlePick[]>();
  for (const run of holdout) truth.set(run, await readRunPicks(dataset, run, author));
  const compared: (AgainstFirst | null)[] = [null];
  for (const other of others) {
    const { score, verdict } = await compareFiles(first, other, positionsOf(truth), {
      particles: dataset.particles,
    });
    compared.push({ difference: score.difference, interval: score.interval, verdict });
  }
  return compared;
}
