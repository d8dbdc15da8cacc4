/** A run's held-out picks, judged anew against the truth. */
import { isDeepStrictEqual } from "node:util";
import { findRun, findTomogram } from "../data/dataset.js";
import type { Dataset, TomogramReader } from "../data/model.js";
import { readRunPicks } from "../data/picks.js";
import { openTomogram } from "../data/tomograms/omeZarr.js";
import type { Particle, ParticlePick } from "../domain/particles.js";
import { type Diagnosis, diagnose } from "../score/diagnosis/diagnosis.js";
import type { Extent } from "../score/diagnosis/places.js";
import { type Judged, judge } from "../score/diagnosis/verdicts.js";
import type { PicksByExperiment } from "../score/score.js";
import { PickbenchError } from "../system/errors.js";
import { truthAuthor } from "../train/experiment/schema.js";
import { type ReportedRun, readHeldOutPicks } from "./readRun.js";

/** Held-out picks of a run with their truth and diagnosis. */
export interface HeldOut {
  readonly dataset: Dataset;
  readonly particles: readonly Particle[];
  readonly truth: PicksByExperiment;
  readonly picks: PicksByExperiment;
  readonly diagnosis: Diagnosis;
  /** Verdicts on every type that the truth or the picks hold. */
  readonly judged: readonly Judged[];
  /** Finest predicted level of each held-out run's tomogram; no voxels are read yet. */
  readonly tomograms: ReadonlyMap<string, TomogramReader>;
}

/**
 * Judges a run's held-out picks anew; null where the run left none.
 *
 * @throws PickbenchError BadDataset where the data set gives other counts than the run's own report, for then the data
 * set is not the run's
 */
export async function judgeHeldOut(run: ReportedRun, dataset: Dataset): Promise<HeldOut | null> {
  const { record, report, label } = run;
  const { particles } = dataset;
  const truth = new Map<string, readonly ParticlePick[]>();
  const tomograms = new Map<string, TomogramReader>();
  const extents = new Map<string, Extent>();
  for (const name of record.runs.holdout) {
    const { tomogram, voxelSpacing, level, nan } = run.tomogram;
    const ref = { ...findTomogram(findRun(dataset, name), tomogram, voxelSpacing), nan };
    const reader = await openTomogram(ref, level, dataset.access);
    tomograms.set(name, reader);
    extents.set(name, extentOf(reader));
    truth.set(name, await readRunPicks(dataset, name, truthAuthor({ data: run.tomogram })));
  }
  const picks = await readHeldOutPicks(run, particles, truth);
  if (picks === null) return null;
  const diagnosis = diagnose(truth, picks, { particles, extents });
  const reported = report?.holdout;
  if (reported && !isDeepStrictEqual(reported.perExperiment, diagnosis.report.perExperiment))
    throw new PickbenchError(
      "BadDataset",
      `${dataset.root}: gives ${label} other counts (score ${diagnosis.report.score.toFixed(4)}) than its report.json (score ${reported.score.toFixed(4)}); name the data that it was run on with --data`,
      { path: dataset.root },
    );
  const judged = particles
    .map((particle) => judge(particle, truth, picks))
    .filter((each) => each.picks.length + each.particles.length > 0);
  return { dataset, particles, truth, picks, diagnosis, judged, tomograms };
}

const extentOf = ({ shape, spacing }: TomogramReader): Extent => ({
  z: shape[0] * spacing[0],
  y: shape[1] * spacing[1],
  x: shape[2] * spacing[2],
});
