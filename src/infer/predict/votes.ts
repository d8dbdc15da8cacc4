/** Counting of votes, which turns a network's offsets to particle centres into heat maps. */
import { offsetUnit } from "../../data/patches/offsets.js";
import type { Shape3 } from "../../domain/volume.js";

/** Radius of each type's ball in Å, by class of the network; null where the class is not picked. */
export type BallRadii = readonly (number | null)[];

/** Standard deviation, in voxels, of the Gaussian by which a vote spreads; it is cut off at `reach` voxels. */
const width = 1.25;
const reach = 3;
/** Least probability of a voxel that votes. */
const least = 0.05;

interface VoteOptions {
  readonly radii: BallRadii;
  /** Voxel spacing of the patch in Å. */
  readonly spacing: number;
  /** Sizes of the patch along z, y, x. */
  readonly patch: Shape3;
  /** Patch voxels per output voxel along every axis. */
  readonly stride: number;
}

/**
 * Converts a network's output (z/stride, classes + 3, y/stride, x/stride) to votes (z, classes, y, x). Each output voxel
 * votes for the place that its offset points at, weighted by the probability of the type, as in Hough voting (Ballard
 * 1981; anchor-free detection with learned offsets). Where all voxels of a particle's ball have probability 1 and agree
 * on the centre, the value there is 1.
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
