/** Pool of worker threads that pick. */
import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { type ErrorTag, PickbenchError } from "../../system/errors.js";
import { builtModule } from "../../system/threads.js";
import { keptVoxels, type SparseMap } from "../predict/sparseMap.js";
import type { PickingResult, PickingSettings } from "./picking.js";
import { Semaphore } from "./semaphore.js";
import type { PickedType, PickPlace, PickTask } from "./store.js";

/** Worker threads that pick several maps or channels at once, with the same picks as in this thread. */
export interface PickPool {
  /** Picks a map as `pickParticles` does. */
  pick(map: SparseMap, settings: PickingSettings): Promise<PickingResult>;
  /** Picks a map with each threshold as `sweepThresholds` does. */
  sweep(map: SparseMap, settings: PickingSettings, thresholds: readonly number[]): Promise<PickingResult[]>;
  /** Picks a channel of a store as `pickChannel` does. */
  channel(task: PickTask, settings: PickingSettings, place: PickPlace): Promise<PickedType>;
  /** Ends the threads after the work under way is finished. */
  close(): Promise<void>;
}

/** Work for a worker: one picking of a map, or one for each threshold. */
export interface PickWork {
  readonly map: SparseMap;
  readonly settings: PickingSettings;
  readonly thresholds: readonly number[] | null;
}

/** Work for a worker: one channel of a store. */
export interface ChannelWork {
  readonly task: PickTask;
  readonly settings: PickingSettings;
  readonly place: PickPlace;
}

/** A worker's answer: a result, or a PickbenchError's parts. */
export type PickAnswer<Result> =
  | { readonly result: Result }
  | { readonly tag: ErrorTag; readonly message: string };

/** Most threads: each holds a volume of floats and its distances, and with more, picking is bound by memory. */
const mostThreads = 4;

/** Most kept voxels of all maps that are picked at once: the watershed takes some 20 bytes of memory a voxel. */
const mostVoxels = 2 ** 24;

/** Returns the count of picking threads: the machine's processors, up to the limit by memory. */
export const pickingThreads = (): number => Math.min(mostThreads, availableParallelism());

/** Opens a pool, whose threads start with the first work. */
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
