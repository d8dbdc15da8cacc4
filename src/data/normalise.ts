import { PickbenchError } from "../errors.js";
import type { TomogramReader } from "./omeZarr.js";

/**
 * What a tomogram's grey values are worth: reconstructions differ in scale by orders of magnitude (the challenge's have
 * a standard deviation near 7e-6), and gold beads and reconstruction edges would rule a mean and standard deviation.
 */
export interface Intensity {
  readonly median: number;
  /** The quartiles' distance over 1.349: the standard deviation, were the values normal. */
  readonly scale: number;
  /** Bounds after normalisation, in units of `scale`: outliers are clipped to them. */
  readonly low: number;
  readonly high: number;
}

const sampleSize = 2 ** 20;
const mostChunks = 64;
/** Share of the values beyond each bound, and how much wider than that share's quantile the bound is. */
const tailShare = 5e-4;
const tailSlack = 1.5;
const quartileDistance = 1.349;

/** The rule in words and numbers, for whoever runs a network elsewhere; `quantile(q)` is of the whole tomogram's voxels. */
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
 * memory at a time; the same tomogram always gives the same numbers.
 *
 * @throws BadDataset where all values are equal.
 */
export async function measureIntensity(reader: TomogramReader, channel = 0): Promise<Intensity> {
  const all = reader.chunks(channel);
  const count = Math.min(all.length, mostChunks);
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)]!);
  const total = chosen.reduce((sum, { box }) => sum + volumeOf(box), 0);
  const step = Math.max(1, Math.ceil(total / sampleSize));
  const sample = new Float32Array(Math.ceil(total / step));
  let seen = 0;
  let taken = 0;
  for (const { box } of chosen) {
    const values = await reader.readRegion(box, channel);
    for (let i = (step - (seen % step)) % step; i < values.length; i += step) sample[taken++] = values[i]!;
    seen += values.length;
  }
  return intensityOf(sample.subarray(0, taken), `${reader.ref.run} ${reader.ref.tomoType}`);
}

const volumeOf = ({ start, end }: { start: readonly number[]; end: readonly number[] }): number =>
  end.reduce((product, value, axis) => product * (value - start[axis]!), 1);

/** Measures values in memory, all of them up to a million, else an even sample. `name` is for the error. */
export const measureValues = (values: Float32Array, name: string): Intensity =>
  intensityOf(evenSample(values), name);

/** A copy of all values up to a million, else of an even sample. */
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

/** The narrowest pair of quantiles that differ, each over its distance in a standard normal distribution. */
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

/** Quantile of sorted values, between neighbours by line. */
export function quantile(sorted: Float32Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const value = sorted[below]!;
  return value + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] ?? value) - value);
}

/** Turns grey values into multiples of the scale above the median, clipped, in place; gives the same array. */
export function normalise(values: Float32Array, intensity: Intensity): Float32Array {
  const { median, scale, low, high } = intensity;
  for (let i = 0; i < values.length; i++) {
    const value = (values[i]! - median) / scale;
    values[i] = Math.max(low, Math.min(value, high));
  }
  return values;
}
