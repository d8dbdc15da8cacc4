/**
 * Streams training batches that worker threads make ahead of the loop. The room `patches` cuts, paints and augments the
 * patches that networks are trained on.
 */
import { availableParallelism } from "node:os";
import { shared } from "../../formats/sharedFloats.js";
import { openPool, type Pool } from "../../system/threads/pool.js";
import { builtModule } from "../../system/threads/threads.js";
import { batchBytes } from "./batch.js";
import type { HardPlaces } from "./hardPlaces.js";
import { type Batch, checkPatches, type PatchSource, type PatchSpec } from "./spec.js";

export { makeBatch } from "./batch.js";
export type { HardPlaces } from "./hardPlaces.js";
export type { AugmentSpec, Batch, PatchSource, PatchSpec } from "./spec.js";

/** A stream of batches, made by worker threads ahead of the training loop. */
export interface PatchStream {
  /** Returns the batch of any step, with the bits of `makeBatch`; fast where steps are requested in order. */
  batch(step: number): Promise<Batch>;
  /** Draws crops around these hard places too, from the next request on; batches made ahead are made again. */
  drawAround(places: HardPlaces): void;
  /** Total time in ms that callers waited in batch(), without the first call. */
  readonly waitedMs: number;
  close(): Promise<void>;
}

/** Data that every worker holds. */
export interface PatchWork {
  readonly spec: PatchSpec;
  readonly sources: readonly PatchSource[];
}

/** A batch to make. */
export interface PatchTask {
  readonly step: number;
  readonly places: HardPlaces | undefined;
}

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
  const held: PatchWork = { spec, sources: sources.map(shareVolumes) };
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads, held });
  return new PooledPatchStream(pool, ahead);
}

const shareVolumes = (source: PatchSource): PatchSource => ({
  ...source,
  volumes: source.volumes.map((volume) => ({ ...volume, data: shared(volume.data) })),
});

class PooledPatchStream implements PatchStream {
  waitedMs = 0;
  readonly #pool: Pool;
  readonly #ahead: number;
  readonly #pending = new Map<number, Promise<Batch>>();
  #started = false;
  #places: HardPlaces | undefined;

  constructor(pool: Pool, ahead: number) {
    this.#pool = pool;
    this.#ahead = ahead;
  }

  async batch(step: number): Promise<Batch> {
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

  drawAround(places: HardPlaces): void {
    this.#places = shared(places);
    this.#pending.clear();
  }

  close(): Promise<void> {
    this.#pending.clear();
    return this.#pool.close();
  }

  #make(step: number): Promise<Batch> {
    const pending = this.#pending.get(step);
    if (pending !== undefined) return pending;
    const made = this.#pool.run<Batch>({ step, places: this.#places } satisfies PatchTask);
    this.#pending.set(step, made);
    // A batch made ahead may fail before it is requested, or without ever being requested.
    made.catch(() => undefined);
    return made;
  }
}
