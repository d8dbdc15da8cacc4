import { openDataset } from "../data/dataset.js";
import type { Pick } from "../particles.js";
import { compareFiles } from "../score/compareFiles.js";
import type { Verdict } from "../score/comparison.js";
import type { Interval } from "../score/interval.js";
import { positionsOf } from "../score/positions.js";
import { readRunPicks } from "../train/readRunPicks.js";

/** How far a row lies below the first one, by the submissions of the first seed of each, and whether that can be told. */
export interface AgainstFirst {
  /** First − row: of the score, with its interval (see compareSubmissions). */
  readonly difference: number;
  readonly interval: Interval;
  /** "a" where the first is distinguishably higher. */
  readonly verdict: Verdict;
}

/**
 * Compares submissions with the first of them over the held-out runs.
 *
 * @param submissions CSVs
 * @returns null for the first, and for all where no run is held out
 */
export async function againstFirst(
  submissions: readonly string[],
  data: string,
  holdout: readonly string[],
): Promise<(AgainstFirst | null)[]> {
  const [first, ...others] = submissions;
  if (first === undefined || holdout.length === 0) return submissions.map(() => null);
  const dataset = await openDataset(data);
  const truth = new Map<string, Pick[]>();
  for (const run of holdout) truth.set(run, await readRunPicks(dataset, run));
  const compared: (AgainstFirst | null)[] = [null];
  for (const other of others) {
    const { score, verdict } = await compareFiles(first, other, positionsOf(truth), {
      particles: dataset.particles,
    });
    compared.push({ difference: score.difference, interval: score.interval, verdict });
  }
  return compared;
}
