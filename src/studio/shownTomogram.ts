/** Which of a run's reconstructions is shown first. */
import { findTomogram, tomogramMeant, usualTomogram } from "../data/dataset.js";
import type { Dataset, Run, TomogramRef } from "../data/model.js";

/** Returns what finds the reconstruction of a run that is shown where none is named: the one all commands take, else the first. */
export function shownTomograms({ runs }: Dataset): (run: Run) => TomogramRef | undefined {
  const meant = tomogramMeant(runs, usualTomogram);
  return (run) => {
    try {
      return findTomogram(run, meant);
    } catch {
      return run.tomograms[0];
    }
  };
}
