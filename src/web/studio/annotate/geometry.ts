// Places of the planes in voxels of a mask, and picks at places.
import type { Box6 } from "../../../studio/annotations/edits.js";
import type { SliceAxis } from "./maskSlices.js";
import type { SlicePoint } from "./strokes.js";

interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
interface Grid {
  readonly shape: readonly [number, number, number];
  readonly spacing: readonly [number, number, number];
}

const axes = ["z", "y", "x"] as const;
/** Axes of rows and columns of slices across each axis. */
const rowsAndColumns = [
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** Returns the index of the slice across an axis in which a place lies. */
export function sliceAt({ shape, spacing }: Grid, axis: SliceAxis, at: Place): number {
  return Math.min(shape[axis] - 1, Math.max(0, Math.floor(at[axes[axis]] / spacing[axis])));
}

/** Returns a place as row and column of a slice across an axis, in voxels. */
export function inSlice({ spacing }: Grid, axis: SliceAxis, at: Place): SlicePoint {
  const [rows, columns] = rowsAndColumns[axis];
  return [at[axes[rows]] / spacing[rows], at[axes[columns]] / spacing[columns]];
}

/** Returns the box of a whole slice. */
export function sliceBox({ shape }: Grid, axis: SliceAxis, index: number): Box6 {
  const box: Box6 = [0, 0, 0, shape[0], shape[1], shape[2]];
  box[axis] = index;
  box[axis + 3] = index + 1;
  return box;
}

/** Lists the slices across an axis that are annotated as a whole, each as a box of its own. */
export function wholeSlices(grid: Grid, boxes: readonly Box6[], axis: SliceAxis): number[] {
  return boxes
    .filter(
      (box) => box[axis + 3] === box[axis]! + 1 && box.join() === sliceBox(grid, axis, box[axis]!).join(),
    )
    .map((box) => box[axis]!)
    .sort((a, b) => a - b);
}

/** Tells whether a box holds all of a slice. */
export const holdsSlice = (grid: Grid, boxes: readonly Box6[], axis: SliceAxis, index: number): boolean => {
  const slice = sliceBox(grid, axis, index);
  return boxes.some((box) =>
    [0, 1, 2].every((each) => box[each]! <= slice[each]! && box[each + 3]! >= slice[each + 3]!),
  );
};

/** Returns the two neighbours of an index among annotated slices that have others between them. */
export function aroundIndex(slices: readonly number[], index: number): [number, number] | undefined {
  const below = slices.findLast((slice) => slice <= index);
  const above = slices.find((slice) => slice > index);
  if (below !== undefined && above !== undefined && above - below > 1) return [below, above];
  const lower = slices.findLast((slice) => slice < index);
  if (lower !== undefined && slices.includes(index) && index - lower > 1) return [lower, index];
  return undefined;
}

/**
 * Returns the box of voxels between two places of a plane, both included, that is as deep as asked about the plane;
 * undefined where it lies outside.
 */
export function boxBetween(
  grid: Grid,
  axis: SliceAxis,
  from: Place,
  to: Place,
  depth: number,
): Box6 | undefined {
  const box: Box6 = [0, 0, 0, 0, 0, 0];
  for (const along of [0, 1, 2] as const) {
    const size = grid.shape[along];
    const ends = [from, to].map((at) => Math.floor(at[axes[along]] / grid.spacing[along]));
    const first = along === axis ? ends[0]! - Math.floor((depth - 1) / 2) : Math.min(...ends);
    const last = along === axis ? first + depth - 1 : Math.max(...ends);
    if (last < 0 || first >= size) return undefined;
    box[along] = Math.max(0, first);
    box[along + 3] = Math.min(size, last + 1);
  }
  return box;
}

/** Returns the pick whose ball holds a place; of several, the one with the nearest centre. */
export function pickAt<
  Pick extends { readonly type: string; readonly at: readonly [number, number, number] },
>(picks: readonly Pick[], radii: ReadonlyMap<string, number>, at: Place, least: number): Pick | undefined {
  let best: Pick | undefined;
  let nearest = Number.POSITIVE_INFINITY;
  for (const pick of picks) {
    const distance = Math.hypot(pick.at[0] - at.x, pick.at[1] - at.y, pick.at[2] - at.z);
    if (distance > Math.max(least, radii.get(pick.type) ?? 0) || distance >= nearest) continue;
    nearest = distance;
    best = pick;
  }
  return best;
}
