/** Rotation matrices: of quaternions, about axes, and their products. */

/** A 3×3 rotation matrix, row by row, for vectors x, y, z. */
export type Rotation = readonly [number, number, number, number, number, number, number, number, number];

/** Returns the rotation of a unit quaternion w + xi + yj + zk. */
export function matrixOfUnitQuaternion(w: number, x: number, y: number, z: number): Rotation {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
}

/** Returns the rotation by `degrees` about an axis of any length. */
export function rotationAbout([x, y, z]: readonly [number, number, number], degrees: number): Rotation {
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
