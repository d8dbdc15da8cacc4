/**
 * Masks of areas: where features are or are near, without where others are. The room `areas` makes them from maps, for
 * template matching and for looking only where it makes sense.
 */
import { DistanceField, grow, shell } from "../../domain/morphology/distance.js";
import { removeDust } from "../../domain/morphology/dust.js";
import { isOneGrid, type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";
import { eachSlab, markAbove } from "../context/featureFields.js";
import { type FeatureMap, type MapReader, openFeatureMap } from "../maps/featureMaps.js";
import type { Slab } from "../slab/slab.js";
import type { AreaTerm } from "./terms.js";

/** The mask of a run's area. */
export interface Area {
  /** 0 and 1, z y x. */
  readonly mask: Uint8Array;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Features of terms of which the run has no map: they were taken to be nowhere. */
  readonly absent: readonly string[];
}

/**
 * Makes the mask of an area: of nothing, or of everything where the first term takes something out, term after term adds
 * its feature or takes it out; at last what lies outside of the slab goes.
 *
 * Memory holds three masks of bytes and one volume of float32 at most.
 *
 * @param maps of the run, one at least
 * @throws PickbenchError BadDataset where maps differ in shape or spacing; as the maps' readers
 */
export async function areaOf(
  terms: readonly AreaTerm[],
  maps: readonly FeatureMap[],
  slab: Slab | undefined,
  onTerm: () => void = () => {},
): Promise<Area> {
  const first = await openFeatureMap(maps[0]!);
  const { shape, spacing } = first;
  const mask = new Uint8Array(voxelCount(shape)).fill(terms[0]?.isOut === false ? 0 : 1);
  const field = new DistanceField(shape, spacing);
  const absent: string[] = [];
  for (const term of terms) {
    const map = maps.find(({ type }) => type === term.feature);
    if (map) await apply(mask, term, await sameGrid(map, maps[0]!, first), field);
    else absent.push(term.feature);
    onTerm();
  }
  if (slab) keepSlab(mask, shape, spacing, slab);
  return { mask, shape, spacing, absent };
}

async function sameGrid(map: FeatureMap, other: FeatureMap, first: MapReader): Promise<MapReader> {
  const reader = await openFeatureMap(map);
  if (isOneGrid(reader, first)) return reader;
  const grid = ({ shape, spacing }: MapReader) => `${shape.join("×")} voxels of ${spacing.join(" ")} Å`;
  throw new PickbenchError(
    "BadDataset",
    `${map.run}: the map of ${map.type} has ${grid(reader)}, that of ${other.type} ${grid(first)}, wanted one grid; predict both on one tomogram`,
    { path: map.store },
  );
}

async function apply(
  mask: Uint8Array,
  term: AreaTerm,
  reader: MapReader,
  field: DistanceField,
): Promise<void> {
  const { shape, spacing } = reader;
  const own = new Uint8Array(mask.length);
  const plane = shape[1] * shape[2];
  await eachSlab(
    reader,
    () => true,
    (zStart, values) => markAbove(own, zStart * plane, values, term.threshold),
  );
  if (term.dust) removeDust(own, shape, spacing, term.dust);
  if (own.includes(1)) {
    if ("grow" in term.reach) grow(own, term.reach.grow, field);
    else shell(own, term.reach, field);
  }
  const value = term.isOut ? 0 : 1;
  for (let i = 0; i < mask.length; i++) if (own[i] === 1) mask[i] = value;
}

/** Sets voxels whose centres lie outside of a slab to 0. */
function keepSlab(mask: Uint8Array, shape: Shape3, spacing: Spacing3, slab: Slab): void {
  const [depth, height, width] = shape;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [low, high] = slab.span((x + 0.5) * spacing[2], (y + 0.5) * spacing[1]);
      for (let z = 0; z < depth; z++) {
        const at = (z + 0.5) * spacing[0];
        if (at < low || at > high) mask[(z * height + y) * width + x] = 0;
      }
    }
}
