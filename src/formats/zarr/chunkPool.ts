/** Decoding of chunks by this thread and helper threads. */
import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { voxelCount } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { builtModule, startThread, type Thread } from "../../system/threads/threads.js";
import type { ZarrArray } from "./array.js";
import { type ChunkFailure, type ChunkJob, ChunkProgress, partCount, workOn } from "./chunkJob.js";

/** Values of a job from which on helpers are used: fewer are decoded before a helper has started. */
const leastSharedValues = 2 ** 22;
/** Most threads: with more, reading is bound by memory. */
const mostThreads = 8;

/** Helper threads, started on first use and then kept; between jobs they do not keep the process alive. */
const helpers: Thread[] = [];
let jobsUnderWay = 0;

/**
 * Decodes chunks into the job's target, in this thread and, for a large job, in helpers up to the machine's processors.
 * Worker threads decode without helpers, since whoever started them has divided the machine already.
 *
 * @returns whether no voxel is NaN or infinite, and whether a chunk was absent
 * @throws PickbenchError BadDataset of the first chunk, in the job's order, that is lost, short or undecodable
 */
export async function decodeChunks(
  job: ChunkJob,
  array: ZarrArray,
): Promise<{ readonly allFinite: boolean; readonly hasAbsent: boolean }> {
  const progress = new ChunkProgress();
  const helped = callHelpers(Math.min(helperCount(job), partCount(job) - 1), job, progress);
  const [own] = await Promise.allSettled([workOn(job, progress, async () => array)]);
  // A helper that is still starting has taken no part and need not be waited for.
  if (progress.finished < partCount(job)) refuseFirst([own, ...(await helped)]);
  return { allFinite: progress.allFinite, hasAbsent: progress.hasAbsent };
}

function helperCount({ places, chunkShape, channelDepth }: ChunkJob): number {
  const values = places.length * channelDepth * voxelCount(chunkShape);
  return isMainThread && values >= leastSharedValues ? Math.min(availableParallelism(), mostThreads) - 1 : 0;
}

/** Has helpers work on a job; resolves to all their answers once all have answered. */
async function callHelpers(
  wanted: number,
  job: ChunkJob,
  { counts }: ChunkProgress,
): Promise<PromiseSettledResult<ChunkFailure | undefined>[]> {
  if (wanted === 0) return [];
  jobsUnderWay++;
  while (helpers.length < wanted) helpers.push(startThread(builtModule(import.meta.url, "./chunkWorker.js")));
  for (const helper of helpers) helper.ref();
  const answers = await Promise.allSettled(
    helpers.slice(0, wanted).map((helper) => answerOf(helper, { job, counts })),
  );
  jobsUnderWay--;
  if (jobsUnderWay === 0) for (const helper of helpers) helper.unref();
  return answers;
}

/** Asks a helper to work; drops a helper that has ended. */
async function answerOf(helper: Thread, argument: unknown): Promise<ChunkFailure | undefined> {
  try {
    return await helper.call<ChunkFailure | undefined>("work", argument);
  } catch (error) {
    helpers.splice(helpers.indexOf(helper), 1);
    await helper.close();
    throw error;
  }
}

function refuseFirst(answers: readonly PromiseSettledResult<ChunkFailure | undefined>[]): void {
  const failures: ChunkFailure[] = [];
  for (const answer of answers) {
    if (answer.status === "rejected") throw answer.reason;
    if (answer.value) failures.push(answer.value);
  }
  const [first] = failures.sort((a, b) => a.part - b.part);
  if (first) throw new PickbenchError(first.tag, first.message, { path: first.path });
}
