/** What folder names and metadata say about a tomogram's voxel spacing, held against its own files. */
import type { Spacing3 } from "../domain/volume.js";
import type { TomogramRef } from "./model.js";

/** Spacings of tomograms that one network takes alike may differ by so much. */
const alikeWithin = 0.05;

/** Tells whether tomograms of two spacings, Å per voxel, can be taken by one network, or trained on in one run. */
export const isOneSpacing = (one: number, other: number): boolean => Math.abs(one / other - 1) <= alikeWithin;

/** Two statements differ where they differ by more: names round (`VoxelSpacing10.000` of 10.012 Å). */
const tolerance = 0.01;

/**
 * Says which statements about a tomogram's voxel spacing differ from the one that its files make, a sentence each; none
 * where the user gave the spacing.
 *
 * @param spacing of its finest level, in Å along z, y, x
 */
export function spacingDoubts(
  { path, voxelSpacing, statedSpacing, givenSpacing }: TomogramRef,
  spacing: Spacing3,
): string[] {
  if (givenSpacing !== undefined) return [];
  const differs = (said: number | undefined): said is number =>
    said !== undefined && spacing.some((length) => Math.abs(length / said - 1) > tolerance);
  const own = [...new Set(spacing.map((length) => String(Number(length.toPrecision(6)))))].join("×");
  const remedy = "find out which is right, and give it with --spacing or write it into the files";
  return [
    ...(differs(voxelSpacing)
      ? [`${path}: its folder says ${voxelSpacing} Å a voxel, its own metadata ${own} Å; ${remedy}`]
      : []),
    ...(differs(statedSpacing)
      ? [
          `${path}: tomogram_metadata.json says ${statedSpacing} Å a voxel, its own metadata ${own} Å; ${remedy}`,
        ]
      : []),
  ];
}
