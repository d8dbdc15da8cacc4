import { availableParallelism } from "node:os";
import { openPool, type Pool } from "../../system/pool.js";
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
  /** Refuses what no thread has begun, and ends once the rest is done. */
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

/** Each holds a volume of floats and the distances in it; beyond these, picking is bound by memory. */
const mostThreads = 4;

/** Kept voxels of the maps that are picked at once: the watershed takes some 20 bytes of memory a voxel. */
const mostVoxels = 2 ** 24;

/** As many as the machine has processors, within what its memory bears. */
export const pickingThreads = (): number => Math.min(mostThreads, availableParallelism());

/** Threads start with the first work. */
export function openPickPool(threads: number = pickingThreads()): PickPool {
  let pool: Pool | undefined;
  let isClosed = false;
  const ask = async <Result>(
    name: "pickMap" | "pickStored",
    work: PickWork | ChannelWork,
  ): Promise<Result> => {
    if (isClosed) throw new Error("a picking was asked of a pool that is closed");
    pool ??= openPool(builtModule(import.meta.url, "./worker.js"), { threads, atOnce: 1 });
    return pool.run<Result>(work, name);
  };
  const admission = new Semaphore(mostVoxels);
  const askMap = (work: PickWork): Promise<PickingResult[]> =>
    admission.run(keptVoxels(work.map), () => ask("pickMap", work));
  return {
    async pick(map, settings) {
      const [result] = await askMap({ map, settings, thresholds: null });
      return result!;
    },
    sweep: (map, settings, thresholds) => askMap({ map, settings, thresholds }),
    channel: (task, settings, place) => ask("pickStored", { task, settings, place }),
    async close() {
      isClosed = true;
      await pool?.close();
    },
  };
}
