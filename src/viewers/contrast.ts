/** The grey values between which a viewer shows a tomogram. */
import type { DataAccess, TomogramReader, TomogramRef } from "../data/model.js";
import { isMirrored } from "../data/remote/mirror.js";
import { openTomogram, resolveTomogram } from "../data/tomograms/omeZarr.js";
import { joinedFloats, quantile } from "../domain/numbers.js";

/** Grey values shown as black and as white. */
export type ContrastRange = readonly [black: number, white: number];

/** Share of the voxels that are darker than black, and of those that are brighter than white. */
const outside = 0.005;
/** Voxels of each slab that is looked at, and the slabs' places in z. */
const slabVoxels = 2 ** 20;
const slabPlaces = [0.25, 0.5, 0.75];
/** Share of equal voxels above which floats are a fill value, not a measurement. */
const fillShare = 0.01;

/**
 * Measures the contrast of a tomogram in three slabs: of its finest level, or of its coarsest where it would have to be
 * fetched. Null where all voxels are equal.
 *
 * @param access of the data set it belongs to
 * @throws BadDataset or NotFinite where its voxels cannot be read
 */
export async function contrastRange(
  tomogram: TomogramRef,
  access?: DataAccess,
): Promise<ContrastRange | null> {
  const resolved = await resolveTomogram(tomogram, access);
  const level = isMirrored(resolved.path) ? resolved.levels.length - 1 : 0;
  const reader = await openTomogram(resolved, level, access);
  const isWhole = !reader.level.dataType?.startsWith("float");
  return rangeOf(await sampleOf(reader), isWhole);
}

/** Returns the contrast of voxels, whole numbers or floats, without NaN; null where all are equal. Reorders them. */
export function rangeOf(voxels: Float32Array, isWhole: boolean): ContrastRange | null {
  const sorted = (voxels.every(Number.isFinite) ? voxels : voxels.filter(Number.isFinite)).sort();
  if (sorted.length === 0) return null;
  const kept = isWhole ? sorted : withoutFill(sorted);
  const [low, high] = [quantile(kept, outside), quantile(kept, 1 - outside)];
  if (!(high > low)) return null;
  return isWhole ? [Math.floor(low), Math.ceil(high)] : [significant(low), significant(high)];
}

const significant = (value: number): number => Number(value.toPrecision(6));

async function sampleOf(reader: TomogramReader): Promise<Float32Array> {
  const [depth, height, width] = reader.shape;
  const planes = Math.max(1, Math.min(depth, Math.floor(slabVoxels / (height * width))));
  const starts = new Set(slabPlaces.map((place) => Math.round(place * (depth - planes))));
  const slabs: Float32Array[] = [];
  for (const start of starts)
    slabs.push(await reader.readRegion({ start: [start, 0, 0], end: [start + planes, height, width] }));
  return joinedFloats(slabs);
}

/** Leaves out the value that most of sorted voxels have in common, where that is a fill value; all stay if all are equal. */
function withoutFill(sorted: Float32Array): Float32Array {
  let [start, end] = [0, 0];
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    if (to - from > end - start) [start, end] = [from, to];
  }
  const count = end - start;
  if (count <= fillShare * sorted.length || count === sorted.length) return sorted;
  const kept = new Float32Array(sorted.length - count);
  kept.set(sorted.subarray(0, start));
  kept.set(sorted.subarray(end), start);
  return kept;
}
