/** The worker's side of pool.ts. */
import { voxelCount } from "../../domain/volume.js";
import { answering } from "../../system/threads/pool.js";
import { clearKept, type SparseMap, writeKept } from "../predict/sparseMap.js";
import { type PickingResult, pickParticles, sweepThresholds } from "./picking.js";
import type { ChannelWork, PickWork } from "./pool.js";

/** Volume for unpacked maps, zeroed between calls so that pages without kept voxels are never backed by the system. */
let dense = new Float32Array(0);

/** Picks a map; answers with one result, or one for each threshold. */
export const pickMap = answering(({ map, settings, thresholds }: PickWork) =>
  inVolume(map, (data) => {
    const volume = { data, shape: map.shape, spacing: map.spacing };
    if (thresholds) return sweepThresholds(volume, settings, thresholds);
    return [pickParticles(volume, settings)];
  }),
);

/** Picks a channel of a store; the code for stores is loaded on first use. */
export const pickStored = answering(async ({ task, settings, place }: ChannelWork) =>
  (await import("./store.js")).pickChannel(task, settings, place),
);

function inVolume(map: SparseMap, pick: (data: Float32Array) => PickingResult[]): PickingResult[] {
  const size = voxelCount(map.shape);
  if (dense.length !== size) dense = new Float32Array(size);
  writeKept(map, dense);
  try {
    return pick(dense);
  } finally {
    clearKept(map, dense);
  }
}
