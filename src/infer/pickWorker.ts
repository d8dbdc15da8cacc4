/** The worker's side of pickPool.ts. */
import { isPickbenchError } from "../errors.js";
import { voxelCount } from "../volume.js";
import { type PickingResult, pickParticles, sweepThresholds } from "./picking.js";
import type { PickAnswer, PickWork } from "./pickPool.js";
import { clearKept, type SparseMap, writeKept } from "./sparseMap.js";

/** Zeros between calls, so that pages without a kept voxel are never backed by the system. */
let dense = new Float32Array(0);

/** A PickbenchError as its parts, because a clone would lose its tag. */
export default function answer({ map, settings, thresholds }: PickWork): PickAnswer {
  try {
    return {
      results: inVolume(map, (data) => {
        const volume = { data, shape: map.shape, spacing: map.spacing };
        if (thresholds) return sweepThresholds(volume, settings, thresholds);
        return [pickParticles(volume, settings)];
      }),
    };
  } catch (error) {
    if (!isPickbenchError(error)) throw error;
    return { tag: error.tag, message: error.message };
  }
}

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
