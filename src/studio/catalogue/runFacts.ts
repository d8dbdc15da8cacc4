/** What a data set says of a run without reading its voxels: its tomogram's shape and spacing, and counts of picks. */
import { existsSync } from "node:fs";
import type { Dataset, Run } from "../../data/model.js";
import { readPicks } from "../../data/picks.js";
import { resolveTomogram } from "../../data/tomograms/omeZarr.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { messageOf } from "../../system/errors.js";
import { shownTomograms } from "../shownTomogram.js";

/** Facts of a run; undefined for what is not known. */
export interface RunFacts {
  readonly shape: Shape3 | undefined;
  readonly spacing: Spacing3 | undefined;
  /** Picks by type, as all commands read them where no author is named. */
  readonly counts: ReadonlyMap<string, number>;
  /** Why something is not known, a sentence each. */
  readonly notes: readonly string[];
}

/** Reads the facts of a run. What is broken is told among the notes. */
export async function readRunFacts(dataset: Dataset, run: Run): Promise<RunFacts> {
  const notes: string[] = [];
  const known = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      notes.push(messageOf(error));
      return undefined;
    }
  };
  const tomogram = shownTomograms(dataset)(run);
  const isHere = tomogram !== undefined && existsSync(tomogram.path);
  const resolved = isHere ? await known(() => resolveTomogram(tomogram, dataset.access)) : undefined;
  const counts = new Map<string, number>();
  for (const { name } of dataset.particles) {
    const picks = await known(() => readPicks(dataset, run.name, name));
    if (picks) counts.set(name, picks.length);
  }
  const finest = resolved?.levels[0];
  return { shape: finest?.shape, spacing: finest?.spacing, counts, notes };
}
