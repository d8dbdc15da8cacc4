/**
 * The 26-connected components of what is inside, slice by slice: runs along x are joined by union-find to the runs that they
 * touch before them. Voxels are not kept, only a number for each run.
 */
import { join, rootOf } from "../domain/morphology/components.js";
import { GrowingIntegers } from "./growing.js";

/** Components of a volume that was seen slice by slice. */
export interface SliceComponents {
  /** Voxels of each component, in the raster order of their first voxels. */
  readonly voxels: readonly number[];
  /** Component of each run. */
  readonly ofRun: Int32Array;
}

/** Numbers the runs of padded slices and joins those that touch. */
export class SliceLabels {
  readonly #width: number;
  readonly #parent = new GrowingIntegers();
  readonly #lengths = new GrowingIntegers();

  /** @param width voxels of a padded row, whose first and last are outside, as the first and last row of a slice are */
  constructor(width: number) {
    this.#width = width;
  }

  /**
   * Labels a slice: voxels inside receive the number of their run, counted from 1; others 0.
   *
   * @param values the padded slice
   * @param level least value inside
   * @param before labels of the slice before
   * @param labels receives the labels
   */
  add(values: Float32Array, level: number, before: Int32Array, labels: Int32Array): void {
    labels.fill(0);
    const width = this.#width;
    for (let i = width; i < values.length; i++) {
      if (values[i]! < level) continue;
      const first = i;
      while (values[i]! >= level) i++;
      this.#parent.add(this.#parent.length);
      this.#lengths.add(i - first);
      const label = this.#parent.length;
      labels.fill(label, first, i);
      this.#joinTouching(label, labels, first - width - 1, i - width);
      for (let row = -1; row <= 1; row++)
        this.#joinTouching(label, before, first + row * width - 1, i + row * width);
    }
  }

  #joinTouching(label: number, labels: Int32Array, first: number, last: number): void {
    let joined = 0;
    for (let i = first; i <= last; i++) {
      const other = labels[i]!;
      if (other === 0 || other === joined) continue;
      join(this.#parent.values, label - 1, other - 1);
      joined = other;
    }
  }

  /** Ends with all slices. */
  finish(): SliceComponents {
    const parent = this.#parent.finish();
    const lengths = this.#lengths.finish();
    const ofRun = new Int32Array(parent.length);
    const voxels: number[] = [];
    for (let run = 0; run < parent.length; run++) {
      const root = rootOf(parent, run);
      ofRun[run] = root === run ? voxels.push(0) - 1 : ofRun[root]!;
      voxels[ofRun[run]!]! += lengths[run]!;
    }
    return { voxels, ofRun };
  }
}
