/** Writer of OME-Zarr folders, by slabs, with coarser levels and channels. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { angstrom } from "../../domain/units.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { beside } from "../../system/paths/replacing.js";
import { naming } from "../../system/systemErrors.js";
import { encodeVoxels, type SlabWriter, type VoxelType } from "../voxelTypes.js";
import { type ChunkSink, chunkEncoder, fileSink, shardSink } from "./chunkWriter.js";
import { half, LevelStream } from "./pyramid.js";
import { arrayMetadata, type CompressorName, type Downsampling, groupFiles } from "./writtenMetadata.js";

export type { CompressorName } from "./writtenMetadata.js";

/** Sizes, layout and encoding of an OME-Zarr folder to be written. */
export interface OmeZarrOptions {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Names of channels along a leading axis; without them the array is (z, y, x). */
  readonly channels?: readonly string[];
  /** Count of resolution levels, by default 1: each has half the voxels of the one before along every axis, rounded up. */
  readonly levels?: number;
  /** Zarr version: v2 with OME-NGFF 0.4 (the default), or v3 with 0.5. */
  readonly format?: 2 | 3;
  /** Voxels of a chunk along z, y, x. */
  readonly chunkShape?: Shape3;
  readonly compressor?: CompressorName;
  /** Voxel type, by default float32; integer types round, and refuse values that do not fit. */
  readonly voxelType?: VoxelType;
  /** Downsampling of the coarser levels, by default the mean. */
  readonly downsampling?: Downsampling;
  /** Whether all chunks of a level and channel lie in one file, as copick writes them; only in Zarr v3. */
  readonly sharded?: boolean;
}

interface OmeZarrWriter extends SlabWriter {
  /** Chunk shape of level 0; slabs that start at a multiple of its depth and are as deep need no copy. */
  readonly chunkShape: Shape3;
}

/**
 * Writes an OME-Zarr folder by slabs. Memory holds, for each channel and level, the planes of chunks that are not yet
 * full. The folder is written beside its path and renamed to it by `close`. Equal values make equal bytes.
 */
export async function createOmeZarr(path: string, options: OmeZarrOptions): Promise<OmeZarrWriter> {
  const { shape, spacing, channels, levels = 1, format = 2, compressor = "blosc-lz4" } = options;
  const { voxelType = "float32", downsampling = "mean", sharded = false } = options;
  if (sharded && format !== 3) throw new RangeError(`${path}: only Zarr v3 has shards`);
  const chunkShape = smaller(options.chunkShape ?? [64, 128, 128], shape);
  const shapes = pyramid(shape, levels);
  const spacings = shapes.map((_, level) => spacing.map((length) => angstrom(length * 2 ** level)));
  const encode = chunkEncoder(compressor);
  const unfinished = await beside(path);
  const { partial } = unfinished;
  const targets = shapes.map((levelShape, level) => ({
    folder: join(partial, String(level)),
    shape: levelShape,
    chunk: smaller(chunkShape, levelShape),
  }));
  const files = [...groupFiles({ format, spacings, channels, downsampling })].map(
    ([file, text]) => [join(partial, file), text] as const,
  );
  for (const { folder, ...level } of targets) {
    const array = { format, ...level, compressor, channels: channels?.length, voxelType };
    const [file, text] = arrayMetadata({ ...array, sharded });
    files.push([join(folder, file), text]);
  }
  await naming(path, async () => {
    await mkdir(partial);
    for (const { folder } of targets) await mkdir(folder);
    for (const [file, text] of files) await writeFile(file, text);
  }).catch(async (error: unknown) => {
    await unfinished.discard();
    throw error;
  });
  const sinks: ChunkSink[] = [];
  const streams = Array.from({ length: channels?.length ?? 1 }, (_, channel) => {
    const prefix = [...(format === 3 ? ["c"] : []), ...(channels ? [String(channel)] : [])];
    return targets.reduceRight<LevelStream | undefined>((coarser, { folder, shape: levelShape, chunk }) => {
      const grid = levelShape.map((size, axis) => Math.ceil(size / chunk[axis]!)) as unknown as Shape3;
      const sink = sharded ? shardSink(folder, prefix, grid) : fileSink(folder, prefix);
      sinks.push(sink);
      return new LevelStream(
        { shape: levelShape, chunk, downsampling },
        async (at, values) => sink.write(at, await encode(encodeVoxels(path, voxelType, values))),
        coarser,
      );
    }, undefined)!;
  });
  return {
    chunkShape,
    async writeSlab(zStart, values, channel = 0) {
      const stream = streams[channel];
      if (!stream) throw new RangeError(`channel ${channel} of ${path}, which has ${streams.length}`);
      if (zStart !== stream.next)
        throw new RangeError(`slab at z = ${zStart} of ${path}; wanted the one at ${stream.next}`);
      await naming(path, () => stream.push(values));
    },
    async close() {
      for (const [channel, stream] of streams.entries())
        if (stream.next !== shape[0])
          throw new RangeError(`${path}: channel ${channel} ends at z = ${stream.next} of ${shape[0]}`);
      await naming(path, async () => {
        for (const sink of sinks) await sink.finish();
      });
      await unfinished.finish();
    },
    async discard() {
      for (const sink of sinks) await sink.abandon();
      await unfinished.discard();
    },
  };
}

const smaller = (chunk: Shape3, shape: Shape3): Shape3 => [
  Math.min(chunk[0], shape[0]),
  Math.min(chunk[1], shape[1]),
  Math.min(chunk[2], shape[2]),
];

function pyramid(shape: Shape3, levels: number): Shape3[] {
  const shapes = [shape];
  while (shapes.length < levels) shapes.push(half(shapes.at(-1)!));
  return shapes;
}
