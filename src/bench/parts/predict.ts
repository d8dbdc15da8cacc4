/** Bench part: one full tomogram, Zarr to CSV, beside the time that the challenge allows. */
import { join } from "node:path";
import { findTomogram, openDataset, tomogramsNamed } from "../../data/dataset.js";
import type { Run } from "../../data/model.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import { rounded } from "../../domain/numbers.js";
import { challengeShape, type Shape3, voxelCount } from "../../domain/volume.js";
import type { Experiment } from "../../train/experiment/schema.js";
import { checkpointsToMeasure, type DescribedCheckpoints, describeCheckpoints } from "../detector.js";
import { allowedTime, type BenchOptions, type BenchPart, type BenchRow, measured } from "../measured.js";
import { median, mediansOf } from "../medians.js";
import { tomogramBytes, tomogramPath, writeNoiseTomogram } from "../particleVolume.js";
import { withScratchFolder } from "../scratch.js";
import { runSubmit, type SubmitCost } from "../submitProcess.js";

/** Time that the challenge allows per tomogram on its two GPUs: 12 hours for about 500. */
const allowedMs = (12 * 3600 * 1000) / 500;
/** Greatest number of runs; a whole process needs no warm-up, and a tomogram may take minutes. */
const mostRuns = 5;

/** Tilings to time: the checkpoint's own, one with a halo of 16 voxels, and the fastest. */
const tilings = [{}, { tile: "112,160,160", overlap: 32 }, { tile: "112,168,168", overlap: 8 }] as const;
type Tiling = { readonly tile?: string; readonly overlap?: number };

/** Times one tomogram from Zarr to CSV: `pickbench submit` in its own process. */
export const part: BenchPart = {
  async run(options) {
    const shape = options.volume ?? challengeShape;
    return withScratchFolder(
      options.reporter,
      async (folder) => {
        const checkpoints = await checkpointsToMeasure(options.checkpoints, folder);
        const described = await describeCheckpoints(checkpoints, options);
        const subject =
          options.data === undefined
            ? await writeSubject(folder, shape)
            : await firstSubject(options.data, described.experiment, options);
        const costs = await costsInTurns(folder, subject, { ...options, checkpoints }, described.experiment);
        return tilings.map((tiling, at) => rowOf(subject, tiling, costs[at]!, options, described));
      },
      options.data === undefined ? tomogramBytes(shape) : 0,
    );
  },
};

/** The tomogram to predict. */
interface Subject {
  readonly data: string;
  readonly run: string;
  readonly shape: Shape3;
}

async function writeSubject(folder: string, shape: Shape3): Promise<Subject> {
  const run = "TS_1";
  await writeNoiseTomogram(tomogramPath(folder, run), shape);
  return { data: folder, run, shape };
}

/** Returns the first run of a data set, or of its test part, with the tomogram that an experiment predicts on. */
async function firstSubject(
  data: string,
  { data: choice }: Experiment,
  { spacing, reporter }: Pick<BenchOptions, "spacing" | "reporter">,
): Promise<Subject> {
  const dataset = await openDataset(data, { prefer: "test", spacing, reporter });
  const isMeant = (run: Run): boolean => tomogramsNamed(run, choice.tomogram, choice.voxelSpacing).length > 0;
  const run = dataset.runs.find(isMeant) ?? dataset.runs[0]!;
  const ref = findTomogram(run, choice.tomogram, choice.voxelSpacing);
  return { data, run: run.name, shape: (await openTomogram(ref, choice.level, dataset.access)).shape };
}

/** Submits with one tiling after another, and again, so that all meet the same state of the machine. */
async function costsInTurns(
  folder: string,
  { data, run, shape }: Subject,
  { checkpoints, allowCode, spacing, engine, threads, steps, reporter }: BenchOptions,
  experiment: Experiment,
): Promise<SubmitCost[][]> {
  const costs = tilings.map((): SubmitCost[] => []);
  const most = Math.min(steps, mostRuns);
  for (let done = 0; done < most; done++)
    for (const [at, tiling] of tilings.entries()) {
      const { tile, overlap } = tilesOf(experiment, tiling);
      reporter.note(
        `predict: ${run}, ${shape.join("×")} voxels, tiles of ${tile} that share ${overlap}, ${done + 1} of ${most}`,
      );
      const out = join(folder, `submission-${at}-${done}.csv`);
      const request = { checkpoints, allowCode, data, spacing, run, out, engine, threads, ...tiling };
      costs[at]!.push(await runSubmit(request, reporter));
    }
  return costs;
}

function tilesOf({ predict }: Experiment, tiling: Tiling): { tile: string; overlap: string } {
  const { tile, overlap } = { ...predict, ...tiling };
  return { tile: String(tile), overlap: String(overlap) };
}

function rowOf(
  { run, shape }: Subject,
  tiling: Tiling,
  costs: readonly SubmitCost[],
  { engine, threads, peak }: BenchOptions,
  { networks, gflopPerVoxel, experiment }: DescribedCheckpoints,
): BenchRow {
  const voxels = voxelCount(shape);
  const gflop = gflopPerVoxel && gflopPerVoxel * voxels;
  const comparable = voxels === voxelCount(challengeShape);
  const times = costs.map(({ ms }) => ms);
  return {
    net: networks,
    tomogram: run,
    engine,
    threads,
    ...tilesOf(experiment, tiling),
    voxels,
    picks: costs[0]!.picks,
    cpu_s: rounded(median(costs.map(({ cpuMs }) => cpuMs)) / 1000, 1),
    peak_mb: rounded(median(costs.map(({ peakMb }) => peakMb)), 0),
    peer: comparable ? allowedTime : null,
    ...measured("predict", mediansOf(times, comparable ? [allowedMs] : null), { voxels, gflop }, peak),
  };
}
