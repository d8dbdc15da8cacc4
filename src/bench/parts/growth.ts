/** Bench part: time and memory of `pickbench submit` as the work grows. */
import { copyFile, link, mkdir, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { rounded } from "../../domain/numbers.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { checkpointsToMeasure } from "../detector.js";
import { type BenchOptions, type BenchPart, type BenchRow, measured } from "../measured.js";
import { median, mediansOf } from "../medians.js";
import { tomogramBytes, tomogramPath, writeNoiseTomogram } from "../particleVolume.js";
import { withScratchFolder } from "../scratch.js";
import { runSubmit, type SubmitCost } from "../submitProcess.js";

/** Size that is large against a tile's overlap and finished in seconds. */
const usualShape: Shape3 = [64, 320, 320];
const mostRuns = 3;

/** A step of one way in which the work grows. */
interface Size {
  readonly grows: "voxels" | "tomograms" | "threads";
  readonly shape: Shape3;
  readonly tomograms: number;
  readonly threads: number;
}

/**
 * Makes the part that times `pickbench submit` as the work grows: a tomogram of half, one and two times the voxels; the
 * given counts of tomograms of an eighth of the voxels; one thread and more.
 */
export const growthOf = (tomogramCounts: readonly number[]): BenchPart => ({
  async run(options) {
    const shape = options.volume ?? usualShape;
    return withScratchFolder(
      options.reporter,
      async (folder) => {
        const checkpoints = await checkpointsToMeasure(options.checkpoints, folder);
        const rows: BenchRow[] = [];
        let last: { readonly size: Size; readonly ms: number } | undefined;
        for (const size of sizes(shape, tomogramCounts, options.threads)) {
          options.reporter.note(`growth: ${describe(size)}`);
          const costs = await submitAll(folder, size, { ...options, checkpoints });
          const ms = median(costs.map((cost) => cost.ms));
          rows.push(rowOf(size, costs, last?.size.grows === size.grows ? last : undefined, options));
          last = { size, ms };
        }
        return rows;
      },
      5 * tomogramBytes(shape),
    );
  },
});

export const part = growthOf([1, 10, 100]);

function sizes([z, y, x]: Shape3, tomogramCounts: readonly number[], threads: number): Size[] {
  const half = (length: number): number => Math.max(1, Math.round(length / 2));
  const eighth: Shape3 = [half(z), half(y), half(x)];
  const threadCounts = [...new Set([1, 2, threads])].filter((count) => count <= availableParallelism());
  return [
    ...[half(x), x, 2 * x].map(
      (width) => ({ grows: "voxels", shape: [z, y, width], tomograms: 1, threads }) as const,
    ),
    ...tomogramCounts.map(
      (tomograms) => ({ grows: "tomograms", shape: eighth, tomograms, threads }) as const,
    ),
    ...threadCounts.map(
      (count) => ({ grows: "threads", shape: [z, y, x], tomograms: 1, threads: count }) as const,
    ),
  ];
}

const describe = ({ shape, tomograms, threads }: Size): string =>
  `${tomograms} × ${shape.join("×")} voxels, ${threads} thread${threads === 1 ? "" : "s"}`;

const voxelsOf = ({ shape, tomograms }: Size): number => voxelCount(shape) * tomograms;

/** Submits several times where the work is small, once where it is large. */
async function submitAll(
  folder: string,
  size: Size,
  { checkpoints, allowCode, engine, steps, reporter }: BenchOptions,
): Promise<SubmitCost[]> {
  const { shape, tomograms, threads } = size;
  const data = join(folder, `${tomograms}-of-${shape.join("-")}`);
  await writeCopies(data, shape, tomograms);
  const costs: SubmitCost[] = [];
  const runs = tomograms > 10 ? 1 : Math.min(steps, mostRuns);
  for (let run = 0; run < runs; run++) {
    const out = join(folder, `${tomograms}-${shape.join("-")}-${threads}-${run}.csv`);
    costs.push(await runSubmit({ checkpoints, allowCode, data, out, engine, threads }, reporter));
  }
  return costs;
}

/** Writes a data set of `count` runs whose tomograms share one copy on disk. */
async function writeCopies(data: string, shape: Shape3, count: number): Promise<void> {
  const original = tomogramPath(data, runName(0));
  await writeNoiseTomogram(original, shape);
  for (let copy = 1; copy < count; copy++) await linkFolder(original, tomogramPath(data, runName(copy)));
}

const runName = (at: number): string => `TS_${at + 1}`;

/** Copies a folder by hard links, or by bytes on a disk without hard links. */
async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkFolder(source, target);
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

function rowOf(
  size: Size,
  costs: readonly SubmitCost[],
  last: { readonly size: Size; readonly ms: number } | undefined,
  { engine, peak }: BenchOptions,
): BenchRow {
  const times = costs.map(({ ms }) => ms);
  const ms = median(times);
  const megavoxels = voxelsOf(size) / 1e6;
  const added = last && megavoxels - voxelsOf(last.size) / 1e6;
  return {
    grows: size.grows,
    engine,
    threads: size.threads,
    tomograms: size.tomograms,
    voxels: voxelsOf(size),
    ms_per_mvoxel: rounded(ms / megavoxels, 1),
    added_ms_per_mvoxel: added ? rounded((ms - last.ms) / added, 1) : null,
    cpu_s: rounded(median(costs.map(({ cpuMs }) => cpuMs)) / 1000, 1),
    peak_mb: rounded(median(costs.map(({ peakMb }) => peakMb)), 0),
    ...measured("submit", mediansOf(times, null), {}, peak),
  };
}
