/** Robust measures of a tomogram's grey values, and the standard normalisation by them. */
import { quantile } from "../domain/numbers.js";
import { type Box, type Volume, voxelCount } from "../domain/volume.js";
import { extent } from "../formats/zarr/chunkGrid.js";
import { PickbenchError } from "../system/errors.js";
import type { TomogramReader } from "./model.js";

/**
 * Robust measures of grey values: reconstructions differ in scale by orders of magnitude (the challenge's have a
 * standard deviation near 7e-6), and gold beads and reconstruction edges would dominate a mean and standard deviation.
 */
interface Intensity {
  readonly median: number;
  /** Distance between the quartiles over 1.349: the standard deviation, if the values were normal. */
  readonly scale: number;
  /** Bounds after normalisation, in units of `scale`; outliers are clipped to these bounds. */
  readonly low: number;
  readonly high: number;
}

const sampleSize = 2 ** 20;
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
 * memory at a time; the same tomogram always has the same measures.
 *
 * @throws PickbenchError BadDataset where all values are equal
 */
export async function measureIntensity(reader: TomogramReader, channel = 0): Promise<Intensity> {
  const sample = new EvenSample(reader, channel);
  for (const box of sample.boxes) {
    const values = await reader.readRegion(box, channel);
    sample.take(volumeOf(box), (index) => values[index]!);
  }
  return sample.intensity();
}

/** Measures a tomogram already read whole: the same numbers as `measureIntensity`, without reading again. */
export function measureVolume({ data, shape }: Volume, reader: TomogramReader, channel = 0): Intensity {
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

  /** Takes the sample's share of the next box of `length` voxels, z slowest. */
  take(length: number, valueAt: (index: number) => number): void {
    const first = (this.#step - (this.#seen % this.#step)) % this.#step;
    for (let i = first; i < length; i += this.#step) this.#values[this.#taken++] = valueAt(i);
    this.#seen += length;
  }

  intensity(): Intensity {
    return intensityOf(this.#values.subarray(0, this.#taken), this.#name);
  }
}

const volumeOf = (box: Box): number => voxelCount(extent(box));

/** Measures values in memory: all up to a million, else an even sample. `name` is used in the error. */
export const measureValues = (values: Float32Array, name: string): Intensity =>
  intensityOf(evenSample(values), name);

/** Copies all values up to a million, else an even sample. */
export function evenSample(values: Float32Array): Float32Array {
  const step = Math.max(1, Math.ceil(values.length / sampleSize));
  if (step === 1) return values.slice();
  const sample = new Float32Array(Math.ceil(values.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = values[i * step]!;
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

/** Normalises grey values to multiples of the scale above the median, clipped, in place; returns the same array. */
export function normalise(values: Float32Array, intensity: Intensity): Float32Array {
  const { median, scale, low, high } = intensity;
  for (let i = 0; i < values.length; i++) {
    const value = (values[i]! - median) / scale;
    values[i] = Math.max(low, Math.min(value, high));
  }
  return values;
}
