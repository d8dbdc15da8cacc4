/** What a search of one batch takes and gives: the best rotation of each voxel. */
import type { Shape3 } from "../../domain/volume.js";
import type { Template } from "../template.js";
import type { Kernel } from "./kernels.js";

/** What all batches of one template have in common. */
export interface SearchJob {
  readonly template: Template;
  readonly weights: Float32Array;
  /** −1 where dense matter is dark, else 1. */
  readonly sign: number;
  /** Rotations, nine numbers each. */
  readonly rotations: Float64Array;
  /** The tomogram in shared memory, of mean 0 and variance 1. */
  readonly volume: Float32Array;
  readonly shape: Shape3;
}

/** Best scores of a batch's voxels, in the order of its runs, and the index of the rotation that gave each; −1 for none. */
export interface Best {
  readonly scores: Float32Array;
  readonly rotations: Int32Array;
}

/** Local variance, of a tomogram of variance 1, below which voxels around count as flat and the score as 0 noise: σ is 1. */
export const flat = 1e-5;

/** Takes the better of two scores, of equal ones the earlier rotation's. */
export function mergeBest(into: Best, other: Best): void {
  for (let at = 0; at < into.scores.length; at++) {
    const [own, theirs] = [into.scores[at]!, other.scores[at]!];
    if (theirs < own || other.rotations[at]! < 0) continue;
    if (theirs > own || into.rotations[at]! < 0 || other.rotations[at]! < into.rotations[at]!) {
      into.scores[at] = theirs;
      into.rotations[at] = other.rotations[at]!;
    }
  }
}

/** Returns the best of voxels before any rotation. */
export const noBest = (voxels: number): Best => ({
  scores: new Float32Array(voxels).fill(Number.NEGATIVE_INFINITY),
  rotations: new Int32Array(voxels).fill(-1),
});

/** What searches a batch: takes kernels pair by pair. */
export interface BatchSearch {
  /** Rotations that belong together: even, and always the same ones, so that the result does not depend on threads. */
  readonly group: number;
  readonly best: Best;
  /** Takes the kernels of rotations `at` and `at` + 1. @returns the sum of the squares of their scores, where known yet */
  take(at: number, kernels: readonly [Kernel, Kernel | undefined]): Promise<number>;
  /** Ends a group. @returns sums that were not known yet, by the first rotation of the pair */
  flush(): Promise<readonly (readonly [at: number, square: number])[]>;
  close(): Promise<void>;
}
