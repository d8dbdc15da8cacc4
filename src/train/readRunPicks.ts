import type { Dataset } from "../data/dataset.js";
import { readPicks } from "../data/picks.js";
import type { Pick } from "../particles.js";

/** All picks of a run, of every type the data set names. */
export async function readRunPicks(dataset: Dataset, run: string): Promise<Pick[]> {
  const perType = await Promise.all(dataset.particles.map(({ name }) => readPicks(dataset, run, name)));
  return perType.flat();
}
