import { type Angstrom, angstromToIndex, indexToAngstrom, type Position, type VoxelIndex } from "./units.js";

/** Sizes along z, y, x. */
export type Shape3 = readonly [z: number, y: number, x: number];
/** Å per voxel along z, y, x. */
export type Spacing3 = readonly [z: Angstrom, y: Angstrom, x: Angstrom];
/** Half-open box of voxels: start ≤ index < end along z, y, x. */
export interface Box {
  readonly start: Shape3;
  readonly end: Shape3;
}

/** A tomogram or a map held in memory: flat, z slowest, x fastest. */
export interface Volume {
  readonly data: Float32Array;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
}

export const voxelCount = (shape: Shape3): number => shape[0] * shape[1] * shape[2];

/** Continuous z,y,x indices of a position. */
export function positionToIndex(position: Position, spacing: Spacing3): [VoxelIndex, VoxelIndex, VoxelIndex] {
  return [
    angstromToIndex(position.z, spacing[0]),
    angstromToIndex(position.y, spacing[1]),
    angstromToIndex(position.x, spacing[2]),
  ];
}

/** Position of continuous z,y,x indices. */
export function indexToPosition(z: number, y: number, x: number, spacing: Spacing3): Position {
  return {
    x: indexToAngstrom(x, spacing[2]),
    y: indexToAngstrom(y, spacing[1]),
    z: indexToAngstrom(z, spacing[0]),
  };
}
