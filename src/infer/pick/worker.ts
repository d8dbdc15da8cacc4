/** The worker's side of pool.ts. */
import { voxelCount } from "../../domain/volume.js";
import { answering } from "../../system/pool.js";
import { clearKept, type SparseMap, writeKept } from "../predict/sparseMap.js";
import { type PickingResult, pickParticles, sweepThresholds } from "./picking.js";
import type { ChannelWork, PickWork } from "./pool.js";

/** Zeros between calls, so that pages without a kept voxel are never backed by the system. */
let dense = new Float32Array(0);

/** One result, or one a threshold. */
export const pickMap = answering(({ map, settings, thresholds }: PickWork) =>
  inVolume(map, (data) => {
    const volume = { data, shape: map.shape, spacing: map.spacing };
    if (thresholds) return sweepThresholds(volume, settings, thresholds);
    return [pickParticles(volume, settings)];
  }),
);

/** Loads what reads and writes stores when that is first asked. */
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
