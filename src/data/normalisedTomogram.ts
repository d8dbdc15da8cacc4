import type { Volume } from "../volume.js";
import { type Dataset, findRun, findTomogram } from "./dataset.js";
import { type Normalisation, rescale } from "./normalisation.js";
import { measureVolume, normalise } from "./normalise.js";
import { openTomogram } from "./omeZarr.js";
import { sharedFloats } from "./sharedFloats.js";

export interface TomogramChoice {
  readonly tomogram: string;
  readonly voxelSpacing?: number | undefined;
  readonly level: number;
}

/** A run's reconstruction, read whole, normalised robustly, in shared memory so that worker threads see it without copies. */
export async function readNormalised(dataset: Dataset, run: string, choice: TomogramChoice): Promise<Volume> {
  const [volume] = await readViews(dataset, run, choice, ["standard"]);
  return volume!;
}

/** A run's reconstruction once a normalisation, each in shared memory of its own. */
export async function readViews(
  dataset: Dataset,
  run: string,
  choice: TomogramChoice,
  normalisations: readonly Normalisation[],
): Promise<Volume[]> {
  const ref = findTomogram(findRun(dataset, run), choice.tomogram, choice.voxelSpacing);
  const reader = await openTomogram(ref, choice.level);
  const volume = await reader.readAll();
  const intensity = measureVolume(volume, reader);
  const last = normalisations.length - 1;
  return normalisations.map((normalisation, index) => {
    const data = index === last ? volume.data : sharedCopy(volume.data);
    if (normalisation === "standard") normalise(data, intensity);
    else rescale(data, normalisation);
    return { ...volume, data };
  });
}

function sharedCopy(values: Float32Array): Float32Array {
  const copy = sharedFloats(values.length);
  copy.set(values);
  return copy;
}
