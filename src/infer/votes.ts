/**
 * Counts where voxels say that their particle's centre lies: each is a vote for the place its offset points at, weighed
 * by the probability of its type, as in Hough voting (Ballard 1981; anchor-free detection with learned offsets).
 */
import { offsetUnit } from "../data/offsets.js";
import type { Shape3 } from "../volume.js";

/** Radius of each type's ball in Å, by class of the network; null where the class is not picked. */
export type BallRadii = readonly (number | null)[];

/** A vote falls on the voxels around its place as a Gaussian of this width, in voxels, cut off at `reach`. */
const width = 1.25;
const reach = 3;
/** Probabilities under this do not vote. */
const least = 0.05;

export interface VoteOptions {
  readonly radii: BallRadii;
  /** Å per voxel of the patch. */
  readonly spacing: number;
  /** Voxels of the patch. */
  readonly patch: Shape3;
  /** Patch voxels to an output voxel. */
  readonly stride: number;
}

/**
 * A network's output (z/stride, classes + 3, y/stride, x/stride) as votes (z, classes, y, x): where all voxels of a
 * particle's ball are sure of it and agree on its centre, that voxel's value is 1.
 */
export function countVotes(
  output: Float32Array,
  { radii, spacing, patch, stride }: VoteOptions,
): Float32Array {
  const classes = radii.length;
  const [depth, height, columns] = [patch[0] / stride, patch[1] / stride, patch[2] / stride];
  const plane = height * columns;
  const votes = new Float32Array(classes * patch[0] * patch[1] * patch[2]);
  const share = radii.map((radius) =>
    radius === null ? 0 : 1 / Math.max(1, (4 / 3) * Math.PI * (radius / (spacing * stride)) ** 3),
  );
  for (let z = 0; z < depth; z++) {
    const slice = z * (classes + 3) * plane;
    for (let kind = 0; kind < classes; kind++) {
      if (radii[kind] === null) continue;
      for (let at = 0; at < plane; at++) {
        const probability = output[slice + kind * plane + at]!;
        if (!(probability >= least)) continue;
        const way = (axis: number) => output[slice + (classes + axis) * plane + at]! * offsetUnit;
        const middle = (index: number) => index * stride + (stride - 1) / 2;
        const y = Math.floor(at / columns);
        const place = [middle(z) + way(0), middle(y) + way(1), middle(at - y * columns) + way(2)] as const;
        cast(votes, classes, kind, patch, place, probability * share[kind]!);
      }
    }
  }
  return votes;
}

function cast(
  votes: Float32Array,
  classes: number,
  kind: number,
  [depth, height, columns]: Shape3,
  [cz, cy, cx]: readonly [number, number, number],
  weight: number,
): void {
  const fall = (distance: number) => Math.exp((-distance * distance) / (2 * width * width));
  const low = (centre: number) => Math.max(0, Math.ceil(centre - reach));
  const high = (centre: number, size: number) => Math.min(size - 1, Math.floor(centre + reach));
  for (let z = low(cz); z <= high(cz, depth); z++) {
    const alongZ = weight * fall(z - cz);
    for (let y = low(cy); y <= high(cy, height); y++) {
      const alongY = alongZ * fall(y - cy);
      const row = ((z * classes + kind) * height + y) * columns;
      for (let x = low(cx); x <= high(cx, columns); x++) votes[row + x]! += alongY * fall(x - cx);
    }
  }
}
