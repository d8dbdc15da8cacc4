import { join } from "node:path";
import { voxelCount } from "../volume.js";
import { describeCheckpoints, writeFirstCheckpoint } from "./detector.js";
import { measured } from "./measured.js";
import { median, mediansOf } from "./medians.js";
import { challengeShape, tomogramBytes, tomogramPath, writeNoiseTomogram } from "./noiseTomogram.js";
import { type BenchPart, rounded } from "./part.js";
import { withScratchFolder } from "./scratch.js";
import { runSubmit, type SubmitCost } from "./submitProcess.js";

/** What the challenge allows a tomogram on its two GPUs: 12 hours for about 500. */
const allowedMs = (12 * 3600 * 1000) / 500;
/** A whole process needs no runs to warm up, and a tomogram may take minutes. */
const mostRuns = 3;

/** One tomogram, Zarr to CSV: `pickbench submit` in a process of its own. */
export const part: BenchPart = {
  async run({ volume: shape = challengeShape, checkpoints, engine, threads, steps, peak, note }) {
    return withScratchFolder(async (folder) => {
      note(`predict: ${shape.join("×")} voxels`);
      const first = join(folder, "first.safetensors");
      if (checkpoints.length === 0) await writeFirstCheckpoint(first);
      const used = checkpoints.length === 0 ? [first] : checkpoints;
      const { networks, gflopPerVoxel } = await describeCheckpoints(used);
      await writeNoiseTomogram(tomogramPath(folder, "TS_1"), shape);
      const costs: SubmitCost[] = [];
      for (let run = 0; run < Math.min(steps, mostRuns); run++) {
        const out = join(folder, `submission-${run}.csv`);
        costs.push(await runSubmit({ checkpoints: used, data: folder, out, engine, threads }));
      }
      const voxels = voxelCount(shape);
      const gflop = gflopPerVoxel && gflopPerVoxel * voxels;
      const comparable = voxels === voxelCount(challengeShape);
      const times = costs.map(({ ms }) => ms);
      return [
        {
          net: networks,
          engine,
          threads,
          voxels,
          picks: costs[0]!.picks,
          peak_mb: rounded(median(costs.map(({ peakMb }) => peakMb)), 0),
          peer: comparable ? "challenge" : null,
          ...measured("predict", mediansOf(times, comparable ? [allowedMs] : null), { voxels, gflop }, peak),
        },
      ];
    }, tomogramBytes(shape));
  },
};
