/** Submits all runs: finds particles, resumes an earlier call, writes the CSV. */
import { tomogramStamp } from "../../data/manifest.js";
import type { Dataset } from "../../data/model.js";
import { spacingDoubts } from "../../data/spacings.js";
import type { ParticlePick } from "../../domain/particles.js";
import { voxelCount } from "../../domain/volume.js";
import { writeSubmission } from "../../score/submissionCsv.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import type { Progress, Reporter } from "../../system/reporter.js";
import { type DetectedRun, type DetectSeconds, detectAll } from "./detectAll.js";
import type { Detector } from "./detector.js";
import { oddities } from "./oddities.js";
import type { SubmissionParts } from "./submissionParts.js";

interface SubmitRequest {
  readonly detector: Detector;
  readonly dataset: Dataset;
  readonly runs: readonly string[];
  /** Parts, already bound to the detector's checkpoints and settings. */
  readonly parts: SubmissionParts;
  /** Path of the CSV; null where the parts alone are made. */
  readonly out: string | null;
  /** Leaves out unusable tomograms; otherwise the first one ends the work. */
  readonly keepGoing: boolean;
  /** Hears how far the work has come; its signal stops it after a tile. */
  readonly reporter: Reporter;
}

interface Submitted {
  /** Submitted runs, in the order of the request. */
  readonly runs: readonly SubmittedRun[];
  /** Those of `runs` that an earlier call had finished. */
  readonly skipped: readonly string[];
  readonly failed: readonly FailedRun[];
}

/** Summary of a submitted run. */
export interface SubmittedRun {
  readonly run: string;
  readonly picks: number;
  readonly perType: Readonly<Record<string, number>>;
  readonly seconds: DetectSeconds;
}

/** A run that was left out, and the reason. */
export interface FailedRun {
  readonly run: string;
  readonly message: string;
}

/** A tomogram that exists and has the right spacing. */
interface FoundRun {
  readonly run: string;
  readonly stamp: string;
  readonly voxels: number;
  /** Result of an earlier call. */
  readonly part: DetectedRun | undefined;
}

/**
 * Finds the particles of all unfinished runs and writes the CSV, if there is to be one. Each run's picks are stored at once
 * as a part; the parts are removed when the CSV lacks no run.
 *
 * @throws PickbenchError BadUsage where the checkpoints pick nothing; Stopped when the user asks to stop
 */
export async function submitAll(request: SubmitRequest): Promise<Submitted> {
  const { runs, parts, out, detector, reporter } = request;
  if (detector.types.length === 0)
    throw new PickbenchError(
      "BadUsage",
      `the checkpoint segments ${[...detector.features.keys()].join(", ")} and picks nothing, so there is nothing to submit; write its maps with pickbench predict`,
    );
  const failed: FailedRun[] = [];
  const found = await findRuns(request, failed);
  const skipped = found.flatMap(({ part, run }) => (part ? [run] : []));
  if (skipped.length > 0)
    reporter.note(
      `${parts.folder}: ${skipped.length} of ${runs.length} tomograms are finished and skipped: ${skipped.join(", ")}`,
    );
  const detected = await detectFound(request, found, failed);
  if (out !== null) {
    await writeSubmission(out, new Map([...detected].map(([run, { picks }]) => [run, picks])));
    if (failed.length === 0) await parts.remove();
  }
  const summaries = runs.flatMap((run) => detected.get(run) ?? []);
  return { runs: summaries.map((each) => summary(detector.types, each)), skipped, failed };
}

/** Checks all tomograms before any is predicted. */
async function findRuns(
  { detector, dataset, runs, parts, keepGoing, reporter }: SubmitRequest,
  failed: FailedRun[],
): Promise<FoundRun[]> {
  const found: FoundRun[] = [];
  for (const run of runs) {
    try {
      const reader = await detector.find(dataset, run);
      for (const doubt of spacingDoubts(reader.ref, reader.ref.levels[0]!.spacing))
        reporter.note(`warning: ${doubt}`);
      const stamp = await tomogramStamp(reader);
      const part = await parts.find(run, stamp);
      found.push({ run, stamp, voxels: voxelCount(reader.shape), part });
    } catch (error) {
      if (!keepGoing || reporter.signal.aborted || !isPickbenchError(error)) throw error;
      failed.push({ run, message: error.message });
      reporter.note(leftOut(run, error));
    }
  }
  return found;
}

/** Returns particles by run, including those of earlier calls. */
async function detectFound(
  { detector, dataset, runs, parts, keepGoing, reporter }: SubmitRequest,
  found: readonly FoundRun[],
  failed: FailedRun[],
): Promise<Map<string, DetectedRun>> {
  const detected = new Map(found.flatMap(({ run, part }) => (part ? [[run, part]] : [])));
  const waiting = found.filter(({ part }) => !part);
  if (waiting.length === 0) return detected;
  const stamps = new Map(waiting.map(({ run, stamp }) => [run, stamp]));
  const bar = new VoxelBar(found, reporter);
  try {
    await detectAll(
      detector,
      dataset,
      waiting.map(({ run }) => run),
      {
        signal: reporter.signal,
        onProgress: (run, done, total) => bar.update(run, done / total),
        onRead: (run, views) => {
          for (const line of oddities(run, views[0]!, detector.contrast)) bar.say(line);
        },
        async onDetected(each) {
          await parts.write(each, stamps.get(each.run)!);
          detected.set(each.run, each);
        },
        onFailed: keepGoing
          ? (run, error) => {
              failed.push({ run, message: error.message });
              bar.say(leftOut(run, error));
            }
          : undefined,
      },
    );
  } catch (error) {
    if (!reporter.signal.aborted) throw error;
    throw new PickbenchError(
      "Stopped",
      `stopped with ${detected.size} of ${runs.length} tomograms finished; give the same command again to go on from there`,
    );
  } finally {
    bar.stop();
  }
  return detected;
}

/** A progress bar over the voxels of all tomograms. */
class VoxelBar {
  readonly #found: readonly FoundRun[];
  readonly #progress: Progress;
  /** Voxels before each run, skipped runs included. */
  readonly #before = new Map<string, number>();

  constructor(found: readonly FoundRun[], reporter: Reporter) {
    this.#found = found;
    const from = found.reduce((sum, { part, voxels }) => sum + (part ? voxels : 0), 0);
    let before = from;
    for (const { run, voxels, part } of found) {
      if (part) continue;
      this.#before.set(run, before);
      before += voxels;
    }
    this.#progress = reporter.progress("predicting and picking", millions(before), "Mvoxel", {
      from: millions(from),
    });
  }

  update(run: string, share: number): void {
    const at = this.#found.findIndex((each) => each.run === run);
    const done = this.#before.get(run)! + share * this.#found[at]!.voxels;
    this.#progress.update(millions(done), `${run} (${at + 1} of ${this.#found.length})`);
  }

  say(line: string): void {
    this.#progress.say(line);
  }

  stop(): void {
    this.#progress.stop();
  }
}

const millions = (voxels: number): number => Math.round(voxels / 1e5) / 10;

const leftOut = (run: string, error: PickbenchError): string => `${run} is left out: ${error.message}`;

const summary = (types: readonly string[], { run, picks, seconds }: DetectedRun): SubmittedRun => ({
  run,
  picks: picks.length,
  perType: countTypes(types, picks),
  seconds,
});

const countTypes = (types: readonly string[], picks: readonly ParticlePick[]): Record<string, number> =>
  Object.fromEntries(types.map((type) => [type, picks.filter((pick) => pick.type === type).length]));
