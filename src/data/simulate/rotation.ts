/** Vectors and rotations: random ones, and frames across a direction. */
import type { Random } from "../../domain/random.js";
import { matrixOfUnitQuaternion, type Rotation } from "../../domain/rotation.js";
import { angstrom, type Position } from "../../domain/units.js";

/** A point or a direction: x, y, z. */
export type Vector3 = readonly [x: number, y: number, z: number];

/** Returns a point in Å as a position. */
export const positionOf = ([x, y, z]: Vector3): Position => ({
  x: angstrom(x),
  y: angstrom(y),
  z: angstrom(z),
});

/** Returns a vector plus so many times another. */
export const plus = (a: Vector3, b: Vector3, times = 1): Vector3 => [
  a[0] + times * b[0],
  a[1] + times * b[1],
  a[2] + times * b[2],
];

export const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Returns the vector at right angles to two. */
export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Returns a vector's direction. */
export function unit([x, y, z]: Vector3): Vector3 {
  const long = Math.hypot(x, y, z);
  return [x / long, y / long, z / long];
}

/** Returns two unit vectors that make a right-handed frame with a third. */
export function acrossTo(direction: Vector3): [Vector3, Vector3] {
  const helper: Vector3 = Math.abs(direction[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const first = unit(cross(helper, direction));
  return [first, cross(direction, first)];
}

/** Draws a direction evenly over the sphere. */
export function randomDirection(random: Random): Vector3 {
  const z = random.between(-1, 1);
  const angle = random.between(0, 2 * Math.PI);
  const flat = Math.sqrt(1 - z * z);
  return [flat * Math.cos(angle), flat * Math.sin(angle), z];
}

/** Rotates a vector. */
export const rotate = (m: Rotation, [x, y, z]: Vector3): Vector3 => [
  m[0] * x + m[1] * y + m[2] * z,
  m[3] * x + m[4] * y + m[5] * z,
  m[6] * x + m[7] * y + m[8] * z,
];

/** Returns the inverse of a rotation. */
export const transposed = (m: Rotation): Rotation => [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];

/**
 * Draws a rotation uniformly over all orientations (K. Shoemake, "Uniform random rotations", Graphics Gems III, 1992).
 */
export function randomRotation(random: Random): Rotation {
  const share = random.uniform();
  const first = 2 * Math.PI * random.uniform();
  const second = 2 * Math.PI * random.uniform();
  const a = Math.sqrt(1 - share);
  const b = Math.sqrt(share);
  return matrixOfUnitQuaternion(
    b * Math.cos(second),
    a * Math.sin(first),
    a * Math.cos(first),
    b * Math.sin(second),
  );
}
