import { basename, join, resolve } from "node:path";
import { PickbenchError } from "../errors.js";
import { type Box, indexToPosition, type Shape3, type Spacing3, type Volume, voxelCount } from "../volume.js";
import type { Level, TomogramRef } from "./dataset.js";
import { halfToFloat } from "./halfFloat.js";
import { readMultiscales } from "./omeMetadata.js";
import { openZarrArray, type ZarrArray } from "./zarrArray.js";

/** A tomogram whose metadata has been read. */
export interface ResolvedTomogram extends TomogramRef {
  readonly levels: readonly Level[];
}

/** Reads one level of a tomogram, as float32 whatever is stored, a chunk at a time. */
export interface TomogramReader {
  readonly ref: ResolvedTomogram;
  readonly level: Level;
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  readonly chunkShape: Shape3;
  /**
   * The voxels of a box inside the volume, z slowest. Besides the result one decoded chunk is held.
   *
   * @param channel index along the leading channel axis, where there is one
   * @throws BadDataset naming the chunk's file where it is missing, short or undecodable
   * @throws NotFinite naming the first voxel that is NaN or infinite
   */
  readRegion(box: Box, channel?: number): Promise<Float32Array>;
  readAll(channel?: number): Promise<Volume>;
  /** The chunks' boxes in the order of their files, with the file of each. */
  chunks(channel?: number): readonly { readonly box: Box; readonly file: string }[];
}

/** Reads the metadata of a lone OME-Zarr folder. */
export function openOmeZarr(path: string): Promise<ResolvedTomogram> {
  const full = resolve(path);
  const tomoType = basename(full).replace(/\.zarr$/, "");
  return resolveTomogram({ run: tomoType, tomoType, path: full });
}

/** Reads a tomogram's levels and channels. @throws BadDataset where the metadata is missing or wrong. */
export async function resolveTomogram(ref: TomogramRef): Promise<ResolvedTomogram> {
  if (ref.levels !== undefined) return { ...ref, levels: ref.levels };
  const multiscales = await readMultiscales(ref.path);
  let channelCount = 1;
  const levels: Level[] = [];
  for (const { path, spacing } of multiscales.levels) {
    const array = await openZarrArray(join(ref.path, path));
    if (array.shape.length !== multiscales.rank)
      throw new PickbenchError(
        "BadDataset",
        `${join(ref.path, path)}: array has ${array.shape.length} axes; the multiscales metadata names ${multiscales.rank}`,
        { path: join(ref.path, path) },
      );
    if (multiscales.rank === 4) channelCount = array.shape[0]!;
    levels.push({ path, shape: lastThree(array.shape), spacing, chunkShape: lastThree(array.chunkShape) });
  }
  if (multiscales.rank === 3) return { ...ref, levels };
  const channels =
    multiscales.channels ?? Array.from({ length: channelCount }, (_, index) => `channel ${index}`);
  if (channels.length !== channelCount)
    throw new PickbenchError(
      "BadDataset",
      `${ref.path}: metadata names ${channels.length} channels; the array has ${channelCount}`,
      { path: ref.path },
    );
  return { ...ref, levels, channels };
}

const lastThree = (sizes: readonly number[]): Shape3 => sizes.slice(-3) as [number, number, number];

/** Opens one level of a tomogram, 0 the finest. */
export async function openTomogram(ref: TomogramRef, levelIndex = 0): Promise<TomogramReader> {
  const resolved = await resolveTomogram(ref);
  const level = resolved.levels[levelIndex];
  if (level === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${ref.path}: no level ${levelIndex}; there is 0 to ${resolved.levels.length - 1}`,
      { path: ref.path },
    );
  const array = await openZarrArray(join(ref.path, level.path));
  return readerOf(resolved, level, array);
}

function readerOf(ref: ResolvedTomogram, level: Level, array: ZarrArray): TomogramReader {
  const { shape, spacing, chunkShape } = level;
  const hasChannels = array.shape.length === 4;
  const channelDepth = hasChannels ? array.chunkShape[0]! : 1;

  const readRegion = async (box: Box, channel = 0): Promise<Float32Array> => {
    checkRequest(ref, level, box, channel);
    const region = new Float32Array(voxelCount(extent(box)));
    for (const at of chunksOf(box, chunkShape)) {
      const coordinates = hasChannels ? [Math.floor(channel / channelDepth), ...at] : at;
      const { data, stride } = await array.readChunk(coordinates);
      const offset = hasChannels ? (channel % channelDepth) * stride[0]! : 0;
      const strides = lastThree(stride);
      copyOverlap(region, box, array.half ? halfToFloat(data) : data, offset, strides, at, chunkShape);
    }
    checkFinite(ref, region, box, spacing);
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
      return chunksOf({ start: [0, 0, 0], end: shape }, chunkShape).map((at) => ({
        box: boxOfChunk(at, chunkShape, shape),
        file: array.chunkFile(hasChannels ? [Math.floor(channel / channelDepth), ...at] : at),
      }));
    },
  };
}

const extent = ({ start, end }: Box): Shape3 => [end[0] - start[0], end[1] - start[1], end[2] - start[2]];

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

/** Coordinates of the chunks that a box touches, z slowest. */
function chunksOf({ start, end }: Box, chunk: Shape3): Shape3[] {
  const first = start.map((value, axis) => Math.floor(value / chunk[axis]!));
  const last = end.map((value, axis) => Math.floor((value - 1) / chunk[axis]!));
  const all: Shape3[] = [];
  for (let z = first[0]!; z <= last[0]!; z++)
    for (let y = first[1]!; y <= last[1]!; y++)
      for (let x = first[2]!; x <= last[2]!; x++) all.push([z, y, x]);
  return all;
}

function boxOfChunk(at: Shape3, chunk: Shape3, shape: Shape3): Box {
  const start = at.map((index, axis) => index * chunk[axis]!) as [number, number, number];
  const end = start.map((value, axis) => Math.min(value + chunk[axis]!, shape[axis]!));
  return { start, end: end as [number, number, number] };
}

/** Copies what a decoded chunk and the box share into the region. */
function copyOverlap(
  region: Float32Array,
  box: Box,
  data: Exclude<Awaited<ReturnType<ZarrArray["readChunk"]>>["data"], undefined>,
  offset: number,
  stride: Shape3,
  at: Shape3,
  chunk: Shape3,
): void {
  const [, sizeY, sizeX] = extent(box);
  const low = at.map((index, axis) => Math.max(index * chunk[axis]!, box.start[axis]!));
  const high = at.map((index, axis) => Math.min((index + 1) * chunk[axis]!, box.end[axis]!));
  const width = high[2]! - low[2]!;
  const floats = data instanceof Float32Array && stride[2] === 1 ? data : undefined;
  for (let z = low[0]!; z < high[0]!; z++) {
    for (let y = low[1]!; y < high[1]!; y++) {
      const from =
        offset +
        (z - at[0] * chunk[0]) * stride[0] +
        (y - at[1] * chunk[1]) * stride[1] +
        (low[2]! - at[2] * chunk[2]) * stride[2];
      const to = ((z - box.start[0]) * sizeY + y - box.start[1]) * sizeX + low[2]! - box.start[2];
      if (floats) region.set(floats.subarray(from, from + width), to);
      else for (let x = 0; x < width; x++) region[to + x] = Number(data[from + x * stride[2]]);
    }
  }
}

/** @throws NotFinite at the first voxel, z slowest, that is NaN or infinite. */
function checkFinite(ref: TomogramRef, region: Float32Array, box: Box, spacing: Spacing3): void {
  let index = 0;
  while (index < region.length && region[index]! - region[index]! === 0) index++;
  if (index === region.length) return;
  const [, sizeY, sizeX] = extent(box);
  const x = box.start[2] + (index % sizeX);
  const y = box.start[1] + (Math.floor(index / sizeX) % sizeY);
  const z = box.start[0] + Math.floor(index / (sizeX * sizeY));
  const at = indexToPosition(z, y, x, spacing);
  throw new PickbenchError(
    "NotFinite",
    `${ref.run} ${ref.tomoType}: voxel z,y,x = ${z},${y},${x} (x,y,z = ${at.x.toFixed(1)}, ${at.y.toFixed(1)}, ${at.z.toFixed(1)} Å) is ${region[index]} in ${ref.path}; reconstruct or mask the tomogram again`,
    { path: ref.path },
  );
}
