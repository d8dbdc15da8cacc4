/** Means of a map in balls about places, collected slab by slab. */
import type { Shape3, Spacing3 } from "../../domain/volume.js";

/** A map's voxels: sizes along z, y, x, and Å. */
export interface Grid {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
}

/**
 * Which voxels belong to a ball: those whose centre is at most the radius from the place, or (`rounded`, as Pom does) less
 * than the radius from the centre of the voxel that holds the place.
 */
export const ballRules = ["exact", "rounded"] as const;
export type BallRule = (typeof ballRules)[number];

/** Relative difference below which a squared distance counts as the radius's. */
const slack = 1e-9;

/** Returns the index of the voxel that holds a coordinate in Å along an axis; −1 where it lies outside of the volume. */
export function voxelOf(coordinate: number, axis: 0 | 1 | 2, { shape, spacing }: Grid): number {
  const index = Math.floor(coordinate / spacing[axis]);
  return index >= 0 && index < shape[axis] ? index : -1;
}

/** Returns the flat index of the voxel that holds place number `i` (x y z in Å, flat); −1 outside of the volume. */
export function flatVoxel(places: Float64Array, i: number, grid: Grid): number {
  const z = voxelOf(places[3 * i + 2]!, 0, grid);
  const y = voxelOf(places[3 * i + 1]!, 1, grid);
  const x = voxelOf(places[3 * i]!, 2, grid);
  return z < 0 || y < 0 || x < 0 ? -1 : (z * grid.shape[1] + y) * grid.shape[2] + x;
}

/** Balls about places, which take the slabs of a map in any order. Of a ball, the voxels inside the volume count. */
export class Balls {
  readonly #grid: Grid;
  readonly #radius: number;
  readonly #isStrict: boolean;
  /** Centres as continuous indices x y z; NaN where a place lies outside of the volume. */
  readonly #centres: Float64Array;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  /**
   * @param places x y z in Å, flat
   * @param radius in Å, above 0
   */
  constructor(places: Float64Array, radius: number, rule: BallRule, grid: Grid) {
    const count = places.length / 3;
    this.#grid = grid;
    this.#radius = radius;
    this.#isStrict = rule === "rounded";
    this.#sums = new Float64Array(count);
    this.#counts = new Float64Array(count);
    this.#centres = new Float64Array(places.length);
    for (let i = 0; i < count; i++) this.#place(places, i);
  }

  /** A ball too small to hold the centre of a voxel is put about the centre of the voxel that holds its place. */
  #place(places: Float64Array, i: number): void {
    const { spacing } = this.#grid;
    const isOutside = flatVoxel(places, i, this.#grid) < 0;
    const indices = [0, 1, 2].map((axis) => places[3 * i + axis]! / spacing[2 - axis]!);
    const fromCentre = indices.map((index, axis) => (index - Math.floor(index) - 0.5) * spacing[2 - axis]!);
    const isWhole = this.#isStrict || Math.hypot(...fromCentre) > this.#radius;
    for (const [axis, index] of indices.entries())
      this.#centres[3 * i + axis] = isOutside ? Number.NaN : isWhole ? Math.floor(index) : index - 0.5;
  }

  /** Tells whether a slab zStart ≤ z < zEnd has voxels of a ball. */
  touches(zStart: number, zEnd: number): boolean {
    const reach = this.#radius / this.#grid.spacing[0];
    for (let at = 2; at < this.#centres.length; at += 3) {
      const z = this.#centres[at]!;
      if (z + reach >= zStart - 1 && z - reach <= zEnd) return true;
    }
    return false;
  }

  /** Takes the voxels of a slab (z, y, x) that begins at zStart. */
  add(zStart: number, values: Float32Array): void {
    const { shape, spacing } = this.#grid;
    const plane = shape[1] * shape[2];
    const zEnd = zStart + values.length / plane;
    const reach = this.#radius / spacing[0];
    for (let i = 0; i < this.#sums.length; i++) {
      const centre = this.#centres[3 * i + 2]!;
      const from = Math.max(zStart, Math.ceil(centre - reach) - 1);
      const to = Math.min(zEnd - 1, Math.floor(centre + reach) + 1);
      for (let z = from; z <= to; z++) this.#addPlane(i, z, values, (z - zStart) * plane);
    }
  }

  #addPlane(i: number, z: number, values: Float32Array, base: number): void {
    const { shape, spacing } = this.#grid;
    const radius2 = this.#radius * this.#radius;
    const dz = (z - this.#centres[3 * i + 2]!) * spacing[0];
    const left = radius2 * (1 + slack) - dz * dz;
    if (left < 0) return;
    const y0 = this.#centres[3 * i + 1]!;
    const reach = Math.sqrt(left) / spacing[1];
    const from = Math.max(0, Math.ceil(y0 - reach) - 1);
    const to = Math.min(shape[1] - 1, Math.floor(y0 + reach) + 1);
    for (let y = from; y <= to; y++)
      this.#addRow(i, dz * dz + ((y - y0) * spacing[1]) ** 2, values, base + y * shape[2]);
  }

  #addRow(i: number, apart: number, values: Float32Array, base: number): void {
    const { shape, spacing } = this.#grid;
    const radius2 = this.#radius * this.#radius;
    const limit = this.#isStrict ? radius2 * (1 - slack) : radius2 * (1 + slack);
    if (apart > limit) return;
    const x0 = this.#centres[3 * i]!;
    const reach = Math.sqrt(limit - apart) / spacing[2];
    const from = Math.max(0, Math.ceil(x0 - reach) - 1);
    const to = Math.min(shape[2] - 1, Math.floor(x0 + reach) + 1);
    for (let x = from; x <= to; x++) {
      if (apart + ((x - x0) * spacing[2]) ** 2 > limit) continue;
      this.#sums[i]! += values[base + x]!;
      this.#counts[i]!++;
    }
  }

  /** Returns the mean of each ball; NaN where the place lies outside of the volume. */
  means(): Float64Array {
    return this.#sums.map((sum, i) => sum / this.#counts[i]!);
  }

  /** Returns the voxels of each ball that were taken. */
  counts(): Float64Array {
    return this.#counts.slice();
  }
}
