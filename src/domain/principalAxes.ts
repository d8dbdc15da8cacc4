/** Principal axes of clouds of points: eigenvectors of symmetric 3×3 matrices. */

/** A direction x, y, z of length 1. */
export type Direction = readonly [x: number, y: number, z: number];

/** A symmetric matrix: xx, yy, zz, xy, xz, yz. */
export type Symmetric3 = readonly [xx: number, yy: number, zz: number, xy: number, xz: number, yz: number];

/** An axis, and the variance along it. */
export interface PrincipalAxis {
  readonly variance: number;
  readonly direction: Direction;
}

/** Sweeps after which no matrix of doubles has anything left off its diagonal. */
const sweeps = 12;

/**
 * Returns the principal axes of a covariance matrix, the least variance first, by Jacobi's rotations (Golub and Van Loan,
 * Matrix Computations, 8.5). Directions have either sign.
 */
export function principalAxes([xx, yy, zz, xy, xz, yz]: Symmetric3): readonly [
  PrincipalAxis,
  PrincipalAxis,
  PrincipalAxis,
] {
  const a = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ];
  const v = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      rotate(a, v, p, q);
  const axes = [0, 1, 2].map((axis) => ({
    variance: a[axis]![axis]!,
    direction: [v[0]![axis]!, v[1]![axis]!, v[2]![axis]!] as const,
  }));
  axes.sort((one, other) => one.variance - other.variance);
  return [axes[0]!, axes[1]!, axes[2]!];
}

/** Turns rows and columns p and q so that their common element is 0. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const off = a[p]![q]!;
  if (off === 0) return;
  const ratio = (a[q]![q]! - a[p]![p]!) / (2 * off);
  const tangent = Math.sign(ratio || 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (one: number, other: number): [number, number] => [
    cosine * one - sine * other,
    sine * one + cosine * other,
  ];
  for (let k = 0; k < 3; k++) [a[k]![p], a[k]![q]] = turn(a[k]![p]!, a[k]![q]!);
  for (let k = 0; k < 3; k++) [a[p]![k], a[q]![k]] = turn(a[p]![k]!, a[q]![k]!);
  for (let k = 0; k < 3; k++) [v[k]![p], v[k]![q]] = turn(v[k]![p]!, v[k]![q]!);
}
