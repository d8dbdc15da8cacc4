/**
 * The map from a patch's voxels to its volume's, used for voxel values and labels alike, so that both move together:
 * volume index = matrix · patch voxel + offset, in z,y,x and continuous indices (0 is the centre of the first voxel).
 */
import type { Random } from "../../domain/random.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";

/** Components along z, y, x. */
export type Vector3 = readonly [z: number, y: number, x: number];
/** Rows are the z, y, x components of the result. */
export type Matrix3 = readonly [Vector3, Vector3, Vector3];

/** A map from patch voxels to continuous volume indices, with its inverse. */
export interface PatchMap {
  readonly matrix: Matrix3;
  readonly inverse: Matrix3;
  readonly offset: Vector3;
  /** True where voxels fall on voxels: the matrix is a signed permutation and the offset whole. */
  readonly aligned: boolean;
}

/** A lattice symmetry: patch axis p runs along volume axis axes[p], backwards where signs[p] is −1. */
export interface Orientation {
  readonly axes: readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2];
  readonly signs: Vector3;
}

const identityMatrix: Matrix3 = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Orientations after 0 to 3 turns by 90° about z; all are proper rotations. */
const turnsAboutZ: readonly Orientation[] = [
  { axes: [0, 1, 2], signs: [1, 1, 1] },
  { axes: [0, 2, 1], signs: [1, 1, -1] },
  { axes: [0, 1, 2], signs: [1, -1, -1] },
  { axes: [0, 2, 1], signs: [1, -1, 1] },
];

/** Returns the orientation after turns by 90° about z, then flips of the patch's axes (true: flipped). */
export function orientation(turns: number, flips: readonly [boolean, boolean, boolean]): Orientation {
  const { axes, signs } = turnsAboutZ[turns % 4]!;
  return { axes, signs: mapVector(signs, (sign, p) => (flips[p] ? -sign : sign)) };
}

/** Returns the numbers of voxels that an oriented patch covers along the volume's axes. */
export function orientedShape(shape: Shape3, { axes }: Orientation): Shape3 {
  const covered: [number, number, number] = [0, 0, 0];
  axes.forEach((axis, p) => {
    covered[axis] = shape[p]!;
  });
  return covered;
}

/** Returns the map of an oriented patch whose lowest corner in the volume is the voxel `start`. */
export function alignedMap(oriented: Orientation, shape: Shape3, start: Shape3): PatchMap {
  const offset: [number, number, number] = [...start];
  oriented.axes.forEach((axis, p) => {
    if (oriented.signs[p] === -1) offset[axis] += shape[p]! - 1;
  });
  const matrix = orientationMatrix(oriented);
  return { matrix, inverse: transpose(matrix), offset, aligned: true };
}

/**
 * Returns the map of an oriented patch turned about its middle, which lies at the continuous volume index `centre`. The
 * rotation acts on Å, so that it stays rigid where the spacings differ.
 */
export function rotatedMap(
  oriented: Orientation,
  rotation: Matrix3,
  shape: Shape3,
  centre: Vector3,
  spacing: Spacing3,
): PatchMap {
  const inVoxels = mapMatrix(rotation, (value, row, column) => (value * spacing[column]!) / spacing[row]!);
  const inverted = mapMatrix(
    transpose(rotation),
    (value, row, column) => (value * spacing[column]!) / spacing[row]!,
  );
  const turn = orientationMatrix(oriented);
  const matrix = multiply(inVoxels, turn);
  const middle = transform(matrix, patchCentre(shape));
  return {
    matrix,
    inverse: multiply(transpose(turn), inverted),
    offset: mapVector(centre, (value, axis) => value - middle[axis]!),
    aligned: false,
  };
}

/**
 * Returns the map of the same patch in coarse voxels, each of `stride` input voxels along each axis and centred on
 * them.
 */
export function coarseMap(map: PatchMap, stride: number): PatchMap {
  if (stride === 1) return map;
  const middle = (stride - 1) / 2;
  const shift = transform(map.matrix, [middle, middle, middle]);
  return {
    matrix: mapMatrix(map.matrix, (value) => value * stride),
    inverse: mapMatrix(map.inverse, (value) => value / stride),
    offset: mapVector(map.offset, (value, axis) => value + shift[axis]!),
    aligned: false,
  };
}

/** Draws a rotation by at most `degrees` about an axis uniform on the sphere (Rodrigues' formula). */
export function drawRotation(random: Random, degrees: number): Matrix3 {
  const angle = (random.between(-degrees, degrees) * Math.PI) / 180;
  const drawn: Vector3 = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(...drawn);
  const [z, y, x] = mapVector(drawn, (value) => value / length);
  const cross: Matrix3 = [
    [0, -x, y],
    [x, 0, -z],
    [-y, z, 0],
  ];
  const square = multiply(cross, cross);
  return mapMatrix(
    identityMatrix,
    (one, row, column) =>
      one + Math.sin(angle) * cross[row]![column]! + (1 - Math.cos(angle)) * square[row]![column]!,
  );
}

/** Returns the continuous patch voxel at a continuous volume index. */
export function patchVoxel(map: PatchMap, index: Vector3): Vector3 {
  return transform(
    map.inverse,
    mapVector(index, (value, axis) => value - map.offset[axis]!),
  );
}

/** Returns the continuous index of a patch's middle. */
export const patchCentre = (shape: Shape3): Vector3 => mapVector(shape, (size) => (size - 1) / 2);

/** Changes every component of a vector. */
export const mapVector = (vector: Vector3, change: (value: number, axis: number) => number): Vector3 => [
  change(vector[0], 0),
  change(vector[1], 1),
  change(vector[2], 2),
];

/** Returns matrix · vector. */
export const transform = (matrix: Matrix3, [z, y, x]: Vector3): Vector3 => [
  matrix[0][0] * z + matrix[0][1] * y + matrix[0][2] * x,
  matrix[1][0] * z + matrix[1][1] * y + matrix[1][2] * x,
  matrix[2][0] * z + matrix[2][1] * y + matrix[2][2] * x,
];

/** Returns the signed permutation matrix of an orientation. */
export const orientationMatrix = ({ axes, signs }: Orientation): Matrix3 =>
  mapMatrix(identityMatrix, (_, row, column) => (axes[column] === row ? signs[column]! : 0));

function mapMatrix(matrix: Matrix3, change: (value: number, row: number, column: number) => number): Matrix3 {
  const changeRow = (row: number): Vector3 =>
    mapVector(matrix[row]!, (value, column) => change(value, row, column));
  return [changeRow(0), changeRow(1), changeRow(2)];
}

const transpose = (matrix: Matrix3): Matrix3 => mapMatrix(matrix, (_, row, column) => matrix[column]![row]!);

const multiply = (left: Matrix3, right: Matrix3): Matrix3 =>
  mapMatrix(
    left,
    (_, row, column) =>
      left[row]![0] * right[0][column]! +
      left[row]![1] * right[1][column]! +
      left[row]![2] * right[2][column]!,
  );
