/** Masks in memory: which voxels of a tomogram belong to a feature, which do not, and which are unknown. */
import { unknown, yes } from "../../domain/maskValues.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { sharedBytes } from "../../formats/sharedFloats.js";

/** A feature's mask on a tomogram's grid, in shared memory, with counts by slice for drawing voxels. */
export interface Mask {
  /** 0 no, 1 yes, 2 unknown; z slowest. */
  readonly voxels: Uint8Array;
  readonly shape: Shape3;
  /** Number of voxels that are yes before each z slice, and after the last: one more than slices. */
  readonly yesBefore: Float64Array;
  /** Number of voxels that are known before each z slice, and after the last. */
  readonly knownBefore: Float64Array;
}

/** Counts a mask's voxels by slice. */
export function maskOf(voxels: Uint8Array, shape: Shape3): Mask {
  const plane = shape[1] * shape[2];
  const yesBefore = new Float64Array(shape[0] + 1);
  const knownBefore = new Float64Array(shape[0] + 1);
  for (let z = 0, at = 0; z < shape[0]; z++) {
    let yeses = 0;
    let unknowns = 0;
    for (const end = at + plane; at < end; at++) {
      if (voxels[at] === yes) yeses++;
      else if (voxels[at] === unknown) unknowns++;
    }
    yesBefore[z + 1] = yesBefore[z]! + yeses;
    knownBefore[z + 1] = knownBefore[z]! + plane - unknowns;
  }
  return { voxels, shape, yesBefore, knownBefore };
}

/** Numbers of a mask's voxels that are yes, and that are known. */
export const yesCount = ({ yesBefore }: Mask): number => yesBefore.at(-1)!;
export const knownCount = ({ knownBefore }: Mask): number => knownBefore.at(-1)!;

/** Tells whether any voxel of a mask is unknown. */
export const isPartial = (mask: Mask): boolean => knownCount(mask) < voxelCount(mask.shape);

/** Returns a mask that is unknown wherever a tomogram holds no data. */
export function withoutBlank(mask: Mask, blanks: readonly (Uint8Array | undefined)[]): Mask {
  const there = blanks.filter((blank) => blank !== undefined);
  if (there.length === 0) return mask;
  const voxels = sharedBytes(mask.voxels.length);
  voxels.set(mask.voxels);
  for (const blank of there)
    for (let at = 0; at < voxels.length; at++) if (blank[at] === 1) voxels[at] = unknown;
  return maskOf(voxels, mask.shape);
}

/** Returns the index z, y, x of a mask's k-th voxel that is yes, or that is known, in the order of the voxels. */
export function voxelAt(
  { voxels, shape, yesBefore, knownBefore }: Mask,
  of: "yes" | "known",
  k: number,
): Shape3 {
  const before = of === "yes" ? yesBefore : knownBefore;
  let [low, high] = [0, shape[0]];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (before[middle]! <= k) low = middle;
    else high = middle;
  }
  const plane = shape[1] * shape[2];
  let left = k - before[low]!;
  let at = low * plane;
  const counts = (voxel: number): boolean => (of === "yes" ? voxel === yes : voxel !== unknown);
  for (; ; at++) if (counts(voxels[at]!) && left-- === 0) break;
  const inPlane = at - low * plane;
  return [low, Math.floor(inPlane / shape[2]), inPlane % shape[2]];
}
