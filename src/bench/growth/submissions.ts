/** Growth of `submit`: the voxels of a tomogram, the number of tomograms, and threads. */
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { challengeShape, type Shape3, voxelCount } from "../../domain/volume.js";
import { type DescribedCheckpoints, describeCheckpoints } from "../detector.js";
import { tomogramBytes, tomogramPath, writeNoiseTomogram } from "../particleVolume.js";
import { runSubmit } from "../submitProcess.js";
import type { AxisName } from "./axes.js";
import type { Series, SeriesContext } from "./series.js";

/** Voxels of one of many tomograms, and of the one that several threads share. */
const voxelsOfOne = { tomograms: 1e5, threads: 1e7 } as const;
/** The fastest tiles, since a thousand million voxels take minutes. */
const tiles = { tile: "112,168,168", overlap: 8 } as const;

/** Shape of about so many voxels, in the proportions of the challenge's tomograms. */
export function shapeOf(voxels: number): Shape3 {
  const scale = Math.cbrt(voxels / voxelCount(challengeShape));
  return challengeShape.map((size) => Math.max(1, Math.round(size * scale))) as [number, number, number];
}

interface Size {
  readonly shape: Shape3;
  readonly tomograms: number;
  readonly threads: number;
}

type SubmitAxis = Exclude<AxisName, "features" | "picks">;

/** Makes the series of an axis of `submit`. */
export async function submissions(
  axis: SubmitAxis,
  points: readonly number[],
  context: SeriesContext,
): Promise<Series> {
  const described = await describeCheckpoints(context.checkpoints, context);
  const sizeOf = (point: number): Size => sizeAt(axis, point, context);
  return {
    axis,
    command: "submit",
    points,
    bytes: (point) => tomogramBytes(sizeOf(point).shape),
    prepare: async (point, signal) => {
      const size = sizeOf(point);
      const data = join(context.folder, `${axis}-${point}`);
      await writeCopies(data, size, signal);
      return prepared(data, size, context, described);
    },
  };
}

function sizeAt(axis: SubmitAxis, point: number, { threads, volume }: SeriesContext): Size {
  if (axis === "voxels") return { shape: shapeOf(point), tomograms: 1, threads };
  const shape = volume ?? shapeOf(voxelsOfOne[axis]);
  return axis === "tomograms"
    ? { shape, tomograms: point, threads }
    : { shape, tomograms: 1, threads: point };
}

function prepared(
  data: string,
  { shape, tomograms, threads }: Size,
  { checkpoints, allowCode, engine, reporter }: SeriesContext,
  { networks, gflopPerVoxel }: DescribedCheckpoints,
): Awaited<ReturnType<Series["prepare"]>> {
  const voxels = voxelCount(shape) * tomograms;
  return {
    facts: { net: networks, engine, ...tiles, threads, tomograms, voxels },
    work: { gflop: gflopPerVoxel && gflopPerVoxel * voxels },
    run: (signal) => {
      const request = { checkpoints, allowCode, data, out: `${data}.csv`, engine, threads, ...tiles };
      return runSubmit(request, reporter, signal);
    },
    release: () => (tomograms === 1 ? Promise.resolve() : rm(data, { recursive: true, force: true })),
  };
}

/** Writes a data set of runs whose tomograms share one copy on disk. */
async function writeCopies(data: string, { shape, tomograms }: Size, signal: AbortSignal): Promise<void> {
  const original = await writtenTomogram(data, shape, signal);
  for (let copy = 1; copy < tomograms; copy++) {
    signal.throwIfAborted();
    await linkFolder(original, tomogramPath(data, runName(copy)));
  }
}

/** Returns the path of a data set's first tomogram, which it writes where it is not there. */
export async function writtenTomogram(data: string, shape: Shape3, signal: AbortSignal): Promise<string> {
  const path = tomogramPath(data, runName(0));
  if (!existsSync(path)) await writeNoiseTomogram(path, shape, signal);
  return path;
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
