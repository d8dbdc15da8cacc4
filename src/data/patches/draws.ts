/** Where the crops of a batch come from: one data set, or several by their shares. */
import type { Random } from "../../domain/random.js";
import { type Crop, cropCentres, drawCrop, drawWeighted } from "./crops.js";
import type { HardPlaces } from "./hardPlaces.js";
import type { PatchSource, PatchSpec } from "./spec.js";

/** Draws a crop. */
export type CropDraw = (random: Random) => Crop;

/**
 * Returns the draw of crops of all sources: of the first data set, or of a further one by its share.
 *
 * @param places hard ones, in sources of the first data set, which are the first
 * @throws PickbenchError BadDataset as `cropCentres` does
 */
export function cropDraw(
  spec: PatchSpec,
  sources: readonly PatchSource[],
  places: HardPlaces | undefined,
): CropDraw {
  const { furtherShares = [] } = spec;
  const [first, ...others] = [0, ...furtherShares.map((_, k) => k + 1)].map((dataset): CropDraw => {
    const own = furtherShares.length === 0 ? sources : sourcesOf(sources, dataset);
    const centres = cropCentres(spec, own, dataset === 0 ? places : undefined);
    return (random) => drawCrop(spec, own, centres, random);
  });
  if (others.length === 0) return first!;
  const shares = [1 - furtherShares.reduce((sum, share) => sum + share, 0), ...furtherShares];
  const draws = [first!, ...others];
  return (random) => draws[drawWeighted(shares, random)]!(random);
}

/** Returns the sources of one data set: 0 the first, 1 and up the further ones. */
const sourcesOf = (sources: readonly PatchSource[], dataset: number): readonly PatchSource[] =>
  sources.filter((source) => (source.dataset ?? 0) === dataset);
