/** Folders of finished runs, made without training. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { challengeParticles, type ParticlePick } from "../../src/domain/particles.js";
import { completeRecord, startRecord } from "../../src/domain/record.js";
import { angstrom } from "../../src/domain/units.js";
import type { FeatureReport } from "../../src/score/masks/featureScores.js";
import { diceMetrics } from "../../src/score/masks/featureScores.js";
import { runReport } from "../../src/score/report.js";
import { type PicksByExperiment, scorePicks } from "../../src/score/score.js";
import { scoreInterval } from "../../src/score/statistics/interval.js";
import { writeSubmission } from "../../src/score/submissionCsv.js";
import { hashFile } from "../../src/system/files.js";

/** Places particles of a type at these x, far enough apart to be told from each other. */
export const row = (type: string, ...places: number[]): ParticlePick[] =>
  places.map((x) => ({ type, x: angstrom(x), y: angstrom(0), z: angstrom(0) }));

export interface FinishedRun {
  readonly truth: PicksByExperiment;
  readonly picks: PicksByExperiment;
  readonly seed?: number;
  readonly network?: string;
  readonly data?: string;
  /** Keys of the experiment besides its name and seed. */
  readonly experiment?: Readonly<Record<string, unknown>>;
  readonly finished?: boolean;
  /** Scores of features by name. */
  readonly features?: Readonly<Record<string, FeatureReport>>;
  /** Whether no type is learned, so that there is neither a score nor a CSV. */
  readonly isSegmentedAlone?: boolean;
}

/** Writes a run's folder as `run` does, without checkpoints; every run of the truth is held out. */
export async function finishedRun(folder: string, name: string, run: FinishedRun): Promise<string> {
  const path = join(folder, name);
  const { truth, picks, seed = 0, network = "plain" } = run;
  const { features, isSegmentedAlone = false } = run;
  const holdout = isSegmentedAlone ? null : scorePicks(truth, picks);
  await startRecord(join(path, "record.json"), {
    name,
    experiment: { name, seed, ...run.experiment },
    data: [{ path: run.data ?? "static/a", size: 3 }],
    runs: { train: ["TS_30"], tune: ["TS_40"], holdout: [...truth.keys()] },
    network,
    seed,
    engine: "onnx-cpu",
    weights: Object.fromEntries(challengeParticles.map(({ name: type, weight }) => [type, weight])),
  });
  if (holdout) await writeSubmission(join(path, "submission.csv"), picks);
  writeFileSync(
    join(path, "report.json"),
    JSON.stringify(runReport(name, { holdout, interval: holdout && scoreInterval(holdout), features })),
  );
  if (run.finished !== false)
    await completeRecord(join(path, "record.json"), {
      metrics: {
        ...(holdout && { score: holdout.score, strictScore: holdout.strictScore }),
        ...diceMetrics(features),
      },
      durations: { train: 90, predict: 30 },
      checkpointHash: null,
      ...(holdout && { submissionHash: await hashFile(join(path, "submission.csv")) }),
      parameters: 353_703,
    });
  return path;
}
