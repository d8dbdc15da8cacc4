/** Volumes: shapes, spacings, boxes and voxel data, always in the order z, y, x. */
import { type Angstrom, angstromToIndex, indexToAngstrom, type Position, type VoxelIndex } from "./units.js";

/** Sizes in voxels along z, y, x. */
export type Shape3 = readonly [z: number, y: number, x: number];
/** Voxel spacing in Å along z, y, x. */
export type Spacing3 = readonly [z: Angstrom, y: Angstrom, x: Angstrom];
/** A half-open box of voxels: start ≤ index < end along z, y, x. */
export interface Box {
  readonly start: Shape3;
  readonly end: Shape3;
}

/** Size of the challenge's tomograms, voxels along z, y, x. */
export const challengeShape: Shape3 = [184, 630, 630];

/** A tomogram or a map held in memory: flat, z slowest, x fastest. */
export interface Volume {
  readonly data: Float32Array;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** 1 at each voxel that holds no data, 0 elsewhere, in shared memory; absent where all voxels hold data. */
  readonly blank?: Uint8Array;
}

/** Returns Å³ of a voxel. */
export const voxelVolume = (spacing: Spacing3): number => spacing[0] * spacing[1] * spacing[2];

/** Spacings of one grid differ by no more than this share, as rounding in files leaves. */
const sameSpacing = 1e-3;

/** Tells whether two volumes have one grid: as many voxels, of one size. @param within share by which sizes may differ */
export const isOneGrid = (
  one: Pick<Volume, "shape" | "spacing">,
  other: Pick<Volume, "shape" | "spacing">,
  within: number = sameSpacing,
): boolean =>
  one.shape.every((size, axis) => size === other.shape[axis]) &&
  one.spacing.every((length, axis) => Math.abs(length / other.spacing[axis]! - 1) <= within);

export const voxelCount = (shape: Shape3): number => shape[0] * shape[1] * shape[2];

/** Converts a position to continuous indices z, y, x. */
export function positionToIndex(position: Position, spacing: Spacing3): [VoxelIndex, VoxelIndex, VoxelIndex] {
  return [
    angstromToIndex(position.z, spacing[0]),
    angstromToIndex(position.y, spacing[1]),
    angstromToIndex(position.x, spacing[2]),
  ];
}

/** Converts continuous indices z, y, x to a position. */
export function indexToPosition(z: number, y: number, x: number, spacing: Spacing3): Position {
  return {
    x: indexToAngstrom(x, spacing[2]),
    y: indexToAngstrom(y, spacing[1]),
    z: indexToAngstrom(z, spacing[0]),
  };
}
