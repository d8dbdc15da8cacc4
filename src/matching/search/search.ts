/** A worker's share of a search: the best rotation of each voxel, over the rotations that it is given. */
import type { Rotation } from "../../domain/rotation.js";
import type { BatchSearch, Best, SearchJob } from "./best.js";
import { openBlockSearch } from "./blockSearch.js";
import { Kernels } from "./kernels.js";
import type { Batch } from "./plan.js";
import { openVoxelSearch } from "./voxelSearch.js";

/** Rotations from `from` to `to`, of which a worker does every `workers`-th group. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly worker: number;
  readonly workers: number;
}

/** Searches the batches of one template, one after another. */
export class Search {
  readonly #job: SearchJob;
  readonly #kernels: Kernels;
  #batch: BatchSearch | undefined;

  private constructor(job: SearchJob, kernels: Kernels) {
    this.#job = job;
    this.#kernels = kernels;
  }

  static async open(job: SearchJob): Promise<Search> {
    return new Search(job, await Kernels.open(job.template, job.weights, job.sign));
  }

  async begin(batch: Batch): Promise<void> {
    await this.end();
    this.#batch =
      batch.kind === "blocks"
        ? await openBlockSearch(batch, this.#kernels, this.#job)
        : await openVoxelSearch(batch, this.#kernels, this.#job);
  }

  /** Searches a share. @returns for each pair of rotations the sum of the squares of its scores; 0 for others' pairs */
  async run({ from, to, worker, workers }: Share): Promise<Float64Array> {
    const batch = this.#batch!;
    const squares = new Float64Array(Math.ceil((to - from) / 2));
    const { group } = batch;
    for (let first = from + worker * group; first < to; first += workers * group) {
      const end = Math.min(to, first + group);
      for (let at = first; at < end; at += 2) {
        const isPair = at + 1 < end;
        const kernels = this.#kernels.pair(this.#rotation(at), isPair ? this.#rotation(at + 1) : undefined);
        squares[(at - from) / 2] = await batch.take(at, kernels);
      }
      const late = await batch.flush();
      for (const [at, square] of late) squares[(at - from) / 2]! += square;
    }
    return squares;
  }

  /** Returns the best so far. */
  best(): Best {
    return this.#batch!.best;
  }

  async end(): Promise<void> {
    await this.#batch?.close();
    this.#batch = undefined;
  }

  async close(): Promise<void> {
    await this.end();
    this.#kernels.close();
  }

  #rotation(at: number): Rotation {
    return [...this.#job.rotations.subarray(9 * at, 9 * at + 9)] as unknown as Rotation;
  }
}
