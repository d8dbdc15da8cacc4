/** Means of orientations of symmetric particles, as quaternions. */
import { symmetricEigen } from "../../domain/eigen.js";
import { matrixOfUnitQuaternion, multiply, type Rotation } from "../../domain/rotation.js";
import type { Symmetry } from "../../domain/symmetry.js";
import { quaternionOf } from "../../formats/positions/orientation.js";

/** An orientation and its weight, 0 or more. */
export interface WeightedRotation {
  readonly rotation: Rotation;
  readonly weight: number;
}

/** Rounds after which copies are taken as they are; two or three suffice unless orientations lie all over the sphere. */
const rounds = 20;

/**
 * Returns the mean of orientations R, of which each stands for all R·g of the particle's point group: of every R the copy
 * nearest to the mean is taken. The mean is the eigenvector of the greatest eigenvalue of Σ weight·q·qᵀ over the copies'
 * quaternions (Markley, Cheng, Crassidis and Oshman, J. Guid. Control Dyn. 30, 2007, 1193). It begins at the first of
 * greatest weight, to whose copies the result is near. Equal orientations are their mean to the bit.
 *
 * @param rotations one at least; if all weigh 0, they weigh alike
 */
export function meanRotation(rotations: readonly WeightedRotation[], { group }: Symmetry): Rotation {
  const first = rotations.reduce((most, each) => (each.weight > most.weight ? each : most)).rotation;
  if (rotations.every(({ rotation }) => rotation.every((part, i) => part === first[i]))) return first;
  const isFlat = rotations.every(({ weight }) => weight === 0);
  let mean = first;
  let before = "";
  for (let round = 0; round < rounds; round++) {
    const chosen = rotations.map(({ rotation }) => nearestCopy(rotation, mean, group));
    if (chosen.join() === before) break;
    before = chosen.join();
    mean = meanOf(
      rotations.map(({ rotation, weight }, i) => ({
        rotation: multiply(rotation, group[chosen[i]!]!),
        weight: isFlat ? 1 : weight,
      })),
    );
  }
  return mean;
}

/** Returns the angle in degrees between two orientations of a symmetric particle: the least over all copies. */
export function angleBetween(a: Rotation, b: Rotation, { group }: Symmetry): number {
  const copy = multiply(a, group[nearestCopy(a, b, group)]!);
  const [p, q] = [quaternionOf(copy), quaternionOf(b)];
  const cosine = Math.abs(p.reduce((sum, part, i) => sum + part * q[i]!, 0));
  return (360 / Math.PI) * Math.acos(Math.min(1, cosine));
}

/** Returns the place in the group of the g for which R·g is nearest to another rotation: the first of equally near ones. */
function nearestCopy(rotation: Rotation, other: Rotation, group: readonly Rotation[]): number {
  let nearest = 0;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const [i, element] of group.entries()) {
    const copy = multiply(rotation, element);
    const trace = copy.reduce((sum, part, at) => sum + part * other[at]!, 0);
    if (trace > greatest + sameTrace) [nearest, greatest] = [i, trace];
  }
  return nearest;
}

/** Difference of traces that is rounding. */
const sameTrace = 1e-12;

function meanOf(rotations: readonly WeightedRotation[]): Rotation {
  const sum = [0, 1, 2, 3].map(() => [0, 0, 0, 0]);
  for (const { rotation, weight } of rotations) {
    const q = quaternionOf(rotation);
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 4; column++) sum[row]![column]! += weight * q[row]! * q[column]!;
  }
  const [x, y, z, w] = symmetricEigen(sum)[3]!.vector as readonly [number, number, number, number];
  return matrixOfUnitQuaternion(w, x, y, z);
}
