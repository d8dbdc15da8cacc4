/**
 * Orientations as rotation matrices that turn the reference into the particle as it lies in the tomogram, row by row:
 * tomogram = R · reference. What other programs write as angles is one of these products of rotations about the axes,
 * in degrees:
 *
 * | program | angles | R | source |
 * |---|---|---|---|
 * | RELION | rot, tilt, psi | Rz(−psi)·Ry(−tilt)·Rz(−rot) | Data Portal import: inverse of intrinsic ZYZ |
 * | Dynamo | tdrot, tilt, narot | Rz(−tdrot)·Rx(−tilt)·Rz(−narot) | alisterburt/eulerangles: inverse of extrinsic zxz |
 * | STOPGAP | phi, the, psi | Rz(psi)·Rx(the)·Rz(phi) | Data Portal import |
 * | IMOD slicer | x, y, z | Rz(−z)·Ry(−y)·Rx(−x) | Data Portal import: inverse of intrinsic XYZ |
 */
import { matrixOfUnitQuaternion } from "../../domain/rotation.js";

/** A rotation matrix: nine numbers, row by row. */
export type Rotation = readonly number[];
/** A quaternion x, y, z, w of length 1. */
export type Quaternion = readonly [x: number, y: number, z: number, w: number];
/** Three angles in degrees, in the order in which a program writes them. */
export type Angles = readonly [number, number, number];

/** Programs whose angles are known. */
export type AngleConvention = "relion" | "dynamo" | "stopgap" | "slicer";

interface Convention {
  /** Axes of the three factors from left to right. */
  readonly axes: "zyz" | "zxz" | "zyx";
  /** The program's angle for each factor, from left to right; `sign` is common to all angles. */
  readonly order: readonly [number, number, number];
  readonly sign: 1 | -1;
}

const conventions: Readonly<Record<AngleConvention, Convention>> = {
  relion: { axes: "zyz", order: [2, 1, 0], sign: -1 },
  dynamo: { axes: "zxz", order: [0, 1, 2], sign: -1 },
  stopgap: { axes: "zxz", order: [2, 1, 0], sign: 1 },
  slicer: { axes: "zyx", order: [2, 1, 0], sign: -1 },
};

/** The identity. */
export const noRotation: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Tells whether a rotation turns nothing. */
export const isIdentity = (rotation: Rotation): boolean =>
  rotation.every((value, i) => value === noRotation[i]);

/** Returns the rotation of a program's angles. */
export function rotationOf(angles: Angles, convention: AngleConvention): Rotation {
  const { axes, order, sign } = conventions[convention];
  const [a, b, c] = order.map((at) => sign * angles[at]!);
  return product(product(about(axes[0]!, a!), about(axes[1]!, b!)), about(axes[2]!, c!));
}

/** Returns a program's angles of a rotation, −180 to 180; where only the sum of two is determined, one of them is 0. */
export function anglesOf(rotation: Rotation, convention: AngleConvention): Angles {
  const { axes, order, sign } = conventions[convention];
  const found = factorAngles(rotation, axes);
  const factors = (axes === "zyx" ? found : tilted(found, sign)).map(
    (radians) => (sign * radians * 180) / Math.PI + 0,
  );
  const angles: [number, number, number] = [0, 0, 0];
  for (const [factor, at] of order.entries()) angles[at] = factors[factor]!;
  return angles;
}

/** Chooses, of the two triples with one rotation, the one whose tilt the program counts from 0 to 180. */
function tilted([a, b, c]: Angles, sign: 1 | -1): Angles {
  if (sign === 1 || !(b > aligned)) return [a, b, c];
  const turned = (angle: number) => (angle > 0 ? angle - Math.PI : angle + Math.PI);
  return [turned(a), -b, turned(c)];
}

/** Sine below which the first and the last axis coincide, to the precision of a double. */
const aligned = 1e-9;

/** Returns the angles a, b, c, in radians, of a rotation Ri(a)·Rj(b)·Rk(c). */
function factorAngles(r: Rotation, axes: Convention["axes"]): Angles {
  if (axes === "zyx") {
    const cosine = Math.hypot(r[0]!, r[3]!);
    const b = Math.atan2(-r[6]!, cosine);
    if (cosine < aligned) return [Math.atan2(-r[1]!, r[4]!), b, 0];
    return [Math.atan2(r[3]!, r[0]!), b, Math.atan2(r[7]!, r[8]!)];
  }
  const sine = Math.hypot(r[6]!, r[7]!);
  const b = Math.atan2(sine, r[8]!);
  if (axes === "zyz") {
    if (sine < aligned) return [Math.atan2(-r[1]!, r[4]!), b, 0];
    return [Math.atan2(r[5]!, r[2]!), b, Math.atan2(r[7]!, -r[6]!)];
  }
  if (sine < aligned) return [Math.atan2(r[3]!, r[0]!), b, 0];
  return [Math.atan2(r[2]!, -r[5]!), b, Math.atan2(r[6]!, r[7]!)];
}

/** Returns the rotation about an axis, anticlockwise when looking against the axis. */
function about(axis: string, degrees: number): Rotation {
  const c = cosine(degrees);
  const s = cosine((degrees % 360) - 90);
  if (axis === "x") return [1, 0, 0, 0, c, -s, 0, s, c];
  return axis === "y" ? [c, 0, s, 0, 1, 0, -s, 0, c] : [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** Returns the cosine of an angle in degrees, exact at quarter turns. */
function cosine(degrees: number): number {
  const turned = Math.abs(degrees % 360);
  if (turned === 90 || turned === 270) return 0;
  return Math.cos((turned * Math.PI) / 180);
}

/** Returns the matrix product a · b. */
export function product(a: Rotation, b: Rotation): Rotation {
  const out: number[] = [];
  for (let row = 0; row < 9; row += 3)
    for (let column = 0; column < 3; column++)
      out.push(a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!);
  return out;
}

/** Returns R · v, the turned vector. */
export const turned = (
  r: Rotation,
  [x, y, z]: readonly [number, number, number],
): [number, number, number] => [
  r[0]! * x + r[1]! * y + r[2]! * z,
  r[3]! * x + r[4]! * y + r[5]! * z,
  r[6]! * x + r[7]! * y + r[8]! * z,
];

/** Tells whether a matrix is a rotation, to three digits; a reflection is not. */
export function isRotation(matrix: readonly number[]): boolean {
  const r = matrix;
  if (r.length !== 9 || !r.every(Number.isFinite)) return false;
  if (product(r, transposed(r)).some((value, i) => Math.abs(value - noRotation[i]!) > 1e-3)) return false;
  const cross = cofactors(r);
  return r[0]! * cross[0]! + r[1]! * cross[1]! + r[2]! * cross[2]! > 0;
}

/** Largest deviation of R·Rᵀ from the identity where a matrix was rounded to two digits, 2 · √3 · 0.005, with room. */
const ofTwoDigits = 0.04;

/**
 * Returns the rotation that a matrix states; of a matrix that was rounded, as to two digits, the nearest one (Higham 1986:
 * the orthogonal factor of the polar decomposition by Newton's iteration). Undefined for what is no rotation.
 */
export function statedRotation(matrix: readonly number[]): Rotation | undefined {
  if (isRotation(matrix)) return matrix;
  const r = matrix;
  if (r.length !== 9 || !r.every(Number.isFinite)) return undefined;
  if (product(r, transposed(r)).some((value, i) => Math.abs(value - noRotation[i]!) > ofTwoDigits))
    return undefined;
  let nearest: Rotation = r;
  for (let step = 0; step < 6; step++) {
    const inverse = cofactors(nearest);
    const determinant = nearest[0]! * inverse[0]! + nearest[1]! * inverse[1]! + nearest[2]! * inverse[2]!;
    nearest = nearest.map((value, i) => (value + inverse[i]! / determinant) / 2);
  }
  return isRotation(nearest) ? nearest : undefined;
}

const transposed = (r: Rotation): Rotation => [r[0]!, r[3]!, r[6]!, r[1]!, r[4]!, r[7]!, r[2]!, r[5]!, r[8]!];

/** Returns the cofactors of a matrix: its inverse, transposed, times its determinant. */
const cofactors = (r: Rotation): Rotation => [
  r[4]! * r[8]! - r[5]! * r[7]!,
  r[5]! * r[6]! - r[3]! * r[8]!,
  r[3]! * r[7]! - r[4]! * r[6]!,
  r[2]! * r[7]! - r[1]! * r[8]!,
  r[0]! * r[8]! - r[2]! * r[6]!,
  r[1]! * r[6]! - r[0]! * r[7]!,
  r[1]! * r[5]! - r[2]! * r[4]!,
  r[2]! * r[3]! - r[0]! * r[5]!,
  r[0]! * r[4]! - r[1]! * r[3]!,
];

/** Returns the rotation of a quaternion of any length but 0. */
export function rotationOfQuaternion(quaternion: Quaternion): Rotation {
  const length = Math.hypot(...quaternion);
  const [x, y, z, w] = quaternion.map((part) => part / length) as [number, number, number, number];
  return matrixOfUnitQuaternion(w, x, y, z);
}

/** Returns a rotation's unit quaternion with w ≥ 0 (Shepperd, J. Guid. Control 1, 1978: divides by the largest part). */
export function quaternionOf(r: Rotation): Quaternion {
  const trace = r[0]! + r[4]! + r[8]!;
  const fourSquares = [1 + 2 * r[0]! - trace, 1 + 2 * r[4]! - trace, 1 + 2 * r[8]! - trace, 1 + trace];
  const largest = fourSquares.indexOf(Math.max(...fourSquares));
  const differences = [r[7]! - r[5]!, r[2]! - r[6]!, r[3]! - r[1]!];
  const sums = [r[5]! + r[7]!, r[2]! + r[6]!, r[1]! + r[3]!];
  const parts = [0, 1, 2, 3].map((part) => {
    if (part === largest) return fourSquares[largest]!;
    if (largest === 3) return differences[part]!;
    return part === 3 ? differences[largest]! : sums[3 - largest - part]!;
  });
  const length = Math.hypot(...parts) * (parts[3]! < 0 ? -1 : 1);
  return parts.map((part) => part / length) as unknown as Quaternion;
}
