/** Flooding levels: integers in the order of the foreground voxels' distances to the background. */

import {
  type AxisWeights,
  type Envelope,
  newEnvelope,
  transformAxis,
} from "../../domain/distanceTransform.js";
import {
  boxOf,
  type Components,
  eachRun,
  type Frame,
  frameAround,
  insideVolume,
  type Runs,
} from "../../domain/morphology/components.js";

/** Levels of the foreground's voxels. */
export interface Levels {
  /** Level, from 1, of each foreground voxel, run after run in raster order. */
  readonly values: Int32Array;
  /** Index in `values` at which each run's voxels begin. */
  readonly start: Int32Array;
  readonly highest: number;
}

/**
 * Computes the levels of a foreground that is not the whole volume. With equal spacings the squared distances are integers
 * and serve as levels; otherwise they are ranked.
 *
 * @param scratch working memory of the size of the largest part's frame
 */
export function foregroundLevels(
  runs: Runs,
  parts: Components,
  weights: AxisWeights,
  scratch: Float32Array,
): Levels {
  const start = startsOfRuns(runs);
  const values = new Int32Array(runs.voxels);
  const squared = new Float32Array(values.buffer);
  const envelope = newEnvelope(Math.max(...runs.shape) + 2);
  for (let part = 0; part < parts.count; part++) {
    const frame = frameAround(boxOf(runs, parts, part));
    measurePart(runs, parts, part, frame, weights, scratch, envelope);
    eachRun(runs, parts, part, frame, (run, local) => {
      const length = runs.end[run]! - runs.first[run]!;
      const at = start[run]!;
      for (let i = 0; i < length; i++) squared[at + i] = scratch[local + i]!;
    });
  }
  const highest = weights.every((weight) => weight === 1) ? wholeLevels(values) : rankedLevels(values);
  return { values, start, highest };
}

function startsOfRuns({ count, first, end }: Runs): Int32Array {
  const starts = new Int32Array(count);
  for (let run = 1; run < count; run++) starts[run] = starts[run - 1]! + end[run - 1]! - first[run - 1]!;
  return starts;
}

/** Computes the squared distances of a part's voxels in its frame; those along x follow from the runs. */
function measurePart(
  runs: Runs,
  parts: Components,
  part: number,
  frame: Frame,
  weights: AxisWeights,
  distances: Float32Array,
  envelope: Envelope,
): void {
  const width = runs.shape[2];
  distances.fill(0, 0, frame.size);
  eachRun(runs, parts, part, frame, (run, local) => {
    const first = runs.first[run]!;
    const length = runs.end[run]! - first;
    const before = first > 0 ? 1 : Number.POSITIVE_INFINITY;
    const after = first + length < width ? length : Number.POSITIVE_INFINITY;
    for (let i = 0; i < length; i++) {
      const steps = Math.min(before + i, after - i);
      distances[local + i] = weights[2] * steps * steps;
    }
  });
  const inside = insideVolume(frame, runs.shape);
  transformAxis(distances, frame.shape, inside, 1, weights[1], envelope);
  transformAxis(distances, frame.shape, inside, 0, weights[0], envelope);
}

/** Converts squared distances that are integers to integer type in place; returns the highest. */
function wholeLevels(values: Int32Array): number {
  const squared = new Float32Array(values.buffer);
  let highest = 0;
  for (let i = 0; i < values.length; i++) {
    const level = squared[i]!;
    values[i] = level;
    if (level > highest) highest = level;
  }
  return highest;
}

/**
 * Converts squared distances to their ranks, from 1, in place; returns the highest rank. Positive floats have the order of
 * their bits read as integers, so a bitmap of the bit patterns that occur ranks them without sorting.
 */
function rankedLevels(bits: Int32Array): number {
  let low = 2 ** 31 - 1;
  let high = 0;
  for (let i = 0; i < bits.length; i++) {
    low = Math.min(low, bits[i]!);
    high = Math.max(high, bits[i]!);
  }
  const words = new Int32Array(bits.length === 0 ? 0 : ((high - low) >>> 5) + 1);
  for (let i = 0; i < bits.length; i++) words[(bits[i]! - low) >>> 5]! |= 1 << (bits[i]! - low);
  const before = new Int32Array(words.length);
  let distinct = 0;
  for (let word = 0; word < words.length; word++) {
    before[word] = distinct;
    distinct += bitCount(words[word]!);
  }
  for (let i = 0; i < bits.length; i++) {
    const bit = bits[i]! - low;
    const upTo = words[bit >>> 5]! & (-1 >>> (31 - (bit & 31)));
    bits[i] = before[bit >>> 5]! + bitCount(upTo);
  }
  return distinct;
}

/** Counts the ones among 32 bits, summed in pairs, fours, eights and then over all bytes by one product. */
function bitCount(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
