/** Contrast of tomograms: whether what is dense is dark, as electron micrographs show it, or bright. */
import { momentsOf } from "../domain/numbers.js";
import type { Particle, ParticlePick } from "../domain/particles.js";
import type { Volume } from "../domain/volume.js";
import { listed } from "../present/text.js";
import { contrastOfPicks } from "./inspect/truthContrast.js";
import { evenSample, robustSample } from "./normalise.js";

/** How particles look beside their surroundings; `unknown` where the voxels do not tell. */
export const contrasts = ["dark", "bright", "unknown"] as const;
export type Contrast = (typeof contrasts)[number];

/** Least contrast of picks, in standard errors above random places, that tells its sign. */
const leastAtPicks = 4;
/** Least skewness that tells the sign: three times what noise alone gives in the smallest volumes. */
const leastSkewness = 0.15;

/** Returns the contrast of the particles at picks: of their mean density against that of the shells around them. */
export function contrastAtPicks(
  volume: Volume,
  picks: readonly ParticlePick[],
  particles: readonly Particle[],
): Contrast {
  return contrastOf(contrastOfPicks(volume, picks, particles));
}

/** Returns the contrast that a number of standard errors above random places means; null is unknown. */
export const contrastOf = (z: number | null): Contrast =>
  z === null || Math.abs(z) < leastAtPicks ? "unknown" : z < 0 ? "dark" : "bright";

/**
 * Returns the contrast that a tomogram's voxels show without picks, by the sign of their skewness: dense matter takes a
 * small part of the volume, and stands out on its own side. Noise hides it, and then it is unknown.
 */
export const contrastOfVoxels = ({ data, blank }: Volume): Contrast =>
  contrastOfValues(evenSample(data, blank));

/** Returns the contrast that a sample of a tomogram's voxels shows; reorders the sample. */
export function contrastOfValues(sample: Float32Array): Contrast {
  const { skewness } = momentsOf(robustSample(sample));
  return Math.abs(skewness) < leastSkewness ? "unknown" : skewness < 0 ? "dark" : "bright";
}

/** Contrast that the tomograms of a training show together; `mixed` where they differ. */
export type TrainedContrast = Contrast | "mixed";

/** The contrast of electron micrographs. */
export const usualContrast = "dark";

/** Returns the contrast of several: unknown ones do not count. */
export function commonContrast(all: readonly TrainedContrast[]): TrainedContrast {
  const known = new Set(all.filter((each) => each !== "unknown"));
  const [first = "unknown"] = known;
  return known.size > 1 ? "mixed" : first;
}

const opposite = (contrast: Contrast): Contrast => (contrast === "dark" ? "bright" : "dark");
/** Most runs that are named one by one. */
const most = 6;

/** Says in a sentence which runs differ from the others in contrast; null where none does. */
export function differingContrast(byRun: ReadonlyMap<string, Contrast>): string | null {
  const runsOf = (wanted: Contrast) => [...byRun].flatMap(([run, each]) => (each === wanted ? [run] : []));
  const [dark, bright] = [runsOf("dark"), runsOf("bright")];
  if (dark.length === 0 || bright.length === 0) return null;
  const few: Contrast = bright.length <= dark.length ? "bright" : "dark";
  const many = opposite(few);
  return `particles are ${few} in ${listed(runsOf(few), most)} and ${many} in ${listed(runsOf(many), most)}: a network learns or finds either, not both; is the contrast of ${listed(runsOf(few), most)} inverted? Multiply its grey values by -1, or leave it out`;
}

/** Says in a sentence that a tomogram's contrast is not that of the training; null where it is, or where one is unknown. */
export function otherContrast(run: string, here: Contrast, trained: TrainedContrast): string | null {
  if (here === "unknown" || trained !== opposite(here)) return null;
  const training =
    trained === "dark"
      ? "those of the training as where they are dark, or not clearly"
      : "those of the training as where they are bright";
  return `${run}: its grey values are skewed as where particles are ${here}, ${training}; is its contrast inverted? Multiply its grey values by -1, or expect few of its particles to be found`;
}
