/** What becomes of the masks of a cell: binary copick segmentations, and areas that are tinted in pictures. */
import { join } from "node:path";
import { angstrom } from "../../../domain/units.js";
import type { Shape3 } from "../../../domain/volume.js";
import { writeVolume } from "../../../formats/voxelTypes.js";
import { createOmeZarr } from "../../../formats/zarr/writer.js";
import { featureColour } from "../../../present/pictures/canvas.js";
import type { Tint } from "../../../present/pictures/slice.js";
import { bitOf, type CellFeature, cellFeatures } from "./features.js";

/** Voxels of a chunk: a slab of them is a small part of a tomogram. */
const chunkShape: Shape3 = [32, 256, 256];
const levels = 3;

/** The masks of one run. */
export interface RunMasks {
  readonly run: string;
  readonly shape: Shape3;
  /** Å per voxel. */
  readonly spacing: number;
  /** Bits of the features of each voxel, z slowest. */
  readonly masks: Uint8Array;
}

/**
 * Writes one segmentation for each feature, user `simulate`, session `0`; one that a tomogram lacks is all 0, since that
 * is known.
 *
 * @param overlayRoot folder that holds `ExperimentRuns`
 * @returns the voxels of each feature
 */
export async function writeSegmentations(
  overlayRoot: string,
  { run, shape, spacing, masks }: RunMasks,
  features: readonly CellFeature[],
): Promise<Record<string, number>> {
  const folder = join(overlayRoot, "ExperimentRuns", run, "Segmentations");
  const step = angstrom(spacing);
  const plane = shape[1] * shape[2];
  const counts: Record<string, number> = {};
  for (const feature of features) {
    const writer = await createOmeZarr(join(folder, `${spacing.toFixed(3)}_simulate_0_${feature}.zarr`), {
      ...{ shape, spacing: [step, step, step], levels, format: 2, chunkShape },
      ...{ compressor: "blosc-zstd", voxelType: "uint8", downsampling: "nearest" },
    });
    const bit = bitOf(feature);
    let count = 0;
    await writeVolume(writer, async () => {
      for (let z = 0; z < shape[0]; z += chunkShape[0]) {
        const end = Math.min(shape[0], z + chunkShape[0]);
        const slab = new Float32Array((end - z) * plane);
        for (let i = 0; i < slab.length; i++) {
          if ((masks[z * plane + i]! & bit) === 0) continue;
          slab[i] = 1;
          count++;
        }
        await writer.writeSlab(z, slab);
      }
    });
    counts[feature] = count;
  }
  return counts;
}

/** Opacity of a feature over the greys. */
const opacity = 0.35;

/** Returns the areas of a plane of masks, to be tinted in a picture. */
export function tintsOf(masks: Uint8Array, [, height, width]: Shape3, z: number): Tint[] {
  const plane = masks.subarray(z * height * width, (z + 1) * height * width);
  return cellFeatures.map((feature, at) => ({
    area: plane.map((held) => Number((held & bitOf(feature)) !== 0)),
    colour: featureColour(at),
    opacity,
  }));
}
