import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { builtModule } from "../built.js";
import { type ErrorTag, PickbenchError } from "../errors.js";
import { batchBytes } from "./patchBatch.js";
import { type Batch, checkPatches, type PatchSource, type PatchSpec } from "./patchSpec.js";

export { makeBatch } from "./patchBatch.js";
export type { AugmentSpec, Batch, PatchSource, PatchSpec } from "./patchSpec.js";

/** Batches made ahead of the training loop in worker threads. */
export interface PatchStream {
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
  const work: PatchWork = { spec, sources: sources.map(shareVolumes) };
  const pool = new Piscina<number, PatchAnswer>({
    filename: builtModule(import.meta.url, "./patchWorker.js").href,
    minThreads: threads,
    maxThreads: threads,
    workerData: work,
  });
  return new PooledPatchStream(pool, ahead);
}

function shareVolumes(source: PatchSource): PatchSource {
  const volumes = source.volumes.map((volume) => {
    if (volume.data.buffer instanceof SharedArrayBuffer) return volume;
    const data = new Float32Array(new SharedArrayBuffer(volume.data.byteLength));
    data.set(volume.data);
    return { ...volume, data };
  });
  return { ...source, volumes };
}

class PooledPatchStream implements PatchStream {
  waitedMs = 0;
  readonly #pool: Piscina<number, PatchAnswer>;
  readonly #ahead: number;
  readonly #pending = new Map<number, Promise<Batch>>();
  #started = false;
  #closed: Promise<void> | undefined;

  constructor(pool: Piscina<number, PatchAnswer>, ahead: number) {
    this.#pool = pool;
    this.#ahead = ahead;
  }

  async batch(step: number): Promise<Batch> {
    if (this.#closed !== undefined) throw new Error(`batch(${step}) was asked of a closed patch stream`);
    const first = !this.#started;
    this.#started = true;
    for (const made of this.#pending.keys()) {
      if (made < step || made > step + this.#ahead) this.#pending.delete(made);
    }
    const asked = this.#make(step);
    this.#pending.delete(step);
    for (let next = step + 1; next <= step + this.#ahead; next++) this.#make(next);
    const from = performance.now();
    const batch = await asked;
    if (!first) this.waitedMs += performance.now() - from;
    return batch;
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.destroy();
    this.#pending.clear();
    return this.#closed;
  }

  #make(step: number): Promise<Batch> {
    const pending = this.#pending.get(step);
    if (pending !== undefined) return pending;
    const made = this.#pool.run(step).then(opened);
    // A batch made ahead may fail before, or without, being asked for.
    made.catch(() => undefined);
    this.#pending.set(step, made);
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
