/** Matching of spectra: tomograms are given the radial spectrum of others, before they are normalised. */
import type { Volume } from "../../domain/volume.js";
import { openPool } from "../../system/threads/pool.js";
import { builtModule } from "../../system/threads/threads.js";
import { type Intensity, normaliser } from "../normalise.js";
import { filterVolume } from "./filter.js";
import { matchingGain, type RadialPower } from "./gain.js";
import { measureSpectrum } from "./spectrum.js";

/** A volume in shared memory, the measures of its grey values, and the spectrum that it shall have. */
export interface MatchTask {
  readonly volume: Volume;
  readonly intensity: Intensity;
  readonly wanted: RadialPower;
}

/** Measures the radial power of a volume as it would be once normalised, and leaves the volume as it is. */
export const normalisedPower = (volume: Volume, intensity: Intensity): RadialPower => {
  const { width, power } = measureSpectrum(volume, normaliser(intensity));
  return { width, power };
};

/**
 * Filters a volume in place by a smooth radial gain of ¼ to 4, so that its spectrum, once it is normalised, is near the
 * wanted one. Blank voxels become the mean.
 */
export function matchVolume({ volume, intensity, wanted }: MatchTask): void {
  filterVolume(volume, matchingGain(normalisedPower(volume, intensity), wanted));
}

/** Does `matchVolume` in a thread of its own, so that this one goes on. @param volume in shared memory */
export async function matchAside(task: MatchTask): Promise<void> {
  const pool = openPool(builtModule(import.meta.url, "./matchWorker.js"), { threads: 1 });
  try {
    await pool.run(task);
  } finally {
    await pool.close();
  }
}
