import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { shared } from "../../formats/sharedFloats.js";
import { type ErrorTag, PickbenchError } from "../../system/errors.js";
import { builtModule } from "../../system/threads.js";
import { batchBytes } from "./batch.js";
import { type Batch, checkPatches, type PatchSource, type PatchSpec } from "./spec.js";

export { makeBatch } from "./batch.js";
export type { AugmentSpec, Batch, PatchSource, PatchSpec } from "./spec.js";

/** Batches made ahead of the training loop in worker threads. */
interface PatchStream {
  /** The batch of any step, makeBatch's bits; fast where steps are asked for in order. */
  batch(step: number): Promise<Batch>;
  /** Total time that callers waited in batch(), all but the first call, in ms. */
  readonly waitedMs: number;
  close(): Promise<void>;
}

/** What every worker holds. */
export interface PatchWork {
  readonly spec: PatchSpec;
  readonly sources: readonly PatchSource[];
  /** One shared number: not 0 once the stream is closed, so that steps still queued are not made. */
  readonly closed: Int32Array;
}

/** What a worker answers: a batch, or a PickbenchError's parts. */
export type PatchAnswer =
  | { readonly batch: Batch }
  | { readonly tag: ErrorTag; readonly message: string; readonly path: string | undefined };

/** Batches made ahead stay under this many bytes, at least one of them. */
const aheadBytes = 512 * 1024 ** 2;

/**
 * Starts the workers. Volumes are copied once into shared memory, unless they lie in it already.
 * @throws BadExperiment, BadDataset as checkPatches does
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

  /** Piscina 5 throws out of turn where a worker answers while its pool is destroyed, so every answer is awaited first. */
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
    // A batch made ahead may fail before, or without, being asked for.
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
