import { join } from "node:path";
import { z } from "zod";
import { openOmeZarr, openTomogram } from "../data/omeZarr.js";
import { createOmeZarr } from "../data/omeZarrWriter.js";
import { randomFor } from "../random.js";
import { angstrom } from "../units.js";
import { type Shape3, voxelCount } from "../volume.js";
import { alternatingMedians } from "./medians.js";
import { type BenchPart, ratio, rounded } from "./part.js";
import { findPython, runPeer } from "./peer.js";
import { withScratchFolder } from "./scratch.js";

const shape: Shape3 = [184, 630, 630];
const answer = z.object({ seconds: z.number().positive() });

/** A tomogram of noise, chunked and compressed as the challenge's are, read whole from level 0. */
export const part: BenchPart = {
  async run({ steps, peers, note }) {
    const python = peers ? await findPython(["zarr"]) : null;
    if (peers && python === null)
      note("no python3 with zarr is installed: reading is timed without its peer");
    note(`read: ${shape.join("×")} voxels`);
    return withScratchFolder(async (folder) => {
      const path = join(folder, "noise.zarr");
      await writeNoise(path);
      const ours = async () => {
        await (await openTomogram(await openOmeZarr(path))).readAll();
      };
      const peer =
        python === null
          ? null
          : async () => answer.parse(await runPeer(python, "zarr_read.py", [path, "1"])).seconds * 1000;
      const median = await alternatingMedians(steps, ours, peer);
      const megabytes = (voxelCount(shape) * Float32Array.BYTES_PER_ELEMENT) / 1e6;
      return [
        {
          voxels: voxelCount(shape),
          read_ms: rounded(median.ours, 1),
          mb_per_s: rounded((megabytes / median.ours) * 1000, 0),
          peer: python && "zarr-python",
          peer_read_ms: median.peer && rounded(median.peer, 1),
          read_ratio: ratio(median.ours, median.peer),
        },
      ];
    });
  },
};

async function writeNoise(path: string): Promise<void> {
  const spacing = angstrom(10.012);
  const random = randomFor(0, "bench/tomogram");
  const writer = await createOmeZarr(path, {
    shape,
    spacing: [spacing, spacing, spacing],
    chunkShape: [256, 256, 256],
  });
  const values = Float32Array.from({ length: voxelCount(shape) }, () => random.normal() * 7e-6);
  await writer.writeSlab(0, values);
  await writer.close();
}
