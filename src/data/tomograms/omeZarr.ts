/**
 * Opens tomograms, OME-Zarr here and MRC by mrc.ts. The room `tomograms` turns files into readers of levels and chunks.
 */
import { basename, join, resolve } from "node:path";
import { angstrom, isSpacing, spacingLimits } from "../../domain/units.js";
import { type Box, indexToPosition, type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import { firstNotFinite, nanAdvice } from "../../formats/notFinite.js";
import { openZarrArray, type ZarrArray } from "../../formats/zarr/array.js";
import {
  allocateRegion,
  boxOfChunk,
  checkChunkCount,
  chunksOf,
  extent,
} from "../../formats/zarr/chunkGrid.js";
import type { ChunkJob } from "../../formats/zarr/chunkJob.js";
import { decodeChunks } from "../../formats/zarr/chunkPool.js";
import { type ArrayAxes, readMultiscales } from "../../formats/zarr/ome.js";
import { PickbenchError } from "../../system/errors.js";
import type { DataAccess, Level, ResolvedTomogram, TomogramReader, TomogramRef } from "../model.js";
import { ensureLocal } from "../remote/mirror.js";
import { isMrcName, mrcStem } from "../volumeNames.js";
import { absentChunks } from "./absentChunks.js";
import { openMrcTomogram, resolveMrc } from "./mrc.js";

/**
 * Reads the metadata of a single OME-Zarr folder or MRC file.
 *
 * @param spacing Å per voxel of the finest level, in place of what the metadata say or do not say
 */
export function openOmeZarr(path: string, spacing?: number): Promise<ResolvedTomogram> {
  const full = resolve(path);
  const tomoType = mrcStem(basename(full)).replace(/\.zarr$/, "");
  const given = spacing === undefined ? {} : { givenSpacing: cubic(spacing) };
  return resolveTomogram({ run: tomoType, tomoType, path: full, ...given });
}

const cubic = (spacing: number): Spacing3 => [angstrom(spacing), angstrom(spacing), angstrom(spacing)];

/**
 * Reads a tomogram's levels and channels.
 *
 * @param access of the data set it belongs to; silent if absent
 * @throws BadDataset where the metadata is missing or wrong.
 */
export async function resolveTomogram(ref: TomogramRef, access?: DataAccess): Promise<ResolvedTomogram> {
  if (ref.levels !== undefined) return { ...ref, levels: ref.levels };
  if (isMrcName(ref.path)) {
    await ensureLocal(ref.path, access);
    return resolveMrc(ref);
  }
  const multiscales = await readMultiscales(ref.path, ref.givenSpacing);
  let channelCount: number | undefined;
  const levels: Level[] = [];
  for (const { path, spacing } of multiscales.levels) {
    const array = await openZarrArray(join(ref.path, path));
    const axes = multiscales.axes ?? axesOfRank(array.shape.length);
    checkShape(join(ref.path, path), array, axes);
    if (axes.channel !== undefined) channelCount = array.shape[axes.channel]!;
    const along = (sizes: readonly number[]) => axes.space.map((at) => sizes[at]!) as unknown as Shape3;
    const [shape, chunkShape] = [along(array.shape), along(array.chunkShape)];
    checkChunkCount(join(ref.path, path), array.shape, array.chunkShape);
    const known = spacing ?? coarserSpacing(levels[0]!, shape);
    checkSpacing(join(ref.path, path), known);
    levels.push({ path, shape, spacing: known, chunkShape, axes, dataType: array.dataType });
  }
  if (channelCount === undefined) return { ...ref, levels };
  const count = channelCount;
  const channels = multiscales.channels ?? Array.from({ length: count }, (_, index) => `channel ${index}`);
  if (channels.length !== channelCount)
    throw new PickbenchError(
      "BadDataset",
      `${ref.path}: metadata names ${channels.length} channels; the array has ${channelCount}`,
      { path: ref.path },
    );
  return { ...ref, levels, channels };
}

/** Returns the axes of an image that names none: t, c, z, y, x, without the first ones where there are fewer. */
const axesOfRank = (rank: number): ArrayAxes => ({
  rank,
  space: [rank - 3, rank - 2, rank - 1],
  channel: rank > 3 ? rank - 4 : undefined,
});

/** Returns a coarser level's spacing by how many voxels of the finest one fit into one of its own. */
const coarserSpacing = (finest: Level, shape: Shape3): Spacing3 =>
  finest.spacing.map((length, axis) => {
    const [own, other] = [shape[axis]!, finest.shape[axis]!];
    return angstrom(own > other ? length / Math.round(own / other) : length * Math.round(other / own));
  }) as unknown as Spacing3;

/** @throws PickbenchError BadDataset where it is no spacing of a microscope's volume, as after a wrong scale or unit */
function checkSpacing(path: string, spacing: Spacing3): void {
  if (spacing.every(isSpacing)) return;
  const { least, greatest } = spacingLimits;
  throw new PickbenchError(
    "BadDataset",
    `${path}: its voxels have ${spacing.join("×")} Å; wanted ${least} to ${greatest}: correct scale and unit in the metadata, or give the spacing`,
    { path },
  );
}

function checkShape(path: string, { shape }: ZarrArray, axes: ArrayAxes): void {
  if (shape.length !== axes.rank || axes.rank < 3)
    throw new PickbenchError(
      "BadDataset",
      `${path}: array has ${shape.length} axes; the multiscales metadata names ${axes.rank}`,
      { path },
    );
  const extra = shape.findIndex(
    (size, axis) => size > 1 && axis !== axes.channel && !axes.space.includes(axis),
  );
  if (extra >= 0)
    throw new PickbenchError(
      "Unsupported",
      `${path}: ${shape[extra]} volumes along axis ${extra}, as of a series in time; wanted one volume: split it`,
      { path },
    );
}

/**
 * Opens one level of a tomogram, 0 the finest.
 *
 * @param access of the data set it belongs to; silent if absent
 */
export async function openTomogram(
  ref: TomogramRef,
  levelIndex = 0,
  access?: DataAccess,
): Promise<TomogramReader> {
  const resolved = await resolveTomogram(ref, access);
  const level = resolved.levels[levelIndex];
  if (level === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${ref.path}: no level ${levelIndex}; there is 0 to ${resolved.levels.length - 1}`,
      { path: ref.path },
    );
  if (isMrcName(ref.path)) return openMrcTomogram(ref);
  await ensureLocal(join(ref.path, level.path), access);
  const array = await openZarrArray(join(ref.path, level.path));
  return readerOf(resolved, level, array, access);
}

function readerOf(
  ref: ResolvedTomogram,
  level: Level,
  array: ZarrArray,
  access?: DataAccess,
): TomogramReader {
  const { shape, spacing, chunkShape } = level;
  const axes = level.axes ?? plainAxes(array.shape.length);
  const fill = array.fill === undefined ? undefined : Math.fround(Number(array.fill));
  const folder = join(ref.path, level.path);
  const name = [...new Set([ref.run, ref.tomoType])].join(" ");
  const absent = absentChunks({ folder, name, array, access });
  const channelDepth = axes.channel === undefined ? 1 : array.chunkShape[axes.channel]!;
  const placeOf = (at: Shape3, channel: number) => {
    const coordinates = new Array<number>(axes.rank).fill(0);
    if (axes.channel !== undefined) coordinates[axes.channel] = Math.floor(channel / channelDepth);
    for (const [axis, place] of axes.space.entries()) coordinates[place] = at[axis]!;
    return { at, coordinates, file: array.chunkFile(coordinates) };
  };
  const placesOf = (box: Box, channel: number) => chunksOf(box, chunkShape).map((at) => placeOf(at, channel));

  const readRegion = async (box: Box, channel = 0): Promise<Float32Array> => {
    checkRequest(ref, level, box, channel);
    checkChunkCount(folder, extent(box), chunkShape);
    const region = allocateRegion(ref.path, voxelCount(extent(box)));
    const job: ChunkJob = {
      folder,
      target: region,
      box,
      chunkShape,
      channelDepth,
      channel: channel % channelDepth,
      axes,
      isBloscFloats: array.isBloscFloats && isPlain(axes),
      fill,
      places: placesOf(box, channel),
    };
    const { allFinite, hasAbsent } = await decodeChunks(job, array);
    if (hasAbsent) await absent.explain();
    if (!allFinite) checkFinite(ref, region, box, spacing);
    return region;
  };

  return {
    ref,
    level,
    shape,
    spacing,
    chunkShape,
    readRegion,
    async readAll(channel = 0) {
      return { data: await readRegion({ start: [0, 0, 0], end: shape }, channel), shape, spacing };
    },
    chunks(channel = 0) {
      return placesOf({ start: [0, 0, 0], end: shape }, channel).map(({ at, file }) => ({
        box: boxOfChunk(at, chunkShape, shape),
        file,
      }));
    },
  };
}

/** Returns the axes z, y, x, after channels where there are four axes. */
const plainAxes = (rank: number): ArrayAxes => ({
  rank,
  space: [rank - 3, rank - 2, rank - 1],
  channel: rank === 4 ? 0 : undefined,
});

const isPlain = ({ rank, space, channel }: ArrayAxes): boolean =>
  rank === (channel === undefined ? 3 : 4) && space.every((at, axis) => at === rank - 3 + axis);

function checkRequest(ref: ResolvedTomogram, level: Level, { start, end }: Box, channel: number): void {
  const inside = level.shape.every(
    (size, axis) =>
      Number.isInteger(start[axis]) && start[axis]! >= 0 && start[axis]! < end[axis]! && end[axis]! <= size,
  );
  if (!inside)
    throw new RangeError(`box [${start}] to [${end}] is empty or outside [${level.shape}] of ${ref.path}`);
  const count = ref.channels?.length ?? 1;
  if (!Number.isInteger(channel) || channel < 0 || channel >= count)
    throw new RangeError(`channel ${channel} of ${ref.path}, which has ${count}`);
}

/**
 * Throws for the first voxel, z slowest, that is NaN, unless NaN is blank, or infinite. @throws PickbenchError NotFinite
 */
function checkFinite(ref: TomogramRef, region: Float32Array, box: Box, spacing: Spacing3): void {
  const index = firstNotFinite(region, ref.nan === "blank");
  if (index < 0) return;
  const [, sizeY, sizeX] = extent(box);
  const x = box.start[2] + (index % sizeX);
  const y = box.start[1] + (Math.floor(index / sizeX) % sizeY);
  const z = box.start[0] + Math.floor(index / (sizeX * sizeY));
  const at = indexToPosition(z, y, x, spacing);
  throw new PickbenchError(
    "NotFinite",
    `${ref.run} ${ref.tomoType}: voxel z,y,x = ${z},${y},${x} (x,y,z = ${at.x.toFixed(1)}, ${at.y.toFixed(1)}, ${at.z.toFixed(1)} Å) is ${region[index]} in ${ref.path}; ${Number.isNaN(region[index]) ? nanAdvice : "reconstruct or mask the tomogram again"}`,
    { path: ref.path },
  );
}
