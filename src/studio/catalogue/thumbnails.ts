/** Thumbnails of tomograms that no survey has pictures of: the middle slice, made when somebody waits for it. */
import type { Dataset, Level, Run } from "../../data/model.js";
import { openTomogram, resolveTomogram } from "../../data/tomograms/omeZarr.js";
import { planesAround } from "../../present/pictures/grey.js";
import { slicePicture } from "../../survey/measure/picture.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import { isThere } from "../../system/paths/replacing.js";
import { Recent } from "../recent.js";
import { shownTomograms } from "../shownTomogram.js";

/** Bytes of pictures that are kept. */
const mostBytes = 32 * 2 ** 20;
/** Tomograms that are read at once. */
const atOnce = 2;
/** The least longer side in voxels of a level that is fine enough for a thumbnail. */
const fineEnough = 128;

/** Makes thumbnails of a data set's runs, the last asked for first: it is what a page that was scrolled shows. */
export class Thumbnails {
  readonly #dataset: Dataset;
  readonly #kept = new Recent<Uint8Array>(mostBytes, ({ length }) => length);
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  /**
   * Returns the thumbnail of a run as PNG.
   *
   * @throws PickbenchError BadDataset where it has no tomogram here, or one that is broken; Stopped where nobody waits for it
   * any more
   */
  async of(run: Run, signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      try {
        return await this.#kept.get(run.name, () =>
          this.#inTurn(signal, () => thumbnailOf(this.#dataset, run)),
        );
      } catch (error) {
        const isOfAnother = isPickbenchError(error, "Stopped") && !signal.aborted;
        if (!isOfAnother) throw error;
      }
    }
  }

  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) await new Promise<void>((begin) => this.#waiting.push(begin));
    else this.#running++;
    try {
      if (signal.aborted) throw new PickbenchError("Stopped", "nobody waits for the picture any more");
      return await work();
    } finally {
      const next = this.#waiting.pop();
      if (next) next();
      else this.#running--;
    }
  }
}

async function thumbnailOf(dataset: Dataset, run: Run): Promise<Uint8Array> {
  const tomogram = shownTomograms(dataset)(run);
  if (tomogram === undefined || !(await isThere(tomogram.path)))
    throw new PickbenchError("BadDataset", `${run.name} has no tomogram on this machine`);
  const { access } = dataset;
  const resolved = await resolveTomogram(tomogram, access);
  const reader = await openTomogram(resolved, levelFor(resolved.levels), access);
  const [depth, ny, nx] = reader.shape;
  const [first, last] = planesAround(Math.floor(depth / 2), depth, reader.spacing[0]);
  const shape = [last - first + 1, ny, nx] as const;
  const data = await reader.readRegion({ start: [first, 0, 0], end: [last + 1, ny, nx] });
  return slicePicture({ data, shape, spacing: reader.spacing }, undefined, Math.floor(depth / 2) - first);
}

/** Returns the coarsest level that is fine enough. */
function levelFor(levels: readonly Level[]): number {
  const at = levels.findLastIndex(({ shape: [, ny, nx] }) => Math.max(ny, nx) >= fineEnough);
  return Math.max(0, at);
}
