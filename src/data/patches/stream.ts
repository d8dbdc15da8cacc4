/**
 * Streams training batches that worker threads make ahead of the loop. The room `patches` cuts, paints and augments the
 * patches that networks are trained on.
 */
import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { shared } from "../../formats/sharedFloats.js";
import { type ErrorTag, PickbenchError } from "../../system/errors.js";
import { builtModule } from "../../system/threads.js";
import { batchBytes } from "./batch.js";
import { type Batch, checkPatches, type PatchSource, type PatchSpec } from "./spec.js";

export { makeBatch } from "./batch.js";
export type { AugmentSpec, Batch, PatchSource, PatchSpec } from "./spec.js";

/** A stream of batches, made by worker threads ahead of the training loop. */
interface PatchStream {
  /** Returns the batch of any step, with the bits of `makeBatch`; fast where steps are requested in order. */
  batch(step: number): Promise<Batch>;
  /** Total time in ms that callers waited in batch(), without the first call. */
  readonly waitedMs: number;
  close(): Promise<void>;
}

/** Data that every worker holds. */
export interface PatchWork {
  readonly spec: PatchSpec;
  readonly sources: readonly PatchSource[];
  /** One shared number: not 0 once the stream is closed, so that queued steps are not made. */
  readonly closed: Int32Array;
}

/** A worker's answer: a batch, or the parts of a PickbenchError. */
export type PatchAnswer =
  | { readonly batch: Batch }
  | { readonly tag: ErrorTag; readonly message: string; readonly path: string | undefined };

/** Limit in bytes for the batches made ahead; at least one batch is. */
const aheadBytes = 512 * 1024 ** 2;

/**
 * Starts the workers. Volumes are copied once into shared memory, unless they lie there already.
 *
 * @throws PickbenchError BadExperiment or BadDataset as `checkPatches` does
 */
export async function openPatchStream(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  options: { threads?: number; ahead?: number } = {},
): Promise<PatchStream> {
  checkPatches(spec, sources);
  const ahead = Math.max(1, Math.min(options.ahead ?? 4, Math.floor(aheadBytes / batchBytes(spec))));
  const threads = options.threads ?? Math.max(1, Math.min(ahead, availableParallelism() - 1));
  const closed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const work: PatchWork = { spec, sources: sources.map(shareVolumes), closed };
  const pool = new Piscina<number, PatchAnswer>({
    filename: builtModule(import.meta.url, "./worker.js").href,
    minThreads: threads,
    maxThreads: threads,
    stricterFIFO: true,
    workerData: work,
  });
  return new PooledPatchStream(pool, ahead, closed);
}

const shareVolumes = (source: PatchSource): PatchSource => ({
  ...source,
  volumes: source.volumes.map((volume) => ({ ...volume, data: shared(volume.data) })),
});

class PooledPatchStream implements PatchStream {
  waitedMs = 0;
  readonly #pool: Piscina<number, PatchAnswer>;
  readonly #ahead: number;
  readonly #closedFlag: Int32Array;
  readonly #pending = new Map<number, Promise<Batch>>();
  readonly #underWay = new Set<Promise<Batch>>();
  #started = false;
  #closed: Promise<void> | undefined;

  constructor(pool: Piscina<number, PatchAnswer>, ahead: number, closedFlag: Int32Array) {
    this.#pool = pool;
    this.#ahead = ahead;
    this.#closedFlag = closedFlag;
  }

  async batch(step: number): Promise<Batch> {
    if (this.#closed !== undefined) throw new Error(`batch(${step}) was asked of a closed patch stream`);
    const first = !this.#started;
    this.#started = true;
    const asked = this.#make(step);
    for (let next = step + 1; next <= step + this.#ahead; next++) this.#make(next);
    for (const made of this.#pending.keys()) {
      if (made <= step || made > step + this.#ahead) this.#pending.delete(made);
    }
    const from = performance.now();
    const batch = await asked;
    if (!first) this.waitedMs += performance.now() - from;
    return batch;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /**
   * Piscina 5 throws out of turn where a worker answers while its pool is destroyed, so every answer is awaited first.
   */
  async #end(): Promise<void> {
    Atomics.store(this.#closedFlag, 0, 1);
    this.#pending.clear();
    await Promise.allSettled(this.#underWay);
    await this.#pool.destroy();
  }

  #make(step: number): Promise<Batch> {
    const pending = this.#pending.get(step);
    if (pending !== undefined) return pending;
    const made = this.#pool.run(step).then(opened);
    this.#pending.set(step, made);
    this.#underWay.add(made);
    // A batch made ahead may fail before it is requested, or without ever being requested.
    const ended = (): boolean => this.#underWay.delete(made);
    made.then(ended, ended);
    return made;
  }
}

function opened(answer: PatchAnswer): Batch {
  if ("batch" in answer) return answer.batch;
  throw new PickbenchError(
    answer.tag,
    answer.message,
    answer.path === undefined ? {} : { path: answer.path },
  );
}
