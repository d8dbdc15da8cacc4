/** Units: ångströms and voxels as types, and the one conversion between them. */

/**
 * A length in Å. Å and voxels are kept apart by the compiler: voxel i of spacing s covers [i·s, (i+1)·s), and its centre
 * is (i+½)·s Å from the volume's corner.
 */
export type Angstrom = number & { readonly unit: "Å" };
/** A continuous voxel index; 0 is the centre of the first voxel. */
export type VoxelIndex = number & { readonly unit: "voxel" };

/** Marks a number as a length in Å. */
export const angstrom = (value: number): Angstrom => value as Angstrom;

/** Least and greatest voxel spacing in Å that is read, beyond those of any microscope. */
export const spacingLimits = { least: 1e-3, greatest: 1e5 } as const;

/** Tells whether a number can be a voxel spacing in Å. */
export const isSpacing = (length: number): boolean =>
  length >= spacingLimits.least && length <= spacingLimits.greatest;

/** A point x, y, z in Å from the volume's corner. */
export interface Position {
  readonly x: Angstrom;
  readonly y: Angstrom;
  readonly z: Angstrom;
}

/** Converts a continuous voxel index to Å along one axis. */
export const indexToAngstrom = (index: number, spacing: Angstrom): Angstrom =>
  ((index + 0.5) * spacing) as Angstrom;

/** Converts a coordinate in Å to a continuous voxel index along one axis. */
export const angstromToIndex = (coordinate: Angstrom, spacing: Angstrom): VoxelIndex =>
  (coordinate / spacing - 0.5) as VoxelIndex;
