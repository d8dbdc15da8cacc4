import { join } from "node:path";
import { writeWhole } from "../../files.js";
import { angstrom } from "../../units.js";
import { createOmeZarr } from "../omeZarrWriter.js";
import type { Phantom, PhantomPick, PhantomPlan } from "./phantom.js";

/** Folders of a part of a data set. */
export interface PhantomRoots {
  readonly staticRoot: string;
  readonly overlayRoot: string;
}

/** The challenge's: levels, chunks and compressor of its reconstructions. */
const levels = 3;
const chunkShape = [256, 256, 256] as const;

/**
 * Writes the picks and then the reconstructions `wbp` and `denoised` of one run, each whole or not at all; a kill never
 * leaves a tomogram whose particles nobody knows.
 */
export async function writePhantom(
  { staticRoot, overlayRoot }: PhantomRoots,
  run: string,
  plan: PhantomPlan,
  types: Iterable<string>,
  phantom: Phantom,
): Promise<void> {
  for (const type of types) {
    const picks = phantom.picks.filter((pick) => pick.type === type);
    await writeWhole(
      join(overlayRoot, "ExperimentRuns", run, "Picks", `${type}.json`),
      `${JSON.stringify(picksDocument(run, type, picks), null, 1)}\n`,
    );
  }
  const voxels = join(staticRoot, "ExperimentRuns", run, `VoxelSpacing${plan.spacing.toFixed(3)}`);
  const step = angstrom(plan.spacing);
  for (const kind of ["wbp", "denoised"] as const) {
    const writer = await createOmeZarr(join(voxels, `${kind}.zarr`), {
      shape: plan.shape,
      spacing: [step, step, step],
      levels,
      format: 2,
      chunkShape,
      compressor: "blosc-lz4",
    });
    try {
      await writer.writeSlab(0, phantom[kind]);
      await writer.close();
    } catch (error) {
      await writer.discard();
      throw error;
    }
  }
}

const thousandth = (value: number): number => Math.round(value * 1000) / 1000;

/** Picks as the challenge writes its truth, with the particle's own orientation. */
function picksDocument(run: string, type: string, picks: readonly PhantomPick[]): unknown {
  return {
    pickable_object_name: type,
    user_id: "curation",
    session_id: "0",
    run_name: run,
    voxel_spacing: null,
    unit: "angstrom",
    points: picks.map(({ x, y, z, rotation }) => {
      const m = rotation.map((entry) => Math.round(entry * 1e6) / 1e6);
      return {
        location: { x: thousandth(x), y: thousandth(y), z: thousandth(z) },
        transformation_: [
          [...m.slice(0, 3), 0],
          [...m.slice(3, 6), 0],
          [...m.slice(6, 9), 0],
          [0, 0, 0, 1],
        ],
        instance_id: 0,
      };
    }),
  };
}
