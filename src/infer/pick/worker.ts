/** Worker entry of pool.ts. */

import { voxelCount } from "../../domain/volume.js";
import { isPickbenchError } from "../../system/errors.js";
import { clearKept, type SparseMap, writeKept } from "../predict/sparseMap.js";
import { type PickingResult, pickParticles, sweepThresholds } from "./picking.js";
import type { ChannelWork, PickAnswer, PickWork } from "./pool.js";
import type { PickedType } from "./store.js";

/** Volume for unpacked maps, zeroed between calls so that pages without kept voxels are never backed by the system. */
let dense = new Float32Array(0);

/** Picks a map; answers with one result, or one for each threshold. */
export const pickMap = ({ map, settings, thresholds }: PickWork): Promise<PickAnswer<PickingResult[]>> =>
  answer(async () =>
    inVolume(map, (data) => {
      const volume = { data, shape: map.shape, spacing: map.spacing };
      if (thresholds) return sweepThresholds(volume, settings, thresholds);
      return [pickParticles(volume, settings)];
    }),
  );

/** Picks a channel of a store; the code for stores is loaded on first use. */
export const pickStored = ({ task, settings, place }: ChannelWork): Promise<PickAnswer<PickedType>> =>
  answer(async () => (await import("./store.js")).pickChannel(task, settings, place));

/** Answers with a PickbenchError's parts where it is thrown, because a clone would lose its tag. */
async function answer<Result>(work: () => Promise<Result>): Promise<PickAnswer<Result>> {
  try {
    return { result: await work() };
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
