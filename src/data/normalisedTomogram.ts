import type { Volume } from "../volume.js";
import { type Dataset, findRun, findTomogram } from "./dataset.js";
import { measureIntensity, normalise } from "./normalise.js";
import { openTomogram } from "./omeZarr.js";

export interface TomogramChoice {
  readonly tomogram: string;
  readonly voxelSpacing?: number | undefined;
  readonly level: number;
}

/** A run's reconstruction, read whole, normalised robustly, in shared memory so that worker threads see it without copies. */
export async function readNormalised(dataset: Dataset, run: string, choice: TomogramChoice): Promise<Volume> {
  const ref = findTomogram(findRun(dataset, run), choice.tomogram, choice.voxelSpacing);
  const reader = await openTomogram(ref, choice.level);
  const intensity = await measureIntensity(reader);
  const { data, shape, spacing } = await reader.readAll();
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
  shared.set(normalise(data, intensity));
  return { data: shared, shape, spacing };
}
