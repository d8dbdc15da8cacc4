/**
 * Blank voxels: those that hold no data, as in the margins of rotated, tilted and masked reconstructions. They are found
 * once a tomogram, kept out of every statistic, and nothing is picked in them.
 */
import type { Position } from "../../domain/units.js";
import { positionToIndex, type Volume } from "../../domain/volume.js";
import { equalShare, flatCells, keepSubstantial, keepThick } from "./cells.js";
import { type Blank, BlankMask } from "./mask.js";

/** Shares of equal neighbours among data, from which on they are too coarse for cells to be grown, or to count alone. */
const grainyShare = 0.05;
const coarseShare = 0.2;
/**
 * Finds the blank voxels of a volume: NaN, and regions of exactly one value. A region is joined from cells of 8×8 voxels
 * of a plane z that have one value (fill values may differ from plane to plane) and touch a face of the volume, or are
 * larger than clipped beads; of lines of 32 such voxels along the edges of planes; and of all voxels joined to these by
 * faces that have the same value. Continuous data repeat no value over a cell. Integers may: where more than a twentieth of
 * neighbours are equal, cells are grown by whole edges alone, and above a fifth only squares of 3×3 cells count.
 *
 * @param mayHoldNaN whether to look for NaN
 * @returns null where there are none
 */
export function findBlank(
  { data, shape }: Pick<Volume, "data" | "shape">,
  mayHoldNaN: boolean,
): Blank | null {
  const cells = flatCells(data, shape);
  const equal = equalShare(data, shape, cells);
  if (equal > coarseShare) keepThick(data, shape, cells);
  keepSubstantial(data, shape, cells);
  const mask = new BlankMask(data, shape);
  mask.addCells(cells);
  if (equal <= grainyShare) {
    mask.addEdges();
    mask.grow();
  } else mask.growCells(cells);
  if (mayHoldNaN) mask.addNaN();
  return mask.finish();
}

/** Tells whether the voxel nearest to a continuous index z, y, x is blank; outside counts as the nearest face. */
export function isBlankIndex(
  { blank, shape }: Pick<Volume, "blank" | "shape">,
  index: readonly [number, number, number],
): boolean {
  if (!blank) return false;
  const at = index.map((value, axis) => Math.min(shape[axis]! - 1, Math.max(0, Math.round(value))));
  return blank[(at[0]! * shape[1] + at[1]!) * shape[2] + at[2]!] === 1;
}

/** Tells whether the voxel nearest to a position is blank. */
export const isBlankAt = (volume: Pick<Volume, "blank" | "shape" | "spacing">, position: Position): boolean =>
  volume.blank !== undefined && isBlankIndex(volume, positionToIndex(position, volume.spacing));

/** Returns the share of a volume's voxels that are blank. */
export function blankShare({ data, blank }: Pick<Volume, "data" | "blank">): number {
  if (!blank) return 0;
  let count = 0;
  for (let at = 0; at < blank.length; at++) count += blank[at]!;
  return count / data.length;
}

/** A share of voxels in words. */
export const percentText = (share: number): string =>
  share < 1e-3 ? "less than 0.1 %" : `${(100 * share).toFixed(1)} %`;

/** Says in a sentence how much of a run's tomogram is blank. */
export const blankText = (run: string, share: number): string =>
  `${run}: ${percentText(share)} of the voxels are blank, that is, hold no data; they stay out of all statistics, and nothing is picked in them`;
