/** Where a mask's grid lies on a tomogram's: for every voxel of the tomogram, the nearest voxel of the mask. */
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { PickbenchError } from "../../system/errors.js";

/** A grid of voxels; `offset` is the place of its corner in Å from the tomogram's. */
export interface Grid {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
}

/** For each axis, the index in the mask of every voxel of the tomogram; −1 outside the mask. */
export type NearestVoxels = readonly [Int32Array, Int32Array, Int32Array];

/** Indices this close to the next voxel are taken for it: what is left of rounding where two voxels are as near. */
const tie = 1e-6;

/**
 * Returns the nearest voxel of a mask along each axis for every voxel of a tomogram. Voxel i covers [i·s, (i+1)·s) Å from the
 * volume's corner, so that the nearest centre is that of the voxel a centre lies in; halfway the next one counts. A mask of
 * the tomogram's shape lies on its voxels, whatever its spacing.
 *
 * @param offset of the mask's corner in Å from the tomogram's along z, y, x; undefined where none is declared
 * @param path of the mask, for the message
 * @throws PickbenchError BadDataset where a mask without an offset is of another extent than the tomogram, or one with an
 * offset lies outside
 */
export function nearestVoxels(
  tomogram: Grid,
  mask: Grid,
  offset: readonly number[] | undefined,
  path: string,
): NearestVoxels {
  if (offset === undefined && mask.shape.join() === tomogram.shape.join()) {
    const same = (axis: 0 | 1 | 2) => Int32Array.from({ length: tomogram.shape[axis] }, (_, at) => at);
    return [same(0), same(1), same(2)];
  }
  if (offset === undefined) checkExtent(tomogram, mask, path);
  const along = (axis: 0 | 1 | 2): Int32Array =>
    Int32Array.from({ length: tomogram.shape[axis] }, (_, at) => {
      const centre = (at + 0.5) * tomogram.spacing[axis] - (offset?.[axis] ?? 0);
      const index = Math.floor(centre / mask.spacing[axis] + tie);
      return index >= 0 && index < mask.shape[axis] ? index : -1;
    });
  const found: NearestVoxels = [along(0), along(1), along(2)];
  if (found.every((indices) => indices.some((index) => index >= 0))) return found;
  throw new PickbenchError(
    "BadDataset",
    `${path}: the mask lies outside its tomogram: ${gridText(mask)} from ${offset!.map((length) => length.toFixed(1)).join(", ")} Å on, the tomogram has ${gridText(tomogram)}; correct its translation`,
    { path },
  );
}

function checkExtent(tomogram: Grid, mask: Grid, path: string): void {
  const differs = ([0, 1, 2] as const).some((axis) => {
    const [length, wanted] = [mask, tomogram].map(({ shape, spacing }) => shape[axis] * spacing[axis]);
    const voxel = Math.max(mask.spacing[axis], tomogram.spacing[axis]);
    return Math.abs(length! - wanted!) > voxel * (0.5 + tie);
  });
  if (!differs) return;
  throw new PickbenchError(
    "BadDataset",
    `${path}: the mask has ${gridText(mask)}, wanted the tomogram's ${gridText(tomogram)}, or another grid of the same extent; resample it, or declare with a translation which part it covers`,
    { path },
  );
}

const gridText = ({ shape, spacing }: Grid): string => {
  const lengths = [...new Set(spacing.map((length) => Number(length.toFixed(3))))];
  return `${shape.join("×")} voxels (z×y×x) of ${lengths.join("×")} Å`;
};

/** Returns the first and end index of an axis' voxels whose nearest voxels lie in [start, end); they follow each other. */
export function rangeWithin(nearest: Int32Array, start: number, end: number): [first: number, end: number] {
  let first = 0;
  while (first < nearest.length && nearest[first]! < start) first++;
  let last = first;
  while (last < nearest.length && nearest[last]! >= start && nearest[last]! < end) last++;
  return [first, last];
}
