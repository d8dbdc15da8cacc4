/** Masks in copick's folders: `RUN/Segmentations/<spacing>_<user>_<session>_<name>[-multilabel].zarr`. */
import { join } from "node:path";
import type { SegmentationRef } from "../model.js";
import { foldersIn } from "../volumeNames.js";

const segmentationName = /^(\d+(?:\.\d+)?)_([^_]+)_([^_]+)_(.+?)(-multilabel)?\.zarr$/;

/** Lists a run's masks over both roots, sorted by name; of two of one name the overlay's, which comes first, counts. */
export async function copickSegmentations(runFolders: readonly string[]): Promise<SegmentationRef[]> {
  const found = new Map<string, SegmentationRef>();
  for (const runFolder of runFolders) {
    const folder = join(runFolder, "Segmentations");
    for (const file of await foldersIn(folder)) {
      const [, spacing, userId, sessionId, name, multilabel] = segmentationName.exec(file) ?? [];
      if (found.has(file) || !spacing || !userId || !sessionId || !name) continue;
      found.set(file, {
        name,
        path: join(folder, file),
        userId,
        sessionId,
        voxelSpacing: Number(spacing),
        isMultilabel: multilabel !== undefined,
        isTruth: true,
      });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, segmentation]) => segmentation);
}
