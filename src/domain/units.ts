/**
 * Å and voxels, kept apart by the compiler, and the one conversion between them: voxel i of spacing s covers
 * [i·s, (i+1)·s) and its centre is (i+½)·s Å from the volume's corner.
 */
export type Angstrom = number & { readonly unit: "Å" };
/** A continuous index: 0 is the centre of the first voxel. */
export type VoxelIndex = number & { readonly unit: "voxel" };

/** Marks a number as a length in Å. */
export const angstrom = (value: number): Angstrom => value as Angstrom;

/** A point, x y z in Å from the volume's corner. */
export interface Position {
  readonly x: Angstrom;
  readonly y: Angstrom;
  readonly z: Angstrom;
}

/** Å of a (continuous) voxel index along one axis. */
export const indexToAngstrom = (index: number, spacing: Angstrom): Angstrom =>
  ((index + 0.5) * spacing) as Angstrom;

/** (Continuous) voxel index of a coordinate along one axis. */
export const angstromToIndex = (coordinate: Angstrom, spacing: Angstrom): VoxelIndex =>
  (coordinate / spacing - 0.5) as VoxelIndex;
