/**
 * Searches a tomogram for one template. The room `matching` finds particles by the local normalised cross-correlation with
 * turned templates.
 */
import { voxelCount } from "../../domain/volume.js";
import { sharedFloats } from "../../formats/sharedFloats.js";
import { PickbenchError } from "../../system/errors.js";
import type { Reporter } from "../../system/reporter.js";
import { builtModule, startThread, type Thread } from "../../system/threads/threads.js";
import { type Area, drawnArea } from "./area.js";
import { type Best, mergeBest, noBest, type SearchJob } from "./best.js";
import { Kernels } from "./kernels.js";
import type { BatchState, Ledger } from "./ledger.js";
import { type Batch, type Plan, planSearch, productGroup } from "./plan.js";

/** A search to be made. */
export interface MatchTask {
  readonly job: SearchJob;
  readonly area: Area;
  readonly threads: number;
  readonly ledger: Ledger;
  readonly reporter: Reporter;
  /** What is searched for and where, for the progress. */
  readonly label: string;
  /** Milliseconds between two looks at whether to stop, as far as the plan's costs tell; 3000 if absent. */
  readonly betweenLooks?: number;
}

/** What a search found. */
export interface MatchResult {
  /** Greatest score of each voxel; 0 outside the area. */
  readonly scores: Float32Array;
  /** Index of its rotation; −1 outside the area. */
  readonly rotations: Int32Array;
  /** Root mean square of all correlations; where less than half is searched, of those at voxels drawn from all. */
  readonly std: number;
  /** Voxels of the area times rotations. */
  readonly searched: number;
  readonly plan: Plan;
  /** Seconds that this call took. */
  readonly seconds: number;
  /** Seconds of processors that this process spent meanwhile, in all threads. */
  readonly processorSeconds: number;
}

/** Bytes that workers may hold together. */
const mostBytes = 1600 * 2 ** 20;
/** Voxels that tell how scores are spread over a tomogram of which less than half is searched. */
const sampleSize = 2048;

/**
 * Searches an area for a template: for each voxel, the greatest score over all rotations. Each worker takes every n-th pair of
 * rotations; the result is the same for any number of threads.
 *
 * @throws PickbenchError Stopped once the reporter's signal is aborted; what is done is in the ledger
 */
export async function matchTemplate(task: MatchTask): Promise<MatchResult> {
  const started = performance.now();
  const spentBefore = process.cpuUsage();
  const { job, area, reporter } = task;
  const count = job.rotations.length / 9;
  const compared = await comparedBy(job);
  const isSampled = area.voxels < voxelCount(job.shape) / 2 && !compared.isTurning;
  const sample = isSampled ? drawnArea(job.shape, sampleSize) : undefined;
  const plan = planSearch(area, compared, sample);
  const workers = await openWorkers(task, plan);
  const scores = sharedFloats(voxelCount(job.shape));
  const rotations = new Int32Array(scores.length).fill(-1);
  const progress = reporter.progress(task.label, count, "rotations");
  let [squares, before] = [0, 0];
  try {
    for (const [at, batch] of plan.batches.entries()) {
      const state = await searchBatch(task, workers, at, batch, (done) =>
        progress.update(Math.floor((before + done * batch.cost) / plan.cost)),
      );
      const isSample = batch.kind === "voxels" && batch.isSample === true;
      if (isSample === isSampled) squares += state.squares;
      before += count * batch.cost;
      if (!isSample) scatter(batch, state.best, job, scores, rotations);
    }
  } finally {
    progress.stop();
    await Promise.all(workers.map((worker) => worker.close()));
  }
  const searched = area.voxels * count;
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(spentBefore);
  const processorSeconds = (user + system) / 1e6;
  const std = Math.sqrt(squares / (count * (sample ?? area).voxels));
  return { scores, rotations, std, searched, plan, seconds, processorSeconds };
}

/** Returns what the plan needs to know of a template. */
async function comparedBy(job: SearchJob) {
  const kernels = await Kernels.open(job.template, job.weights, job.sign);
  const { support, isTurning } = kernels;
  kernels.close();
  return {
    reach: support.reach,
    places: support.places.length / 3,
    isTurning,
    cube: job.weights.length,
    rotations: job.rotations.length / 9,
  };
}

async function openWorkers({ job, threads }: MatchTask, plan: Plan): Promise<Thread[]> {
  const count = Math.max(1, Math.min(threads, Math.floor(mostBytes / Math.max(1, plan.bytes))));
  const workers = Array.from({ length: count }, () =>
    startThread(builtModule(import.meta.url, "./worker.js")),
  );
  await Promise.all(workers.map((worker) => worker.call("open", job)));
  return workers;
}

/** Voxels of a batch. */
const voxelsOf = (batch: Batch): number =>
  batch.kind === "voxels" ? batch.voxels : batch.blocks.reduce((sum, { voxels }) => sum + voxels, 0);

/** Searches what the ledger does not hold of a batch. @param onDone hears how many rotations are done */
async function searchBatch(
  { job, ledger, reporter, betweenLooks = 3000 }: MatchTask,
  workers: readonly Thread[],
  at: number,
  batch: Batch,
  onDone: (done: number) => void,
): Promise<BatchState> {
  const count = job.rotations.length / 9;
  const voxels = voxelsOf(batch);
  const before = await ledger.read(at, voxels);
  if (before?.done === count) return before;
  let { done, squares } = before ?? { done: 0, squares: 0 };
  await Promise.all(workers.map((worker) => worker.call("begin", batch)));
  const group = batch.kind === "voxels" ? productGroup(count) : 2;
  const groups = Math.max(1, Math.round((2 * betweenLooks) / batch.cost / group));
  while (done < count && !reporter.signal.aborted) {
    const to = Math.min(count, done + group * groups * workers.length);
    const shares = await Promise.all(
      workers.map((worker, index) =>
        worker.call<Float64Array>("run", { from: done, to, worker: index, workers: workers.length }),
      ),
    );
    for (let pair = 0; pair < shares[0]!.length; pair++) for (const share of shares) squares += share[pair]!;
    done = to;
    onDone(done);
  }
  const best = before?.best ?? noBest(voxels);
  for (const worker of workers) mergeBest(best, await worker.call<Best>("best", null));
  const state = { done, squares, best };
  await ledger.write(at, state);
  if (done < count)
    throw new PickbenchError(
      "Stopped",
      `stopped after ${done} of ${count} rotations of part ${at + 1}; the same command goes on from there`,
    );
  return state;
}

/** Writes the best of a batch's voxels to their places in the volume. */
function scatter(
  batch: Batch,
  best: Best,
  { shape }: SearchJob,
  scores: Float32Array,
  rotations: Int32Array,
): void {
  let from = 0;
  for (const runs of batch.kind === "voxels" ? [batch.runs] : batch.blocks.map((block) => block.runs))
    for (let run = 0; run < runs.length; run += 4) {
      const count = runs[run + 3]! - runs[run + 2]!;
      const to = (runs[run]! * shape[1] + runs[run + 1]!) * shape[2] + runs[run + 2]!;
      scores.set(best.scores.subarray(from, from + count), to);
      rotations.set(best.rotations.subarray(from, from + count), to);
      from += count;
    }
}
