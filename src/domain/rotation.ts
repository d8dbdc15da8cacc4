/** Rotation matrices of quaternions. */

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
