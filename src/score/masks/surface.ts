/** Surfaces of masks and the distances between them. */
import { axisWeights, transformAxes } from "../../domain/distanceTransform.js";
import { no, yes } from "../../domain/maskValues.js";
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";

/** A growing list of indices of voxels. */
export class IndexList {
  #indices = new Int32Array(1024);
  #count = 0;

  add(index: number): void {
    if (this.#count === this.#indices.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#indices);
      this.#indices = larger;
    }
    this.#indices[this.#count++] = index;
  }

  /** Returns a copy of what was added. */
  finish(): Int32Array {
    return this.#indices.slice(0, this.#count);
  }
}

/**
 * Returns the flat indices of a mask's surface, rising: its voxels that share a face with a known voxel which is not in it.
 * That is the mask without its erosion by the six neighbours, where unknown voxels and the volume's border do not erode.
 *
 * @param mask values z, y, x as in `maskValues`
 */
export function surfaceVoxels(mask: Uint8Array, shape: Shape3): Int32Array {
  const [depth, height, width] = shape;
  const plane = height * width;
  const found = new IndexList();
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++) {
        if (mask[at] !== yes) continue;
        const isSurface =
          (x > 0 && mask[at - 1] === no) ||
          (x + 1 < width && mask[at + 1] === no) ||
          (y > 0 && mask[at - width] === no) ||
          (y + 1 < height && mask[at + width] === no) ||
          (z > 0 && mask[at - plane] === no) ||
          (z + 1 < depth && mask[at + plane] === no);
        if (isSurface) found.add(at);
      }
  return found.finish();
}

/**
 * Measures from every voxel of each surface to the nearest voxel of the other, between centres: an exact Euclidean
 * distance transform within the box that holds both. Neither surface may be empty.
 *
 * @param a flat indices of a volume of the given shape
 * @returns distances in Å, those of `a` first, then those of `b`
 */
export function surfaceDistances(
  a: Int32Array,
  b: Int32Array,
  shape: Shape3,
  spacing: Spacing3,
): Float32Array {
  const box = boxOf([a, b], shape);
  const field = new Float32Array(voxelCount(box.shape));
  const weights = axisWeights(spacing);
  const finest = Math.min(...spacing);
  const distances = new Float32Array(a.length + b.length);
  const measure = (from: Int32Array, to: Int32Array, start: number): void => {
    field.fill(Number.POSITIVE_INFINITY);
    for (const index of to) field[box.place(index)] = 0;
    transformAxes(field, box.shape, weights);
    for (let i = 0; i < from.length; i++)
      distances[start + i] = Math.sqrt(field[box.place(from[i]!)]!) * finest;
  };
  measure(a, b, 0);
  measure(b, a, a.length);
  return distances;
}

interface IndexBox {
  readonly shape: Shape3;
  /** Converts a flat index of the volume to one of the box. */
  place(index: number): number;
}

function boxOf(surfaces: readonly Int32Array[], [, height, width]: Shape3): IndexBox {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [-1, -1, -1];
  const plane = height * width;
  for (const surface of surfaces)
    for (const index of surface) {
      const z = Math.floor(index / plane);
      const y = Math.floor(index / width) % height;
      const x = index % width;
      if (z < low[0]!) low[0] = z;
      if (z > high[0]!) high[0] = z;
      if (y < low[1]!) low[1] = y;
      if (y > high[1]!) high[1] = y;
      if (x < low[2]!) low[2] = x;
      if (x > high[2]!) high[2] = x;
    }
  const [z0, y0, x0] = low as [number, number, number];
  const shape: Shape3 = [high[0]! - z0 + 1, high[1]! - y0 + 1, high[2]! - x0 + 1];
  return {
    shape,
    place: (index) =>
      ((Math.floor(index / plane) - z0) * shape[1] + (Math.floor(index / width) % height) - y0) * shape[2] +
      (index % width) -
      x0,
  };
}
