/** A survey of a tomogram's voxels, chunk by chunk: their range, how many are blank, and which contrast they show. */
import { type Shape3, voxelCount } from "../../domain/volume.js";
import { findBlank } from "../blank/blank.js";
import { type Contrast, contrastOfValues } from "../contrast.js";
import type { TomogramReader } from "../model.js";
import { sampleSize } from "../normalise.js";

/** Values of the voxels that hold data. */
export interface ValueRange {
  readonly least: number;
  readonly largest: number;
  readonly mean: number;
}

/** What all voxels of a tomogram show. */
export interface SeenVoxels {
  /** Undefined where all are NaN. */
  readonly values: ValueRange | undefined;
  /** Share of voxels that are blank within their chunk; 0 for a constant volume, 1 where all are NaN. */
  readonly blank: number;
  readonly contrast: Contrast;
}

interface ChunkRange extends ValueRange {
  /** Voxels that hold data. */
  readonly voxels: number;
}

/** Gathers what chunks show, each added once. */
export class VoxelSurvey {
  readonly #mayHoldNaN: boolean;
  readonly #step: number;
  readonly #total: number;
  readonly #sample: number[] = [];
  readonly #ranges: ChunkRange[] = [];

  constructor({ shape, ref }: TomogramReader) {
    this.#total = voxelCount(shape);
    this.#mayHoldNaN = ref.nan === "blank";
    this.#step = Math.max(1, Math.ceil(this.#total / sampleSize));
  }

  /** Count of chunks added. */
  get chunks(): number {
    return this.#ranges.length;
  }

  /** Returns the mask of blank voxels; undefined where there are none. */
  add(region: Float32Array, shape: Shape3): Uint8Array | undefined {
    const mask = findBlank({ data: region, shape }, this.#mayHoldNaN)?.mask;
    this.#ranges.push(rangeOf(region, mask));
    for (let at = 0; at < region.length; at += this.#step)
      if (mask?.[at] !== 1) this.#sample.push(region[at]!);
    return mask;
  }

  /** Evenly spread voxels that hold data, a million at most. */
  sample(): Float32Array {
    return Float32Array.from(this.#sample);
  }

  finish(): SeenVoxels {
    const values = joined(this.#ranges);
    const held = this.#ranges.reduce((sum, { voxels }) => sum + voxels, 0);
    return {
      values,
      blank: values === undefined ? 1 : held === 0 ? 0 : 1 - held / this.#total,
      contrast: contrastOfValues(this.sample()),
    };
  }
}

/** The range of the values that are not blank; of all where all are, with no voxels to their count. */
function rangeOf(region: Float32Array, blank: Uint8Array | undefined): ChunkRange {
  let [least, largest, sum, voxels] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let at = 0; at < region.length; at++) {
    if (blank?.[at] === 1) continue;
    const value = region[at]!;
    if (value < least) least = value;
    if (value > largest) largest = value;
    sum += value;
    voxels++;
  }
  if (voxels > 0) return { least, largest, mean: sum / voxels, voxels };
  return { ...rangeOf(region, undefined), voxels: 0 };
}

/** Joins ranges: of the chunks that hold data, else of all that hold a number; undefined where all are NaN. */
function joined(all: readonly ChunkRange[]): ValueRange | undefined {
  const held = all.filter(({ voxels }) => voxels > 0);
  const numbers = all.filter(({ mean }) => !Number.isNaN(mean));
  const ranges = held.length > 0 ? held : numbers.map((range) => ({ ...range, voxels: 1 }));
  if (ranges.length === 0) return undefined;
  const voxels = ranges.reduce((sum, range) => sum + range.voxels, 0);
  return {
    least: Math.min(...ranges.map(({ least }) => least)),
    largest: Math.max(...ranges.map(({ largest }) => largest)),
    mean: ranges.reduce((sum, range) => sum + range.mean * range.voxels, 0) / voxels,
  };
}
