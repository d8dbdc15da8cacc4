/** Pool of worker threads that pick. */
import { availableParallelism } from "node:os";
import { openPool } from "../../system/threads/pool.js";
import { builtModule } from "../../system/threads/threads.js";
import { keptVoxels, type SparseMap } from "../predict/sparseMap.js";
import type { PickingResult, PickingSettings } from "./picking.js";
import { Semaphore } from "./semaphore.js";
import type { ChannelSettings, PickedType, PickPlace, PickTask } from "./store.js";

/** Worker threads that pick several maps or channels at once, with the same picks as in this thread. */
export interface PickPool {
  /** Picks a map as `pickParticles` does. */
  pick(map: SparseMap, settings: PickingSettings): Promise<PickingResult>;
  /** Picks a map with each threshold as `sweepThresholds` does. */
  sweep(map: SparseMap, settings: PickingSettings, thresholds: readonly number[]): Promise<PickingResult[]>;
  /** Picks a channel of a store as `pickChannel` does. */
  channel(task: PickTask, settings: ChannelSettings, place: PickPlace): Promise<PickedType>;
  /** Refuses what no thread has begun, and ends once the rest is done. */
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
  readonly settings: ChannelSettings;
  readonly place: PickPlace;
}

/** Most threads: each holds a volume of floats and its distances, and with more, picking is bound by memory. */
const mostThreads = 4;

/** Most kept voxels of all maps that are picked at once: the watershed takes some 20 bytes of memory a voxel. */
const mostVoxels = 2 ** 24;

/** Returns the count of picking threads: the machine's processors, up to the limit by memory. */
export const pickingThreads = (): number => Math.min(mostThreads, availableParallelism());

/** Opens a pool, whose threads start with the first work. */
export function openPickPool(threads: number = pickingThreads()): PickPool {
  const pool = openPool(builtModule(import.meta.url, "./worker.js"), { threads, atOnce: 0 });
  const admission = new Semaphore(mostVoxels);
  const askMap = (work: PickWork): Promise<PickingResult[]> =>
    admission.run(keptVoxels(work.map), () => pool.run(work, "pickMap"));
  return {
    async pick(map, settings) {
      const [result] = await askMap({ map, settings, thresholds: null });
      return result!;
    },
    sweep: (map, settings, thresholds) => askMap({ map, settings, thresholds }),
    channel: (task, settings, place) =>
      pool.run({ task, settings, place } satisfies ChannelWork, "pickStored"),
    close: () => pool.close(),
  };
}
