import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { type ErrorTag, PickbenchError } from "../../system/errors.js";
import { builtModule } from "../../system/threads.js";
import { keptVoxels, type SparseMap } from "../predict/sparseMap.js";
import type { PickingResult, PickingSettings } from "./picking.js";
import { Semaphore } from "./semaphore.js";
import type { PickedType, PickPlace, PickTask } from "./store.js";

/** Picks maps in worker threads, several at once; the same picks as in this thread. */
export interface PickPool {
  /** As pickParticles. */
  pick(map: SparseMap, settings: PickingSettings): Promise<PickingResult>;
  /** As sweepThresholds. */
  sweep(map: SparseMap, settings: PickingSettings, thresholds: readonly number[]): Promise<PickingResult[]>;
  /** As pickChannel. */
  channel(task: PickTask, settings: PickingSettings, place: PickPlace): Promise<PickedType>;
  /** Ends once what is under way is done. */
  close(): Promise<void>;
}

/** What a worker is asked: one picking, or one a threshold. */
export interface PickWork {
  readonly map: SparseMap;
  readonly settings: PickingSettings;
  readonly thresholds: readonly number[] | null;
}

/** As PickWork, for a channel of a store. */
export interface ChannelWork {
  readonly task: PickTask;
  readonly settings: PickingSettings;
  readonly place: PickPlace;
}

/** What a worker answers: a result, or a PickbenchError's parts. */
export type PickAnswer<Result> =
  | { readonly result: Result }
  | { readonly tag: ErrorTag; readonly message: string };

/** Each holds a volume of floats and the distances in it; beyond these, picking is bound by memory. */
const mostThreads = 4;

/** Kept voxels of the maps that are picked at once: the watershed takes some 20 bytes of memory a voxel. */
const mostVoxels = 2 ** 24;

/** As many as the machine has processors, within what its memory bears. */
export const pickingThreads = (): number => Math.min(mostThreads, availableParallelism());

/** Threads start with the first work. */
export function openPickPool(threads: number = pickingThreads()): PickPool {
  const underWay = new Set<Promise<unknown>>();
  let pool: Piscina | undefined;
  const ask = async <Result>(
    name: "pickMap" | "pickStored",
    work: PickWork | ChannelWork,
  ): Promise<Result> => {
    pool ??= new Piscina({
      filename: builtModule(import.meta.url, "./worker.js").href,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    const answer: PickAnswer<Result> = await pool.run(work, { name });
    if ("result" in answer) return answer.result;
    throw new PickbenchError(answer.tag, answer.message);
  };
  const admission = new Semaphore(mostVoxels);
  const tracked = <Result>(asked: Promise<Result>): Promise<Result> => {
    const ended = (): boolean => underWay.delete(asked);
    underWay.add(asked);
    asked.then(ended, ended);
    return asked;
  };
  const askMap = (work: PickWork): Promise<PickingResult[]> =>
    tracked(admission.run(keptVoxels(work.map), () => ask("pickMap", work)));
  return {
    async pick(map, settings) {
      const [result] = await askMap({ map, settings, thresholds: null });
      return result!;
    },
    sweep: (map, settings, thresholds) => askMap({ map, settings, thresholds }),
    channel: (task, settings, place) => tracked(ask("pickStored", { task, settings, place })),
    // Piscina 5 throws out of turn where a worker answers while its pool is destroyed, so every answer is awaited first.
    async close() {
      await Promise.allSettled(underWay);
      await pool?.destroy();
    },
  };
}
