/** Converts volumes between MRC and OME-Zarr, slab by slab. */
import { basename, resolve } from "node:path";
import type { Angstrom } from "../domain/units.js";
import type { Box, Shape3, Spacing3 } from "../domain/volume.js";
import { openMrc, readExtendedHeader } from "../formats/mrc/sections.js";
import { createMrc, type MrcOptions, mrcModeOf } from "../formats/mrc/writer.js";
import { isWhole, type SlabWriter, type VoxelType, voxelTypes, writeVolume } from "../formats/voxelTypes.js";
import { createOmeZarr } from "../formats/zarr/writer.js";
import type { CompressorName } from "../formats/zarr/writtenMetadata.js";
import { PickbenchError } from "../system/errors.js";
import { isThere } from "../system/paths/replacing.js";
import type { Reporter } from "../system/reporter.js";
import { refuseMisnamed } from "./misnamedVolumes.js";
import type { DataAccess, TomogramReader } from "./model.js";
import { accessFor } from "./remote/access.js";
import { openTomogram } from "./tomograms/omeZarr.js";
import { isMrcName, mrcStem } from "./volumeNames.js";

interface ConvertOptions {
  /** Å per voxel along every axis, in place of the source's. */
  readonly spacing?: Angstrom;
  /** Voxel type of the target; the source's own by default. */
  readonly voxelType?: VoxelType;
  /** Resolution level of an OME-Zarr source; 0 is the finest. */
  readonly level?: number;
  /** The single channel to convert; all by default. */
  readonly channel?: string;
  /** Settings of an OME-Zarr target. */
  readonly zarr: {
    readonly levels: number;
    readonly format: 2 | 3;
    readonly sharded: boolean;
    readonly compressor: CompressorName;
    readonly labels: boolean;
  };
}

/** Summary of a conversion. */
export interface ConvertedVolume {
  readonly from: string;
  readonly to: string;
  /** Voxels along z, y, x. */
  readonly shape: Shape3;
  /** Å per voxel along z, y, x. */
  readonly spacing: Spacing3;
  readonly channels: readonly string[] | undefined;
  readonly voxelType: VoxelType;
  readonly least: number;
  readonly greatest: number;
  readonly mean: number;
  /** Notes on what the target does not carry. */
  readonly notes: readonly string[];
}

/**
 * Reads a volume by slabs and writes it as MRC or OME-Zarr, by the target's name; memory holds a slab, and for OME-Zarr
 * the chunks that are not yet full.
 *
 * @param reporter hears how far it has come; stopped by its signal, nothing is left behind
 * @throws BadDataset where the source is broken or has no voxel size, BadUsage where the target cannot be written,
 * Stopped where the user wished it
 */
export async function convertVolume(
  from: string,
  to: string,
  options: ConvertOptions,
  reporter: Reporter,
): Promise<ConvertedVolume> {
  const reader = await openSource(from, options, accessFor(reporter));
  const channels = chosenChannels(from, reader, options.channel);
  const voxelType = options.voxelType ?? nearestType(reader.level.dataType);
  const { writer, notes } = await openTarget(from, to, reader, { ...options, channels, voxelType });
  const { shape, spacing } = reader;
  const progress = reporter.progress("volume", shape[0] * channels.length, "planes");
  const range = { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY, sum: 0 };
  let done = 0;
  await writeVolume(writer, async () => {
    for (const [at, { index }] of channels.entries()) {
      for await (const { zStart, values } of slabsOf(reader, index)) {
        if (reporter.signal.aborted)
          throw new PickbenchError(
            "Stopped",
            `${to}: stopped, nothing was written; the same command starts over`,
          );
        addRange(range, values);
        await writer.writeSlab(zStart, values, at);
        done += values.length / (shape[1] * shape[2]);
        progress.update(done);
      }
    }
  }).finally(() => progress.stop());
  const voxels = shape[0] * shape[1] * shape[2] * channels.length;
  const names = reader.ref.channels ? channels.map(({ name }) => name) : undefined;
  const { least, greatest, sum } = range;
  const isFloat = reader.level.dataType?.startsWith("float") === true;
  const rounded = isWhole(voxelType) && isFloat ? [`values are rounded to whole numbers (${voxelType})`] : [];
  const halved = voxelType === "float16" && Math.max(-least, greatest) < leastNormalHalf;
  const coarse = halved ? ["float16 holds values this small in steps of 6e-8 alone: scale them first"] : [];
  return {
    from,
    to,
    shape,
    spacing,
    channels: names,
    voxelType,
    least,
    greatest,
    mean: sum / voxels,
    notes: [...notes, ...rounded, ...coarse],
  };
}

/** Least normal half-precision value; smaller ones lose digits (IEEE 754 binary16). */
const leastNormalHalf = 2 ** -14;

async function openSource(
  from: string,
  { spacing, level = 0 }: ConvertOptions,
  access: DataAccess,
): Promise<TomogramReader> {
  if (!(await isThere(from)))
    throw new PickbenchError(
      "BadDataset",
      `${from}: no such file or folder; wanted an MRC file or an OME-Zarr folder`,
      {
        path: from,
      },
    );
  await refuseMisnamed(from);
  const given: Spacing3 | undefined = spacing === undefined ? undefined : [spacing, spacing, spacing];
  const ref = {
    run: mrcStem(basename(from)),
    tomoType: mrcStem(basename(from)),
    path: from,
    ...(given ? { givenSpacing: given } : {}),
  };
  const reader = await openTomogram(ref, level, access);
  return given ? { ...reader, spacing: given } : reader;
}

interface Channel {
  readonly index: number;
  readonly name: string;
}

function chosenChannels(from: string, { ref }: TomogramReader, asked: string | undefined): Channel[] {
  const all = (ref.channels ?? [""]).map((name, index) => ({ name, index }));
  if (asked === undefined) return all;
  const found = all.filter(({ name }) => name === asked);
  if (found.length > 0) return found;
  const there = ref.channels?.join(", ") ?? "none: it is one volume";
  throw new PickbenchError("BadUsage", `--channel ${asked}: ${from} has no such channel; it has ${there}`);
}

/** Returns the voxel type that holds a source's values; float32 for types that no target has. */
const nearestType = (dataType: string | undefined): VoxelType =>
  dataType === "bool" ? "uint8" : (voxelTypes.find((type) => type === dataType) ?? "float32");

interface Target extends ConvertOptions {
  readonly channels: readonly Channel[];
  readonly voxelType: VoxelType;
}

interface OpenTarget {
  readonly writer: SlabWriter;
  readonly notes: readonly string[];
}

async function openTarget(
  from: string,
  to: string,
  reader: TomogramReader,
  target: Target,
): Promise<OpenTarget> {
  const { shape, spacing, ref } = reader;
  const { channels, voxelType } = target;
  if (to.endsWith(".zarr")) {
    const { labels, ...zarr } = target.zarr;
    const writer = await createOmeZarr(resolve(to), {
      shape,
      spacing,
      voxelType,
      ...zarr,
      downsampling: labels ? "nearest" : "mean",
      ...(ref.channels ? { channels: channels.map(({ name }) => name) } : {}),
    });
    return { writer, notes: isMrcName(from) ? await lostFromHeader(from) : [] };
  }
  if (channels.length > 1 && !isMrcName(from))
    throw new PickbenchError(
      "BadUsage",
      `${from}: has ${channels.length} channels, and an MRC file holds one volume; choose with --channel one of ${channels.map(({ name }) => name).join(", ")}`,
    );
  const kept = isMrcName(from) ? await keptFromHeader(from) : { options: {}, notes: [] };
  const plain = { shape, spacing, mode: mrcModeOf[voxelType], volumes: channels.length };
  const widened = voxelType === "uint8" ? ["MRC has no unsigned bytes: written as uint16 (mode 6)"] : [];
  const writer = await createMrc(resolve(to), { ...plain, ...kept.options });
  return { writer, notes: [...kept.notes, ...widened] };
}

async function lostFromHeader(from: string): Promise<string[]> {
  const { header } = await openMrc(from);
  const lost = header.origin.some((length) => length !== 0) || header.start.some((index) => index !== 0);
  return lost
    ? [`origin ${header.origin.join(", ")} and start ${header.start.join(", ")} of the header are left out`]
    : [];
}

/** Returns origin, start and extended header of an MRC source, as far as they are still valid in the target. */
async function keptFromHeader(
  from: string,
): Promise<{ options: Pick<MrcOptions, "origin" | "start" | "extended">; notes: string[] }> {
  const file = await openMrc(from);
  const { origin, axes, littleEndian, extendedSize, extendedType } = file.header;
  const start = [1, 2, 3].map((axis) => file.header.start[axes.indexOf(axis)]!) as [number, number, number];
  const isAsItWas = littleEndian && axes.join() === "1,2,3";
  if (extendedSize === 0) return { options: { origin: [...origin], start }, notes: [] };
  if (!isAsItWas)
    return {
      options: { origin: [...origin], start },
      notes: [`the extended header (${extendedSize} bytes) is left out: it is written for another order`],
    };
  const bytes = await readExtendedHeader(file);
  return { options: { origin: [...origin], start, extended: { type: extendedType, bytes } }, notes: [] };
}

function addRange(range: { least: number; greatest: number; sum: number }, values: Float32Array): void {
  for (const value of values) {
    if (value < range.least) range.least = value;
    if (value > range.greatest) range.greatest = value;
    range.sum += value;
  }
}

/** A slab of whole z planes. */
interface Slab {
  readonly zStart: number;
  /** (planes, y, x) */
  readonly values: Float32Array;
}

/** Limit of voxels in a slab; where a row of chunks has more, chunks are decoded more than once. */
const mostVoxels = 2 ** 27;

/** Yields a volume's slabs in order, one of them in memory at a time. */
async function* slabsOf(reader: TomogramReader, channel = 0): AsyncGenerator<Slab> {
  if (reader.slabs) return yield* reader.slabs(channel);
  const [depth, height, width] = reader.shape;
  const planes = Math.max(1, Math.min(reader.chunkShape[0], Math.floor(mostVoxels / (height * width))));
  for (let zStart = 0; zStart < depth; zStart += planes) {
    const box: Box = { start: [zStart, 0, 0], end: [Math.min(depth, zStart + planes), height, width] };
    yield { zStart, values: await reader.readRegion(box, channel) };
  }
}
