import type { Volume } from "../volume.js";
import { type Dataset, findRun, findTomogram } from "./dataset.js";
import { type Normalisation, rescale } from "./normalisation.js";
import { measureIntensity, normalise } from "./normalise.js";
import { openTomogram } from "./omeZarr.js";

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
  const intensity = await measureIntensity(reader);
  const { data, shape, spacing } = await reader.readAll();
  return normalisations.map((normalisation) => {
    const view = new Float32Array(new SharedArrayBuffer(data.byteLength));
    view.set(data);
    if (normalisation === "standard") normalise(view, intensity);
    else rescale(view, normalisation);
    return { data: view, shape, spacing };
  });
}
