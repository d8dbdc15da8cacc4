/** Robust measures of a tomogram's grey values, and the standard normalisation by them. */
import { quantile } from "../domain/numbers.js";
import { type Box, type Volume, voxelCount } from "../domain/volume.js";
import { extent } from "../formats/zarr/chunkGrid.js";
import { PickbenchError } from "../system/errors.js";
import { findBlank } from "./blank/blank.js";
import type { TomogramReader } from "./model.js";

/**
 * Robust measures of grey values: reconstructions differ in scale by orders of magnitude (the challenge's have a
 * standard deviation near 7e-6), and gold beads and reconstruction edges would dominate a mean and standard deviation.
 */
export interface Intensity {
  readonly median: number;
  /** Distance between the quartiles over 1.349: the standard deviation, if the values were normal. */
  readonly scale: number;
  /** Bounds after normalisation, in units of `scale`; outliers are clipped to these bounds. */
  readonly low: number;
  readonly high: number;
}

/** Most voxels that statistics are taken of. */
export const sampleSize = 2 ** 20;
const mostChunks = 64;
/** Share of the values beyond each bound, and the factor by which the bound exceeds that share's quantile. */
const tailShare = 5e-4;
const tailSlack = 1.5;
const quartileDistance = 1.349;

/**
 * The normalisation in words and numbers, for running a network elsewhere; `quantile(q)` is of the whole tomogram's
 * voxels.
 */
export const normalisationRule = {
  formula: "clip((voxel - median) / scale, low, high)",
  median: "quantile(0.5)",
  scale: `(quantile(0.75) - quantile(0.25)) / ${quartileDistance}`,
  low: `${tailSlack} * (quantile(${tailShare}) - median) / scale`,
  high: `${tailSlack} * (quantile(${1 - tailShare}) - median) / scale`,
  quantiles: `of at most ${sampleSize} evenly spread voxels, by line between neighbours`,
} as const;

/**
 * Measures a tomogram from at most a million voxels, evenly spread over at most 64 evenly spread chunks, one chunk in
 * memory at a time; the same tomogram always has the same measures. Voxels that are blank within their chunk are left
 * out.
 *
 * @throws PickbenchError BadDataset where all values are equal
 */
export async function measureIntensity(reader: TomogramReader, channel = 0): Promise<Intensity> {
  const sample = new EvenSample(reader, channel);
  for (const box of sample.boxes) {
    const values = await reader.readRegion(box, channel);
    const blank = findBlank({ data: values, shape: extent(box) }, reader.ref.nan === "blank");
    sample.take(volumeOf(box), (index) => values[index]!, blank?.mask);
  }
  return sample.intensity();
}

/**
 * Measures a tomogram already read whole: the same numbers as `measureIntensity` where it holds no blank voxels, without
 * reading again; else from an even sample of the voxels that hold data.
 */
export function measureVolume(volume: Volume, reader: TomogramReader, channel = 0): Intensity {
  const { data, shape, blank } = volume;
  if (blank) return intensityOf(evenSample(data, blank), `${reader.ref.run} ${reader.ref.tomoType}`);
  const sample = new EvenSample(reader, channel);
  for (const { start, end } of sample.boxes) {
    const height = end[1] - start[1];
    const width = end[2] - start[2];
    sample.take((end[0] - start[0]) * height * width, (index) => {
      const row = Math.floor(index / width);
      const z = start[0] + Math.floor(row / height);
      const y = start[1] + (row % height);
      return data[(z * shape[1] + y) * shape[2] + start[2] + (index - row * width)]!;
    });
  }
  return sample.intensity();
}

/** An even sample of a tomogram's voxels. */
class EvenSample {
  readonly boxes: readonly Box[];
  readonly #name: string;
  readonly #step: number;
  readonly #values: Float32Array;
  #seen = 0;
  #taken = 0;
  #first: number | undefined;

  constructor(reader: TomogramReader, channel: number) {
    const all = reader.chunks(channel);
    const count = Math.min(all.length, mostChunks);
    this.boxes = Array.from(
      { length: count },
      (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)]!.box,
    );
    const total = this.boxes.reduce((sum, box) => sum + volumeOf(box), 0);
    this.#name = `${reader.ref.run} ${reader.ref.tomoType}`;
    this.#step = Math.max(1, Math.ceil(total / sampleSize));
    this.#values = new Float32Array(Math.ceil(total / this.#step));
  }

  /** Takes the sample's share of the next box of `length` voxels, z slowest, without blank ones. */
  take(length: number, valueAt: (index: number) => number, blank?: Uint8Array): void {
    this.#first ??= valueAt(0);
    const first = (this.#step - (this.#seen % this.#step)) % this.#step;
    for (let i = first; i < length; i += this.#step)
      if (blank?.[i] !== 1) this.#values[this.#taken++] = valueAt(i);
    this.#seen += length;
  }

  intensity(): Intensity {
    const isAllBlank = this.#taken === 0;
    const values = isAllBlank ? Float32Array.of(this.#first!) : this.#values.subarray(0, this.#taken);
    return intensityOf(values, this.#name);
  }
}

const volumeOf = (box: Box): number => voxelCount(extent(box));

/** Measures values in memory: all up to a million, else an even sample. `name` is used in the error. */
export const measureValues = (values: Float32Array, name: string): Intensity =>
  intensityOf(evenSample(values), name);

/** Copies all values up to a million, else an even sample; of those that hold data where a mask of blank ones is given. */
export function evenSample(values: Float32Array, blank?: Uint8Array): Float32Array {
  if (blank) return evenSampleOfData(values, blank);
  const step = Math.max(1, Math.ceil(values.length / sampleSize));
  if (step === 1) return values.slice();
  const sample = new Float32Array(Math.ceil(values.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = values[i * step]!;
  return sample;
}

/** Normalises a sample by its own measures, in place: outliers such as gold beads are clipped. Equal values stay. */
export function robustSample(sample: Float32Array): Float32Array {
  const isFlat = sample.every((value) => value === sample[0]);
  return isFlat ? sample : normalise(sample, intensityOf(sample, ""));
}

function evenSampleOfData(values: Float32Array, blank: Uint8Array): Float32Array {
  let count = 0;
  for (const each of blank) count += 1 - each;
  const step = Math.max(1, Math.ceil(count / sampleSize));
  const sample = new Float32Array(Math.ceil(count / step));
  let seen = 0;
  for (let i = 0; i < values.length; i++) {
    if (blank[i] === 1) continue;
    if (seen % step === 0) sample[seen / step] = values[i]!;
    seen++;
  }
  return sample;
}

function intensityOf(sample: Float32Array, name: string): Intensity {
  sample.sort();
  const median = quantile(sample, 0.5);
  const scale = scaleOf(sample);
  if (!(scale > 0))
    throw new PickbenchError(
      "BadDataset",
      `${name}: every voxel is ${median}, so nothing can be seen in it; reconstruct or copy the tomogram again`,
    );
  return {
    median,
    scale,
    low: (tailSlack * (quantile(sample, tailShare) - median)) / scale,
    high: (tailSlack * (quantile(sample, 1 - tailShare) - median)) / scale,
  };
}

/**
 * Returns the scale from the narrowest pair of quantiles that differ, over their distance in a standard normal
 * distribution.
 */
function scaleOf(sorted: Float32Array): number {
  const pairs: [share: number, normalDistance: number][] = [
    [0.25, quartileDistance],
    [0.1, 2.563],
    [0.01, 4.653],
    [0, 6],
  ];
  for (const [share, distance] of pairs) {
    const spread = quantile(sorted, 1 - share) - quantile(sorted, share);
    if (spread > 0) return spread / distance;
  }
  return 0;
}

/** Returns the function that normalises one grey value. */
export const normaliser =
  ({ median, scale, low, high }: Intensity) =>
  (value: number): number =>
    Math.max(low, Math.min((value - median) / scale, high));

/**
 * Normalises grey values to multiples of the scale above the median, clipped, in place; returns the same array. Blank
 * voxels become 0, the median.
 */
export function normalise(values: Float32Array, intensity: Intensity, blank?: Uint8Array): Float32Array {
  const normalised = normaliser(intensity);
  for (let i = 0; i < values.length; i++) values[i] = normalised(values[i]!);
  if (blank) for (let i = 0; i < values.length; i++) if (blank[i] === 1) values[i] = 0;
  return values;
}
