/** Tomograms and masks as a training set of Ais. */
import { createHash } from "node:crypto";
import { findRun, findTomogram } from "../../data/dataset.js";
import type { Feature } from "../../data/masks/features.js";
import type { Mask } from "../../data/masks/mask.js";
import { readMask } from "../../data/masks/read.js";
import type { Dataset } from "../../data/model.js";
import { openTomogram } from "../../data/tomograms/omeZarr.js";
import { unknown, yes } from "../../domain/maskValues.js";
import { type Random, randomFor } from "../../domain/random.js";
import type { Volume } from "../../domain/volume.js";
import { encodeScnt, type WrittenBox } from "../../formats/ais/scnt.js";
import { PickbenchError } from "../../system/errors.js";

/** Which boxes are cut for a training set. */
export interface SetOptions {
  readonly feature: Feature;
  readonly runs: readonly string[];
  readonly tomogram: string;
  /** Pixels a side of a box, an even number. */
  readonly size: number;
  /** Slices of a box, an odd number; the middle one is labelled. */
  readonly depth: number;
  /** Boxes at most with voxels of the feature, and as many without. */
  readonly most: number;
  readonly seed: number;
}

/** A training set as bytes, and what is in it. */
export interface ExportedSet {
  readonly bytes: Uint8Array;
  readonly spacing: number;
  readonly positives: number;
  readonly negatives: number;
}

interface Place {
  readonly run: string;
  readonly z: number;
  /** First row and column. */
  readonly y: number;
  readonly x: number;
}

/**
 * Cuts boxes of the slices that a mask knows: a grid of boxes side by side, those that hold voxels of the feature, and as
 * many that hold none. Where there are more than are wanted they are drawn at random. Grey values are the tomogram's own.
 *
 * @throws PickbenchError BadDataset where no box holds the feature, a tomogram is smaller than a box, or spacings differ
 */
export async function exportSet(dataset: Dataset, options: SetOptions): Promise<ExportedSet> {
  const { feature, size, depth, most, seed } = options;
  const random = randomFor(seed, "train/ais/exportSet");
  const found: { readonly place: Place; readonly isPositive: boolean }[] = [];
  const masks = new Map<string, Mask>();
  let spacing: number | undefined;
  for (const run of options.runs) {
    const reader = await openReader(dataset, run, options);
    const mask = await readMask(dataset, run, feature, reader);
    if (!mask) continue;
    spacing = oneSpacing(run, reader.spacing[2], spacing);
    masks.set(run, mask);
    found.push(...placesOf(run, mask, size));
  }
  const positives = drawn(
    found.filter(({ isPositive }) => isPositive),
    most,
    random,
  );
  if (positives.length === 0 || spacing === undefined)
    throw new PickbenchError(
      "BadDataset",
      `${dataset.root}: no box of ${size}×${size} holds a known voxel of ${feature.name}; name its masks with --masks, or another --feature`,
      { path: dataset.root },
    );
  const negatives = drawn(
    found.filter(({ isPositive }) => !isPositive),
    positives.length,
    random,
  );
  const boxes: WrittenBox[] = [];
  for (const [run, mask] of masks) {
    const places = [...positives, ...negatives].filter(({ place }) => place.run === run);
    if (places.length === 0) continue;
    const volume = await (await openReader(dataset, run, options)).readAll();
    for (const { place } of places) boxes.push(boxAt(volume, mask, place, options));
  }
  const bytes = encodeScnt({ apix: spacing, size, depth, feature: feature.name }, boxes);
  return { bytes, spacing, positives: positives.length, negatives: negatives.length };
}

function openReader(dataset: Dataset, run: string, { tomogram }: SetOptions) {
  return openTomogram(findTomogram(findRun(dataset, run), tomogram, undefined), 0, dataset.access);
}

function oneSpacing(run: string, got: number, before: number | undefined): number {
  if (before === undefined || Math.abs(got / before - 1) < 0.01) return before ?? got;
  throw new PickbenchError(
    "BadDataset",
    `${run}: has ${got} Å a voxel, the runs before it ${before}; a training set has one pixel size: name runs of one with --runs`,
  );
}

/** Lists the boxes of a grid over a mask's slices in which anything is known; the last ones end at the faces. */
function placesOf(run: string, { voxels, shape }: Mask, size: number) {
  const [depth, height, width] = shape;
  if (height < size || width < size)
    throw new PickbenchError(
      "BadDataset",
      `${run}: its slices have ${height}×${width} voxels, fewer than a box of ${size}; give a smaller --box`,
    );
  const starts = (length: number) =>
    Array.from({ length: Math.ceil(length / size) }, (_, at) => Math.min(at * size, length - size));
  const places: { readonly place: Place; readonly isPositive: boolean }[] = [];
  for (let z = 0; z < depth; z++)
    for (const y of starts(height))
      for (const x of starts(width)) {
        let [known, positive] = [false, false];
        for (let row = y; row < y + size; row++) {
          const first = (z * height + row) * width + x;
          const line = voxels.subarray(first, first + size);
          positive ||= line.includes(yes);
          known ||= line.some((value) => value !== unknown);
        }
        if (known) places.push({ place: { run, z, y, x }, isPositive: positive });
      }
  return places;
}

/** Draws so many of a list, in its order; all where it has no more. */
function drawn<T>(all: readonly T[], most: number, random: Random): readonly T[] {
  if (all.length <= most) return all;
  const order = all.map((each, at) => ({ each, at, key: random.uniform() }));
  const chosen = order.sort((a, b) => a.key - b.key).slice(0, most);
  return chosen.sort((a, b) => a.at - b.at).map(({ each }) => each);
}

function boxAt({ data, shape }: Volume, mask: Mask, place: Place, options: SetOptions): WrittenBox {
  const { size, depth, feature } = options;
  const { run, z, y, x } = place;
  const [planes, height, width] = shape;
  const image = new Float32Array(depth * size * size);
  const label = new Float32Array(size * size);
  const half = Math.floor(depth / 2);
  for (let slice = 0; slice < depth; slice++) {
    const plane = Math.min(planes - 1, Math.max(0, z + slice - half));
    for (let row = 0; row < size; row++) {
      const from = (plane * height + y + row) * width + x;
      image.set(data.subarray(from, from + size), (slice * size + row) * size);
    }
  }
  for (let row = 0; row < size; row++) {
    const from = (z * height + y + row) * width + x;
    label.set(mask.voxels.subarray(from, from + size), row * size);
  }
  const [cy, cx] = [y + size / 2, x + size / 2];
  const key = `${run}_${feature.name}_${z}_${cy}_${cx}`;
  return {
    id: createHash("md5").update(key).digest("hex").slice(0, 16),
    image,
    label,
    source: {
      aisTomogramName: run,
      aisBoxCoordinateZ: z,
      aisBoxCoordinateY: cy,
      aisBoxCoordinateX: cx,
      aisBoxSizeAnnotate: size,
      aisBoxSizeExtracted: size,
      aisFeatureName: feature.name,
      aisNegative: false,
    },
  };
}
