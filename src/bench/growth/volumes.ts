/** Growth of `volume`, which streams a tomogram from OME-Zarr to MRC: the number of voxels. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { voxelCount } from "../../domain/volume.js";
import { tomogramBytes } from "../particleVolume.js";
import { runMeasured } from "../submitProcess.js";
import type { Series, SeriesContext } from "./series.js";
import { shapeOf, writtenTomogram } from "./submissions.js";

/** Makes the series of `volume`. */
export const volumes = (points: readonly number[], { folder, reporter }: SeriesContext): Series => ({
  axis: "voxels",
  command: "volume",
  points,
  bytes: (point) => 2 * tomogramBytes(shapeOf(point)),
  prepare: async (point, signal) => {
    const shape = shapeOf(point);
    const from = await writtenTomogram(join(folder, `voxels-${point}`), shape, signal);
    const to = join(folder, "volume.mrc");
    return {
      facts: { threads: 1, voxels: voxelCount(shape) },
      work: { bytes: tomogramBytes(shape) },
      run: (signal) => runMeasured("volume", [from, to, "--overwrite", "--quiet"], reporter, signal),
      release: () => rm(to, { force: true }),
    };
  },
});
