/** Orientations of picks: a direction by a group's moments, its sign, and the rotation that is written for it. */
import { type Direction, principalAxes, type Symmetric3 } from "../../domain/principalAxes.js";
import type { Position } from "../../domain/units.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { type Rotation, rotationOf } from "../../formats/positions/orientation.js";

/** How picks are given orientations. */
export interface Orienting {
  /** Which axis of a group is its direction: the least, as a patch of membrane has across it, or the greatest. */
  readonly axis: "normal" | "long-axis";
  /** Which way the direction goes: to greater z, to the volume's centre, or away from it. */
  readonly sign: "z" | "centre" | "out";
}

export type OrientSign = Orienting["sign"];

export const orientAxes = ["normal", "long-axis"] as const satisfies readonly Orienting["axis"][];
export const orientSigns = ["z", "centre", "out"] as const satisfies readonly OrientSign[];

/** Greatest ratio of an axis's variance to the next one's: above it, noise decides which is the axis (as in Ais). */
const greatestRatio = 0.7;

/** Adds the products of a voxel's indices to six sums: xx, yy, zz, xy, xz, yz. */
export function addProducts(sums: Float64Array, at: number, z: number, y: number, x: number): void {
  sums[at]! += x * x;
  sums[at + 1]! += y * y;
  sums[at + 2]! += z * z;
  sums[at + 3]! += x * y;
  sums[at + 4]! += x * z;
  sums[at + 5]! += y * z;
}

/**
 * Returns the covariance in Å² of the points of voxels, which are boxes: so that a sheet of one voxel has a thickness.
 *
 * @param sums count, sum of values, sums of z, y, x, and the six of `addProducts`
 */
export function covarianceOf(sums: Float64Array, spacing: Spacing3): Symmetric3 {
  const [count, , z, y, x, ...products] = sums as unknown as number[];
  const means = [x!, y!, z!].map((sum) => sum / count!);
  const steps = [spacing[2], spacing[1], spacing[0]];
  const central = (product: number, one: number, other: number): number =>
    (products[product]! / count! - means[one]! * means[other]! + (one === other ? 1 / 12 : 0)) *
    steps[one]! *
    steps[other]!;
  return [
    central(0, 0, 0),
    central(1, 1, 1),
    central(2, 2, 2),
    central(3, 0, 1),
    central(4, 0, 2),
    central(5, 1, 2),
  ];
}

/**
 * Returns a group's direction; undefined where its axis is not clearly the least or greatest.
 *
 * @param covariance of the group's points in Å²
 */
export function axisOf(covariance: Symmetric3, axis: Orienting["axis"]): Direction | undefined {
  const [least, middle, greatest] = principalAxes(covariance);
  const [own, other] = axis === "normal" ? [least, middle] : [greatest, middle];
  const ratio = axis === "normal" ? own.variance / other.variance : other.variance / own.variance;
  return ratio <= greatestRatio ? own.direction : undefined;
}

/** Returns a direction or its opposite, as the sign asks: of those that lie across it, the one to greater y, then x. */
export function signed(
  direction: Direction,
  sign: OrientSign,
  at: Position,
  shape: Shape3,
  spacing: Spacing3,
): Direction {
  const [x, y, z] = direction;
  const centre = shape.map((size, axis) => (size * spacing[axis]!) / 2);
  const inwards = x * (centre[2]! - at.x) + y * (centre[1]! - at.y) + z * (centre[0]! - at.z);
  const along = sign === "z" ? 0 : sign === "centre" ? inwards : -inwards;
  const deciding = [along, z, y, x].find((value) => Math.abs(value) > 1e-9) ?? 0;
  return deciding < 0 ? [-x, -y, -z] : direction;
}

/**
 * Returns the rotation that turns z into a direction: RELION's angles 0, acos z, atan2(y, −x) (rot, tilt, psi). It is never the
 * identity, which says in copick's files that there is no orientation: along z psi is 180, whatever the signs of zeros.
 */
export function rotationTo([x, y, z]: Direction): Rotation {
  const degrees = 180 / Math.PI;
  const tilt = Math.acos(Math.min(1, Math.max(-1, z))) * degrees;
  return rotationOf([0, tilt, Math.atan2(y + 0, -(x + 0)) * degrees], "relion");
}
