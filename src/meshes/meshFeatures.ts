/** Meshes of many maps, several at once in worker threads. */
import type { FeatureMap } from "../infer/maps/featureMaps.js";
import type { Reporter } from "../system/reporter.js";
import { openPool } from "../system/threads/pool.js";
import { builtModule } from "../system/threads/threads.js";
import { type MeshTarget, meshFeature, type WrittenMesh } from "./meshFeature.js";
import type { SurfaceSettings } from "./surfaceOf.js";

/** Work for a worker: one map. */
export interface MeshWork {
  readonly map: FeatureMap;
  readonly settings: SurfaceSettings;
  readonly target: MeshTarget;
}

/**
 * Makes and writes the meshes of maps; a lone one in this thread. Once the reporter's signal is aborted, no further one
 * is begun.
 *
 * @param threads most maps at once, each of which holds its surface in memory
 * @returns the meshes in the order of the maps, without those that were not begun
 * @throws the first failure in that order; what is under way is finished, nothing further is begun after a failure
 */
export async function meshFeatures(
  maps: readonly FeatureMap[],
  settings: SurfaceSettings,
  target: MeshTarget,
  threads: number,
  reporter: Reporter,
): Promise<WrittenMesh[]> {
  const lanes = Math.min(threads, maps.length);
  const pool =
    lanes > 1 ? openPool(builtModule(import.meta.url, "./worker.js"), { threads: lanes, atOnce: 0 }) : null;
  const progress = reporter.progress("meshing", maps.length, "maps");
  const meshOf = (map: FeatureMap): Promise<WrittenMesh> =>
    pool ? pool.run({ map, settings, target } satisfies MeshWork) : meshFeature(map, settings, target);
  const written: WrittenMesh[] = [];
  const failures = new Map<number, unknown>();
  let [next, done] = [0, 0];
  const lane = async (): Promise<void> => {
    while (next < maps.length && failures.size === 0 && !reporter.signal.aborted) {
      const at = next++;
      try {
        written[at] = await meshOf(maps[at]!);
        progress.update(++done, `${maps[at]!.run} ${maps[at]!.type}`);
      } catch (error) {
        failures.set(at, error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    progress.stop();
    await pool?.close();
  }
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return written.filter((each) => each !== undefined);
}
