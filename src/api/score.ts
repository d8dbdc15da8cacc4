// Reads truths and scores files, for programs that import pickbench.
import type { Dataset } from "../data/model.js";
import { readPickedTruth } from "../data/picks.js";
import { challengeParticles, type Particle, type ParticlePick } from "../domain/particles.js";
import { type PicksByExperiment, positionsOf } from "../score/match/positions.js";
import type { ScoreReport } from "../score/score.js";
import { scoreSubmission as scoreRows } from "../score/submissionCsv.js";

/**
 * Reads the picks of a data set as a truth to score against, in Å, by run. A run that nobody picked is no part of it; a
 * run that was picked and found empty is, with an empty list.
 *
 * @throws BadDataset where a file of picks is broken, or a type was picked in several sessions
 */
export function readTruth(dataset: Dataset): Promise<Map<string, ParticlePick[]>> {
  return readPickedTruth(dataset);
}

/**
 * Scores a submission's CSV (columns id, experiment, particle_type, x, y, z; Å) row by row: memory grows with the truth
 * alone.
 *
 * @param truth picks by experiment, as `readTruth` or `readSubmission` return them
 * @throws BadSubmission with the row that is wrong; BadDataset where the truth is
 */
export function scoreSubmission(
  path: string,
  truth: PicksByExperiment,
  particles: readonly Particle[] = challengeParticles,
): Promise<ScoreReport> {
  return scoreRows(path, positionsOf(truth), particles);
}
