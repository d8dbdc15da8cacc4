/** Masks written for tests, and features of the tiny data set. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openDataset } from "../../src/data/dataset.js";
import { readRunPicks } from "../../src/data/picks.js";
import { angstrom } from "../../src/domain/units.js";
import type { Shape3, Spacing3 } from "../../src/domain/volume.js";
import { createMrc } from "../../src/formats/mrc/writer.js";
import { createOmeZarr } from "../../src/formats/zarr/writer.js";

export const cubic = (length: number): Spacing3 => [angstrom(length), angstrom(length), angstrom(length)];

type At = (z: number, y: number, x: number) => number;

export function valuesOf([depth, height, width]: Shape3, at: At): Float32Array {
  const values = new Float32Array(depth * height * width);
  for (let z = 0, i = 0; z < depth; z++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, i++) values[i] = at(z, y, x);
  return values;
}

/** Writes a label volume: an OME-Zarr folder, or an MRC file where the path ends so. */
export async function writeLabels(path: string, shape: Shape3, spacing: Spacing3, at: At): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const writer = path.endsWith(".mrc")
    ? await createMrc(path, { shape, spacing })
    : await createOmeZarr(path, { shape, spacing, voxelType: "uint8", chunkShape: [16, 32, 24] });
  await writer.writeSlab(0, valuesOf(shape, at));
  await writer.close();
  return path;
}

/** The path of a copick segmentation in a data set with `overlay/`. */
export const segmentation = (data: string, run: string, file: string): string =>
  join(data, "overlay", "ExperimentRuns", run, "Segmentations", `${file}.zarr`);

/** Shape and spacing of the tiny data set's tomograms. */
export const tinyShape: Shape3 = [40, 64, 64];
export const tinySpacing = cubic(10);

/** Writes a segmentation of balls about a run's ribosomes, of which a mask knows all voxels. */
export async function writeBlobs(
  data: string,
  run: string,
  file = "10.000_tester_1_blob",
  radius = 110,
): Promise<void> {
  const picks = (await readRunPicks(await openDataset(data), run)).filter(({ type }) => type === "ribosome");
  await writeLabels(segmentation(data, run, file), tinyShape, tinySpacing, (z, y, x) =>
    picks.some((pick) => Math.hypot(pick.z - 10 * z - 5, pick.y - 10 * y - 5, pick.x - 10 * x - 5) <= radius)
      ? 1
      : 0,
  );
}
