/** Writing of masks: Ais's MRC names, OME-Zarr, or copick's segmentations. */
import { createMrc } from "../../formats/mrc/writer.js";
import { type SlabWriter, writeVolume } from "../../formats/voxelTypes.js";
import { createOmeZarr } from "../../formats/zarr/writer.js";
import { type ProbabilityFormat, probabilityPaths } from "../predict/probabilityFiles.js";
import type { Area } from "./area.js";

/** Where a mask goes, and as what. */
export interface MaskTarget {
  readonly format: ProbabilityFormat;
  readonly folder: string;
  readonly run: string;
  /** Name of the area, as of a feature. */
  readonly name: string;
  /** Session of copick. */
  readonly session: string;
  /** Value of voxels in the mask; others are 0. */
  readonly value: number;
  readonly zarr: 2 | 3;
}

/** Voxel spacing in Å along x, as copick's names have it. */
type Spaced = Pick<Area, "spacing">;

/** Returns the path of a mask. @throws PickbenchError BadDataset where a name cannot be part of a path */
export function maskPath({ format, folder, run, name, session }: MaskTarget, { spacing }: Spaced): string {
  const named = { folder, run, types: [name], features: [name], voxelSpacing: spacing[2], session };
  return probabilityPaths(format, named)[0]!;
}

/** Planes that are written at once. */
const planes = 16;

/** Writes a mask, as int8 in MRC files and as uint8 else; it appears whole or not at all. Returns its path. */
export async function writeMask(target: MaskTarget, area: Area): Promise<string> {
  const { mask, shape } = area;
  const path = maskPath(target, area);
  const writer = await writerOf(path, target, area);
  const plane = shape[1] * shape[2];
  await writeVolume(writer, async () => {
    for (let z = 0; z < shape[0]; z += planes) {
      const part = mask.subarray(z * plane, Math.min(shape[0], z + planes) * plane);
      await writer.writeSlab(
        z,
        Float32Array.from(part, (voxel) => voxel * target.value),
      );
    }
  });
  return path;
}

function writerOf(
  path: string,
  { format, name, zarr }: MaskTarget,
  { shape, spacing }: Area,
): Promise<SlabWriter> {
  if (format === "mrc") return createMrc(path, { shape, spacing, mode: 0 });
  const voxels = { voxelType: "uint8", downsampling: "nearest", format: zarr } as const;
  return createOmeZarr(path, {
    shape,
    spacing,
    ...voxels,
    ...(format === "zarr" ? { channels: [name] } : {}),
  });
}
