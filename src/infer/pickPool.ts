import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { builtModule } from "../built.js";
import { type ErrorTag, PickbenchError } from "../errors.js";
import type { PickingResult, PickingSettings } from "./picking.js";
import type { SparseMap } from "./sparseMap.js";

/** Picks maps in worker threads, several at once; the same picks as in this thread. */
export interface PickPool {
  /** As pickParticles. */
  pick(map: SparseMap, settings: PickingSettings): Promise<PickingResult>;
  /** As sweepThresholds. */
  sweep(map: SparseMap, settings: PickingSettings, thresholds: readonly number[]): Promise<PickingResult[]>;
  /** Ends once what is under way is done. */
  close(): Promise<void>;
}

/** What a worker is asked: one picking, or one a threshold. */
export interface PickWork {
  readonly map: SparseMap;
  readonly settings: PickingSettings;
  readonly thresholds: readonly number[] | null;
}

/** What a worker answers: results, or a PickbenchError's parts. */
export type PickAnswer =
  | { readonly results: PickingResult[] }
  | { readonly tag: ErrorTag; readonly message: string };

/** Each holds a volume of floats and the distances in it; beyond these, picking is bound by memory. */
const mostThreads = 4;

/** Threads start with the first maps. */
export function openPickPool(threads: number = Math.min(mostThreads, availableParallelism())): PickPool {
  const underWay = new Set<Promise<unknown>>();
  let pool: Piscina<PickWork, PickAnswer> | undefined;
  const ask = async (work: PickWork): Promise<PickingResult[]> => {
    pool ??= new Piscina<PickWork, PickAnswer>({
      filename: builtModule(import.meta.url, "./pickWorker.js").href,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    const answering = pool.run(work);
    underWay.add(answering);
    try {
      const answer = await answering;
      if ("results" in answer) return answer.results;
      throw new PickbenchError(answer.tag, answer.message);
    } finally {
      underWay.delete(answering);
    }
  };
  return {
    async pick(map, settings) {
      const [result] = await ask({ map, settings, thresholds: null });
      return result!;
    },
    sweep: (map, settings, thresholds) => ask({ map, settings, thresholds }),
    // Piscina 5 throws out of turn where a worker answers while its pool is destroyed, so every answer is awaited first.
    async close() {
      await Promise.allSettled(underWay);
      await pool?.destroy();
    },
  };
}
