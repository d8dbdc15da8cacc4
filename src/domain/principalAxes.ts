/** Principal axes of clouds of points: eigenvectors of symmetric 3×3 matrices. */
import { symmetricEigen } from "./eigen.js";

/** A direction x, y, z of length 1. */
export type Direction = readonly [x: number, y: number, z: number];

/** A symmetric matrix: xx, yy, zz, xy, xz, yz. */
export type Symmetric3 = readonly [xx: number, yy: number, zz: number, xy: number, xz: number, yz: number];

/** An axis, and the variance along it. */
export interface PrincipalAxis {
  readonly variance: number;
  readonly direction: Direction;
}

/**
 * Returns the principal axes of a covariance matrix, the least variance first, by `symmetricEigen`. Directions have either sign.
 */
export function principalAxes([xx, yy, zz, xy, xz, yz]: Symmetric3): readonly [
  PrincipalAxis,
  PrincipalAxis,
  PrincipalAxis,
] {
  const axes = symmetricEigen([
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ]).map(({ value, vector: [x, y, z] }) => ({ variance: value, direction: [x!, y!, z!] as const }));
  return [axes[0]!, axes[1]!, axes[2]!];
}
