/** Detection over many runs: reading, predicting and picking overlap, one run ahead of another. */
import type { Dataset } from "../../data/model.js";
import type { ParticlePick } from "../../domain/particles.js";
import type { Volume } from "../../domain/volume.js";
import type { ProbabilityMaps } from "../../infer/predict/probabilityMaps.js";
import { isPickbenchError, type PickbenchError } from "../../system/errors.js";
import type { Detector } from "./detector.js";

/** Picks of one run and the time they took; reading and picking ran beside the prediction of other runs. */
export interface DetectedRun {
  readonly run: string;
  readonly picks: readonly ParticlePick[];
  readonly seconds: DetectSeconds;
}

/** Seconds of each stage of detection. */
export interface DetectSeconds {
  readonly read: number;
  readonly predict: number;
  readonly pick: number;
}

/** Callbacks of `detectAll`. */
export interface DetectHooks {
  /** Called with the finished tiles of the run being predicted. */
  onProgress(run: string, done: number, total: number): void;
  /** Called with each tomogram that was read, once for each normalisation. */
  onRead?(run: string, views: readonly Volume[]): void;
  /** Called with each finished run, in the runs' order, one at a time. */
  onDetected(detected: DetectedRun): Promise<void>;
  /** Called where a tomogram is the user's to mend; the next run follows. If absent, the first such error ends all. */
  readonly onFailed?: ((run: string, error: PickbenchError) => void) | undefined;
  /** Once aborted, picking in progress is finished, prediction is not, and the signal's reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Finds the particles of many runs: while one run is predicted, at most one is read ahead and the previous one is
 * picked, so that memory does not grow with the number of runs.
 */
export async function detectAll(
  detector: Detector,
  dataset: Dataset,
  runs: readonly string[],
  hooks: DetectHooks,
): Promise<void> {
  let picking: Promise<void> = Promise.resolve();
  try {
    let coming = handled(readRun(detector, dataset, runs[0], hooks));
    for (const at of runs.keys()) {
      const read = await unlessAborted(coming, hooks.signal);
      coming = handled(readRun(detector, dataset, runs[at + 1], hooks));
      const predicted = read && (await unlessAborted(predictRun(detector, read, hooks), hooks.signal));
      await picking;
      if (predicted) picking = handled(pickRun(detector, predicted, hooks));
    }
    await picking;
  } finally {
    await Promise.allSettled([picking]);
  }
}

interface ReadRun {
  readonly run: string;
  readonly views: readonly Volume[];
  readonly readSeconds: number;
}

interface PredictedRun {
  readonly run: string;
  readonly maps: ProbabilityMaps;
  readonly readSeconds: number;
  readonly predictSeconds: number;
}

async function readRun(
  detector: Detector,
  dataset: Dataset,
  run: string | undefined,
  hooks: DetectHooks,
): Promise<ReadRun | undefined> {
  if (run === undefined) return undefined;
  const read = await attempt(run, hooks, () => timed(() => detector.read(dataset, run)));
  if (read) hooks.onRead?.(run, read.result);
  return read && { run, views: read.result, readSeconds: read.seconds };
}

async function predictRun(
  detector: Detector,
  { run, views, readSeconds }: ReadRun,
  hooks: DetectHooks,
): Promise<PredictedRun | undefined> {
  const onProgress = (done: number, total: number) => hooks.onProgress(run, done, total);
  const predicted = await attempt(run, hooks, () => timed(() => detector.predict(views, onProgress)));
  return predicted && { run, maps: predicted.result, readSeconds, predictSeconds: predicted.seconds };
}

async function pickRun(
  detector: Detector,
  { run, maps, readSeconds, predictSeconds }: PredictedRun,
  hooks: DetectHooks,
): Promise<void> {
  const picked = await attempt(run, hooks, () => timed(() => detector.pick(maps)));
  if (!picked) return;
  const seconds = { read: readSeconds, predict: predictSeconds, pick: picked.seconds };
  await hooks.onDetected({ run, picks: picked.result, seconds });
}

/** Runs a stage; undefined where it failed and `onFailed` was called. */
async function attempt<T>(
  run: string,
  { onFailed, signal }: DetectHooks,
  stage: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await stage();
  } catch (error) {
    if (!onFailed || signal.aborted || !isPickbenchError(error)) throw error;
    onFailed(run, error);
    return undefined;
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const from = performance.now();
  const result = await work();
  return { result, seconds: Math.round((performance.now() - from) / 10) / 100 };
}

/** Marks a promise's rejection as handled until the promise is awaited. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Awaits a promise or the signal's abort. Unlike a race, it does not retain the promise's result after an abort. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    const forget = (): void => signal.removeEventListener("abort", abort);
    promise.then(resolve, reject).then(forget, forget);
  });
}
