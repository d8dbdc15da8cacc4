/** Measuring a tomogram in one pass over its voxels, slab by slab. */
import { findBlank } from "../../data/blank/blank.js";
import { VoxelSurvey } from "../../data/inspect/voxelSurvey.js";
import type { TomogramReader } from "../../data/model.js";
import { measureValues } from "../../data/normalise.js";
import { momentsOf } from "../../domain/numbers.js";
import { type Shape3, type Spacing3, voxelCount, voxelVolume } from "../../domain/volume.js";
import type { Slab } from "../../infer/slab/slab.js";
import { slabOfContrast } from "../../infer/slab/sources.js";
import { planesAround } from "../../present/pictures/grey.js";
import { isPickbenchError, PickbenchError } from "../../system/errors.js";
import type { TomogramFacts } from "../entry.js";
import { slicePicture } from "./picture.js";
import { eachSlabOf } from "./slabs.js";

/**
 * Measures a tomogram and makes the picture of its middle slice. Memory: a slab of at most 96 MB, and a few planes.
 *
 * @throws PickbenchError BadDataset where no voxel holds a number; as `TomogramReader.readRegion`
 */
export async function measureTomogram(
  reader: TomogramReader,
): Promise<{ readonly facts: TomogramFacts; readonly picture: Uint8Array }> {
  const { shape, spacing } = reader;
  const voxels = new VoxelSurvey(reader);
  const heights = new DataHeights(shape);
  const neighbours = new NeighbourDifferences();
  const sample = await sampleOf(reader, (zStart, values, slab) => {
    const blank = voxels.add(values, slab);
    heights.add(zStart, slab, blank);
    neighbours.add(values, slab, blank);
  });
  const { values, blank, contrast } = voxels.finish();
  if (values === undefined) throw nothingIn(reader);
  const drawn = voxels.sample();
  const isFlat = values.least === values.largest;
  const { median, scale } = isFlat
    ? { median: values.least, scale: 0 }
    : measureValues(drawn, reader.ref.run);
  const { variance, skewness, kurtosis } = isFlat
    ? { variance: 0, skewness: 0, kurtosis: 0 }
    : momentsOf(drawn);
  const facts = {
    shape: [...shape] as [number, number, number],
    spacing: [...spacing] as [number, number, number],
    volume: (1 - blank) * voxelCount(shape) * voxelVolume(spacing),
    blank: 100 * blank,
    thickness: heights.mean() * spacing[0],
    sample,
    contrast: isFlat ? ("unknown" as const) : contrast,
    ...values,
    ...{ median, scale, skewness, kurtosis },
    noise: variance === 0 ? 0 : Math.sqrt(neighbours.meanSquare() / 2 / variance),
  };
  return { facts, picture: await middlePicture(reader) };
}

const nothingIn = ({ ref }: TomogramReader): PickbenchError =>
  new PickbenchError("BadDataset", `${ref.path}: every voxel is NaN, so that it holds no data at all`, {
    path: ref.path,
  });

/** Reads all slabs once, for `visit` and for the sample's surfaces; returns its thickness in Å, null where contrast tells none. */
async function sampleOf(
  reader: TomogramReader,
  visit: (zStart: number, values: Float32Array, shape: Shape3) => void,
): Promise<number | null> {
  const { shape, spacing, chunkShape, ref } = reader;
  let isRead = false;
  const eachSlab = async (hand: (zStart: number, values: Float32Array) => void): Promise<void> => {
    const read = (zStart: number, zEnd: number) =>
      reader.readRegion({ start: [zStart, 0, 0], end: [zEnd, shape[1], shape[2]] });
    await eachSlabOf({ shape, chunkDepth: chunkShape[0], read }, (zStart, values, slab) => {
      visit(zStart, values, slab);
      hand(zStart, values);
    });
    isRead = true;
  };
  try {
    const settings = { form: "plane", margin: 0 } as const;
    const slab = await slabOfContrast({ shape, spacing, eachSlab }, ref.path, settings);
    const thickness = meanThickness(slab, shape, spacing);
    return Number.isFinite(thickness) ? thickness : null;
  } catch (error) {
    if (isRead && isPickbenchError(error, "BadDataset")) return null;
    throw error;
  }
}

/** Places along each axis at which a slab's thickness is taken. */
const places = 16;

function meanThickness(slab: Slab, shape: Shape3, spacing: Spacing3): number {
  const [depth, height, width] = shape.map((size, axis) => size * spacing[axis]!) as [number, number, number];
  let sum = 0;
  for (let i = 0; i < places; i++)
    for (let j = 0; j < places; j++) {
      const [low, high] = slab.span(((j + 0.5) * width) / places, ((i + 0.5) * height) / places);
      sum += Math.max(0, Math.min(depth, high) - Math.max(0, low));
    }
  return sum / places ** 2;
}

/** How far data reach along z: in each column from the first to the last voxel that is not blank. */
class DataHeights {
  readonly #first: Int32Array;
  readonly #last: Int32Array;

  constructor([, height, width]: Shape3) {
    this.#first = new Int32Array(height * width).fill(-1);
    this.#last = new Int32Array(height * width).fill(-1);
  }

  add(zStart: number, [depth]: Shape3, blank: Uint8Array | undefined): void {
    const plane = this.#first.length;
    for (let z = 0; z < depth; z++)
      for (let at = 0; at < plane; at++) {
        if (blank?.[z * plane + at] === 1) continue;
        if (this.#first[at]! < 0) this.#first[at] = zStart + z;
        this.#last[at] = zStart + z;
      }
  }

  /** Voxels, the mean over columns with data; 0 without any. */
  mean(): number {
    let [sum, count] = [0, 0];
    for (let at = 0; at < this.#first.length; at++) {
      if (this.#first[at]! < 0) continue;
      sum += this.#last[at]! - this.#first[at]! + 1;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  }
}

/** Of every so many rows, neighbouring voxels are compared. */
const rowStep = 3;

/** Squares of the differences between voxels and their neighbours along x. */
class NeighbourDifferences {
  #sum = 0;
  #count = 0;

  add(values: Float32Array, [depth, height, width]: Shape3, blank: Uint8Array | undefined): void {
    for (let row = 0; row < depth * height; row += rowStep)
      for (let at = row * width + 1; at < (row + 1) * width; at++) {
        if (blank !== undefined && (blank[at] === 1 || blank[at - 1] === 1)) continue;
        this.#sum += (values[at]! - values[at - 1]!) ** 2;
        this.#count++;
      }
  }

  meanSquare(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }
}

async function middlePicture(reader: TomogramReader): Promise<Uint8Array> {
  const { shape, spacing, ref } = reader;
  const middle = Math.floor(shape[0] / 2);
  const [first, last] = planesAround(middle, shape[0], spacing[0]);
  const data = await reader.readRegion({ start: [first, 0, 0], end: [last + 1, shape[1], shape[2]] });
  const planes = { data, shape: [last + 1 - first, shape[1], shape[2]] as const, spacing };
  const blank = findBlank(planes, ref.nan === "blank")?.mask;
  return slicePicture(planes, blank, middle - first);
}
