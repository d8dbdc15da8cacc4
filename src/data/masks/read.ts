/** Reads masks: label volumes, chunk by chunk, onto a tomogram's grid. */
import { basename } from "node:path";
import { no, unknown, yes } from "../../domain/maskValues.js";
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { sharedBytes } from "../../formats/sharedFloats.js";
import { extent } from "../../formats/zarr/chunkGrid.js";
import { type MultiscalesLevel, readMultiscales } from "../../formats/zarr/ome.js";
import { PickbenchError } from "../../system/errors.js";
import { isThere } from "../../system/paths/replacing.js";
import { findRun } from "../dataset.js";
import type { DataAccess, Dataset, Level, TomogramReader, TomogramRef } from "../model.js";
import { openTomogram, resolveTomogram } from "../tomograms/omeZarr.js";
import { isMrcName } from "../volumeNames.js";
import { type Feature, withBoxes } from "./features.js";
import { findMask, type MaskPlace, patternPath } from "./find.js";
import { type AnnotatedPlaces, forgetUnannotated, placesOf } from "./known.js";
import { type Mask, maskOf } from "./mask.js";
import { type NearestVoxels, nearestVoxels, rangeWithin } from "./resample.js";

/** A tomogram whose grid masks are read onto. */
export interface TomogramGrid extends Pick<TomogramReader, "shape" | "spacing"> {
  readonly ref: TomogramRef;
}

/** A mask as read, with the labels that its volume holds. */
export interface ReadMask extends Mask {
  readonly labels: readonly number[];
  readonly path: string;
}

/**
 * Reads the mask of a feature in a run onto the grid of its tomogram; undefined where the run has none, or none of it was
 * annotated: then nothing is known there. Besides the result (a byte a voxel) one chunk of the mask is held.
 *
 * @throws PickbenchError BadDataset where several masks are there to choose from, one cannot be read, is of another extent,
 * or holds labels that nobody named
 */
export async function readMask(
  dataset: Dataset,
  run: string,
  feature: Feature,
  tomogram: TomogramGrid,
): Promise<ReadMask | undefined> {
  const place = await findMask(dataset, findRun(dataset, run), feature, tomogram.spacing[2]);
  const places = placesOf(await withBoxes(feature), run);
  if (place === undefined || places === undefined) return undefined;
  const volume = await labelVolume(place.path, tomogram, dataset.access);
  const read = await readVoxels(volume, tomogram, { ...place, ignore: feature.ignore });
  await forget(read, volume, places, tomogram, dataset.access);
  return {
    ...maskOf(read.voxels, tomogram.shape),
    labels: [...read.labels].sort((a, b) => a - b),
    path: place.path,
  };
}

/** A volume of labels, opened, and where it lies on the tomogram's grid. */
interface LabelVolume {
  readonly path: string;
  readonly reader: TomogramReader;
  readonly nearest: NearestVoxels;
}

async function labelVolume(
  path: string,
  { ref, shape, spacing }: TomogramGrid,
  access: DataAccess | undefined,
): Promise<LabelVolume> {
  const name = basename(path);
  const reader = await openTomogram({ run: ref.run, tomoType: name, path }, 0, access);
  const { channels = [] } = reader.ref;
  if (channels.length > 1) throw severalChannels(path, channels.length);
  const offset = await offsetOf(reader.ref, ref, access);
  return { path, reader, nearest: nearestVoxels({ shape, spacing }, reader, offset, path) };
}

/**
 * Returns the place of a mask's corner in Å from its tomogram's, where OME-Zarr metadata declare a translation, which is of
 * the centre of the finest level's first voxel; undefined where neither has one, or both the same.
 */
async function offsetOf(
  mask: TomogramRef,
  tomogram: TomogramRef,
  access: DataAccess | undefined,
): Promise<readonly number[] | undefined> {
  const [own, its] = [await finestOf(mask, access), await finestOf(tomogram, access)];
  const moved = own.translation.map((length, axis) => length - its.translation[axis]!);
  if (moved.every((length) => length === 0)) return undefined;
  return moved.map((length, axis) => length - own.spacing[axis]! / 2 + its.spacing[axis]! / 2);
}

const nowhere = [0, 0, 0] as const;

/** Returns spacing and translation of a volume's finest level, whichever is read; an MRC file declares no translation. */
async function finestOf(ref: TomogramRef, access: DataAccess | undefined) {
  const [{ spacing }] = (await resolveTomogram(ref, access)).levels as [Level];
  if (isMrcName(ref.path)) return { spacing, translation: nowhere };
  const [{ translation }] = (await readMultiscales(ref.path, ref.givenSpacing)).levels as [MultiscalesLevel];
  return { spacing, translation };
}

interface ReadVoxels {
  readonly voxels: Uint8Array;
  readonly labels: ReadonlySet<number>;
  /** 1 for each z slice of the mask's own grid that holds any yes. */
  readonly slicesWithYes: Uint8Array;
}

/** Most distinct labels that are remembered for messages. */
const mostLabels = 64;

async function readVoxels(
  { path, reader, nearest }: LabelVolume,
  { shape }: TomogramGrid,
  { label, labels: named, ignore }: Omit<MaskPlace, "path"> & { readonly ignore: number | undefined },
): Promise<ReadVoxels> {
  const voxels = sharedBytes(voxelCount(shape)).fill(unknown);
  const slicesWithYes = new Uint8Array(reader.shape[0]);
  const labels = new Set<number>();
  const isYes = (value: number): boolean => (label === undefined ? value > 0 : value === label);
  for (const { box } of reader.chunks()) {
    const region = await reader.readRegion(box);
    const [depth, height, width] = extent(box);
    let last = Number.NaN;
    for (let at = 0; at < region.length; at++) {
      const value = region[at]!;
      if (value === last) continue;
      last = value;
      if (!Number.isInteger(value) || (value < 0 && value !== ignore)) throw noLabel(path, value);
      if (labels.size < mostLabels) labels.add(value);
      if (named && value !== 0 && value !== ignore && ![...named.values()].includes(value))
        throw nameless(path, value, named);
    }
    for (let z = 0, at = 0; z < depth; z++)
      for (const end = at + height * width; at < end; at++)
        if (region[at] !== ignore && isYes(region[at]!)) slicesWithYes[box.start[0] + z] = 1;
    copyNearest(region, box.start, [depth, height, width], nearest, shape, (to, value) => {
      voxels[to] = value === ignore ? unknown : isYes(value) ? yes : no;
    });
  }
  return { voxels, labels, slicesWithYes };
}

/** Hands on, for every voxel of the tomogram whose nearest voxel lies in a chunk, its place and that voxel's value. */
function copyNearest(
  region: Float32Array,
  start: Shape3,
  [depth, height, width]: Shape3,
  [alongZ, alongY, alongX]: NearestVoxels,
  shape: Shape3,
  put: (to: number, value: number) => void,
): void {
  const [firstZ, endZ] = rangeWithin(alongZ, start[0], start[0] + depth);
  const [firstY, endY] = rangeWithin(alongY, start[1], start[1] + height);
  const [firstX, endX] = rangeWithin(alongX, start[2], start[2] + width);
  for (let z = firstZ; z < endZ; z++)
    for (let y = firstY; y < endY; y++) {
      const row = ((alongZ[z]! - start[0]) * height + alongY[y]! - start[1]) * width - start[2];
      const to = (z * shape[1] + y) * shape[2];
      for (let x = firstX; x < endX; x++) put(to + x, region[row + alongX[x]!]!);
    }
}

async function forget(
  { voxels, slicesWithYes }: ReadVoxels,
  { path, reader, nearest }: LabelVolume,
  places: AnnotatedPlaces,
  tomogram: TomogramGrid,
  access: DataAccess | undefined,
): Promise<void> {
  if (typeof places !== "object" || !("mask" in places)) {
    forgetUnannotated(voxels, places, { path, shape: reader.shape, slicesWithYes, nearest });
    return;
  }
  const { run } = tomogram.ref;
  const known = patternPath(places.mask, run);
  if (!(await isThere(known))) {
    voxels.fill(unknown);
    return;
  }
  const anything = { label: undefined, labels: undefined, ignore: undefined };
  const annotated = await readVoxels(await labelVolume(known, tomogram, access), tomogram, anything);
  for (let at = 0; at < voxels.length; at++) if (annotated.voxels[at] !== yes) voxels[at] = unknown;
}

const noLabel = (path: string, value: number): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    value < 0 && Number.isInteger(value)
      ? `${path}: a voxel is ${value}, wanted labels of 0 and above; if that means unknown, give ignore: ${value}`
      : `${path}: a voxel is ${value}, wanted whole numbers, labels; of probabilities make labels first`,
    { path },
  );

const severalChannels = (path: string, count: number): PickbenchError =>
  new PickbenchError(
    "Unsupported",
    `${path}: a mask of ${count} channels or volumes, wanted one; write each into a file of its own`,
    { path },
  );

const nameless = (path: string, value: number, named: ReadonlyMap<string, number>): PickbenchError =>
  new PickbenchError(
    "BadDataset",
    `${path}: holds label ${value}, which no object of the data set has; there is ${[...named].map(([name, label]) => `${label} ${name}`).join(", ")}: name it in the copick configuration, or give label: N and masks: PATTERN for what is meant`,
    { path },
  );
