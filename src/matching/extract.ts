/** Picks from maps of scores: the greatest one, then the greatest outside its ball, and so on. */
import type { Shape3 } from "../domain/volume.js";

/** A voxel that may become a pick. */
export interface Candidate {
  /** Index of the voxel in the volume. */
  readonly voxel: number;
  /** Index of the template. */
  readonly template: number;
  /** Index of the rotation. */
  readonly rotation: number;
  readonly score: number;
  /** The score in standard deviations of the template's correlations: what templates compete by. */
  readonly z: number;
}

/** Scores and rotations of one template over some slices. */
export interface TemplateSlab {
  readonly scores: Float32Array;
  readonly rotations: Float32Array;
  readonly std: number;
  readonly cutOff: number;
}

/** Lists the voxels of a slab whose best template by score/std, the first of equal ones, is above its own cut-off. */
export function candidatesIn(slabs: readonly TemplateSlab[], first: number): Candidate[] {
  const candidates: Candidate[] = [];
  const count = slabs[0]?.scores.length ?? 0;
  for (let at = 0; at < count; at++) {
    let [best, z] = [0, Number.NEGATIVE_INFINITY];
    for (let template = 0; template < slabs.length; template++) {
      const { scores, rotations, std } = slabs[template]!;
      const own = scores[at]! / std;
      if (rotations[at]! >= 0 && own > z) [best, z] = [template, own];
    }
    const { scores, rotations, cutOff } = slabs[best]!;
    if (!(z > Number.NEGATIVE_INFINITY && scores[at]! > cutOff)) continue;
    candidates.push({ voxel: first + at, template: best, rotation: rotations[at]!, score: scores[at]!, z });
  }
  return candidates;
}

/**
 * Keeps the candidate of the greatest z, the first voxel of equal ones, takes away all within its template's radius (d ≤ r),
 * and goes on with those that are left.
 *
 * @param radii in voxels, by template
 */
export function pickGreatest(
  candidates: readonly Candidate[],
  [nz, ny, nx]: Shape3,
  radii: readonly number[],
): Candidate[] {
  const erased = new Uint8Array(nz * ny * nx);
  const picks: Candidate[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.z - a.z || a.voxel - b.voxel)) {
    if (erased[candidate.voxel] === 1) continue;
    picks.push(candidate);
    const radius = radii[candidate.template]!;
    const most = Math.floor(radius);
    const [z, y, x] = placeOf(candidate.voxel, ny, nx);
    for (let pz = Math.max(0, z - most); pz <= Math.min(nz - 1, z + most); pz++)
      for (let py = Math.max(0, y - most); py <= Math.min(ny - 1, y + most); py++) {
        const left = radius * radius - (pz - z) ** 2 - (py - y) ** 2;
        if (left < 0) continue;
        const wide = Math.floor(Math.sqrt(left));
        const row = (pz * ny + py) * nx;
        erased.fill(1, row + Math.max(0, x - wide), row + Math.min(nx - 1, x + wide) + 1);
      }
  }
  return picks;
}

/** Returns the indices z, y, x of a voxel. */
export const placeOf = (voxel: number, ny: number, nx: number): Shape3 => [
  Math.floor(voxel / (ny * nx)),
  Math.floor(voxel / nx) % ny,
  voxel % nx,
];
