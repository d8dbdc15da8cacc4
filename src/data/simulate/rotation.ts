/** Vectors and rotations: random ones, frames across a direction, and the point groups of symmetric shapes. */
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

const noRotation: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

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

/** Returns the rotation by `degrees` about an axis of any length. */
export function rotationAbout([x, y, z]: Vector3, degrees: number): Rotation {
  const half = (degrees * Math.PI) / 360;
  const scale = Math.sin(half) / Math.hypot(x, y, z);
  return matrixOfUnitQuaternion(Math.cos(half), x * scale, y * scale, z * scale);
}

/** Returns the rotation `b`, then `a`. */
export function multiply(a: Rotation, b: Rotation): Rotation {
  const entry = (row: number, column: number) =>
    a[3 * row]! * b[column]! + a[3 * row + 1]! * b[column + 3]! + a[3 * row + 2]! * b[column + 6]!;
  return [
    entry(0, 0),
    entry(0, 1),
    entry(0, 2),
    entry(1, 0),
    entry(1, 1),
    entry(1, 2),
    entry(2, 0),
    entry(2, 1),
    entry(2, 2),
  ];
}

const equal = (a: Rotation, b: Rotation): boolean => a.every((value, i) => Math.abs(value - b[i]!) < 1e-9);

/** Returns the finite group that the given rotations generate, the identity first. */
export function rotationGroup(generators: readonly Rotation[]): Rotation[] {
  const group: Rotation[] = [noRotation];
  for (let i = 0; i < group.length; i++) {
    for (const generator of generators) {
      const product = multiply(generator, group[i]!);
      if (!group.some((member) => equal(member, product))) group.push(product);
    }
  }
  return group;
}

/** Returns the four rotations with two-fold axes along x, y and z. */
export const dihedral2 = (): Rotation[] =>
  rotationGroup([rotationAbout([1, 0, 0], 180), rotationAbout([0, 1, 0], 180)]);

/** Returns the rotations by whole parts of a turn about z. */
export const cyclic = (count: number): Rotation[] => rotationGroup([rotationAbout([0, 0, 1], 360 / count)]);

/** Returns the rotations of a prism about z, with two-fold axes across it. */
export const dihedral = (count: number): Rotation[] =>
  rotationGroup([rotationAbout([0, 0, 1], 360 / count), rotationAbout([1, 0, 0], 180)]);

/** Returns the 12 rotations of a tetrahedron. */
export const tetrahedral = (): Rotation[] =>
  rotationGroup([rotationAbout([0, 0, 1], 180), rotationAbout([1, 1, 1], 120)]);

/** Returns the 24 rotations of a cube. */
export const octahedral = (): Rotation[] =>
  rotationGroup([rotationAbout([0, 0, 1], 90), rotationAbout([1, 1, 1], 120)]);

/** Returns the 60 rotations of an icosahedron with a vertex at (0, 1, φ). */
export const icosahedral = (): Rotation[] =>
  rotationGroup([rotationAbout([0, 1, (1 + Math.sqrt(5)) / 2], 72), rotationAbout([1, 1, 1], 120)]);
