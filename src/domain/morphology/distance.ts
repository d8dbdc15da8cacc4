/**
 * Masks and exact Euclidean distances: growing, shells, and distances signed by side. The room `morphology` is what masks
 * are worked on by: components, dust, distances. Distances are between the centres of voxels, in Å; outside of the volume
 * there is neither mask nor background.
 */
import { axisWeights, transformAxes } from "../distanceTransform.js";
import { type Shape3, type Spacing3, voxelCount } from "../volume.js";

/** Relative difference below which a distance counts as one asked for: that of float32 and of voxel sizes from headers. */
const slack = 1e-6;

/** Distances from voxels to the nearest voxel of a kind, in memory that is used again. */
export class DistanceField {
  readonly #shape: Shape3;
  readonly #spacing: Spacing3;
  readonly #squared: Float32Array;

  constructor(shape: Shape3, spacing: Spacing3) {
    this.#shape = shape;
    this.#spacing = spacing;
    this.#squared = new Float32Array(voxelCount(shape));
  }

  /**
   * Measures from every voxel to the nearest one whose value in a mask (z, y, x; 0 and 1) is `kind`; Infinity where none is.
   */
  measure(mask: Uint8Array, kind: 0 | 1): void {
    const field = this.#squared;
    for (let i = 0; i < field.length; i++) field[i] = mask[i] === kind ? 0 : Number.POSITIVE_INFINITY;
    transformAxes(field, this.#shape, axisWeights(this.#spacing));
  }

  /** Returns the distance of a voxel by its flat index, in Å. */
  at(index: number): number {
    return Math.sqrt(this.#squared[index]!) * Math.min(...this.#spacing);
  }

  /** Sets the voxels at most `reach` Å away to a value, in place. */
  mark(mask: Uint8Array, reach: number, value: 0 | 1): void {
    const limit = (reach / Math.min(...this.#spacing)) ** 2 * (1 + slack);
    const field = this.#squared;
    for (let i = 0; i < field.length; i++) if (field[i]! <= limit) mask[i] = value;
  }
}

/**
 * Grows a mask by all voxels at most `reach` Å away from it, in place.
 *
 * @param field of the mask's shape and spacing, whose distances are overwritten
 */
export function grow(mask: Uint8Array, reach: number, field: DistanceField): void {
  if (reach <= 0) return;
  field.measure(mask, 1);
  field.mark(mask, reach, 1);
}

/**
 * Leaves of a mask the shell about its edge, in place: voxels outside at most `outer` Å from the mask, and voxels of the
 * mask at most `inner` Å from its outside. Where everything or nothing is in the mask there is no edge, and nothing is
 * left.
 */
export function shell(
  mask: Uint8Array,
  { outer, inner }: { readonly outer: number; readonly inner: number },
  field: DistanceField,
): void {
  const edge = new Uint8Array(mask.length);
  if (outer > 0) {
    field.measure(mask, 1);
    field.mark(edge, outer, 1);
    for (let i = 0; i < edge.length; i++) if (mask[i] === 1) edge[i] = 0;
  }
  if (inner > 0) {
    field.measure(mask, 0);
    const near = new Uint8Array(mask.length);
    field.mark(near, inner, 1);
    for (let i = 0; i < edge.length; i++) if (mask[i] === 1 && near[i] === 1) edge[i] = 1;
  }
  mask.set(edge);
}
