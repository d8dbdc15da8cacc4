/** Bench part: reading a tomogram, beside zarr-python and zarrita. */
import { join } from "node:path";
import * as zarr from "zarrita";
import { z } from "zod";
import { openOmeZarr, openTomogram } from "../../data/tomograms/omeZarr.js";
import { rounded } from "../../domain/numbers.js";
import { challengeShape, voxelCount } from "../../domain/volume.js";
import { readIfThere } from "../../system/paths/opening.js";
import { type BenchPart, measured } from "../measured.js";
import { alternatingMedians, type Medians, timeOf } from "../medians.js";
import { tomogramBytes, writeNoiseTomogram } from "../particleVolume.js";
import { findPython, peerModules, runPeer } from "../peer.js";
import { withScratchFolder } from "../scratch.js";

const answer = z.object({ seconds: z.number().positive() });

/** Times reading level 0 of a tomogram of noise, chunked and compressed as the challenge's. */
export const part: BenchPart = {
  async run({ volume: shape = challengeShape, steps, peers, peak, reporter }) {
    const python = peers ? await findPython(peerModules["zarr-python"]) : null;
    if (peers && python === null)
      reporter.note("no python3 with zarr is installed: reading is timed without its peer");
    reporter.note(`read: ${shape.join("×")} voxels`);
    const bytes = tomogramBytes(shape);
    return withScratchFolder(
      reporter,
      async (folder) => {
        const path = join(folder, "noise.zarr");
        await writeNoiseTomogram(path, shape);
        const ours = async () => {
          await (await openTomogram(await openOmeZarr(path))).readAll();
        };
        const peer =
          python === null
            ? null
            : async () =>
                answer.parse(await runPeer(reporter, python, "zarr_read.py", [path, "1"])).seconds * 1000;
        const row = (name: string | null, medians: Medians) => ({
          voxels: voxelCount(shape),
          mb_per_s: rounded(bytes / 1e3 / medians.ours, 0),
          peer: name,
          ...measured("read", medians, { voxels: voxelCount(shape), bytes }, peak),
        });
        const beside = row(
          python && "zarr-python",
          await alternatingMedians(steps, ours, peer, { peer: true }),
        );
        if (!peers) return [beside];
        const inTurns = await alternatingMedians(steps, ours, () => timeOf(() => readByZarrita(path)));
        return [beside, row("zarrita", inTurns)];
      },
      bytes,
    );
  },
};

/** Reads level 0 as programs in JavaScript do. */
async function readByZarrita(folder: string): Promise<void> {
  const store = { get: (key: string) => readIfThere(join(folder, key)) };
  const group = zarr.root(store);
  const array = await zarr.open.v2(group.resolve("0"), { kind: "array", attrs: false });
  await zarr.get(array);
}
