/**
 * Sparse maps: a type's probabilities without the voxels that picking never reads. Kept are the voxels above a floor and
 * those that touch one of them by a face, which a peak's quadratic fit reads. All others read as 0, which makes no
 * difference to picking at the floor or above: background stays background and exceeds nothing.
 */
import { type Shape3, type Spacing3, voxelCount } from "../../domain/volume.js";
import { sharedBytes } from "../../formats/sharedFloats.js";
import { levels } from "./slabPrediction.js";

/** Kept voxels of consecutive planes, in shared memory. */
interface SparseBlock {
  /** Runs along x in raster order, three numbers each: row z·ny + y, first x, end x. */
  readonly runs: Int32Array<SharedArrayBuffer>;
  /** Values of the runs' voxels one after another, k for k/65535. */
  readonly values: Uint16Array<SharedArrayBuffer>;
}

/** Kept voxels of a volume. */
export interface SparseMap {
  readonly shape: Shape3;
  readonly spacing: Spacing3;
  /** Value up to which voxels that touch no voxel above it are dropped. */
  readonly floor: number;
  readonly blocks: readonly SparseBlock[];
}

/** A plane with the begin and end of each row's voxels above the floor; in an empty row the begin lies after the end. */
interface Plane {
  readonly values: Float32Array;
  readonly first: Int32Array;
  readonly end: Int32Array;
}

/** Builder of a sparse map from slabs in z order. */
export class SparseMapBuilder {
  readonly #shape: Shape3;
  readonly #spacing: Spacing3;
  readonly #floor: number;
  readonly #limit: number;
  readonly #blocks: SparseBlock[] = [];
  readonly #kept: Uint8Array;
  /** The last plane so far, which waits for its successor; `#before` is the plane before it. */
  #waiting: Plane | undefined;
  #before: Plane | undefined;
  #z = 0;

  /** @param floor rounded to 32 bits as picking's threshold is; below 0 it keeps every voxel */
  constructor(shape: Shape3, spacing: Spacing3, floor: number) {
    this.#shape = shape;
    this.#spacing = spacing;
    this.#floor = floor;
    this.#limit = Math.fround(floor);
    this.#kept = new Uint8Array(shape[2]);
  }

  /** Adds the next planes: probabilities k/65535, (z, y, x). */
  add(slab: Float32Array): void {
    const size = this.#shape[1] * this.#shape[2];
    const block = new GrowingBlock();
    for (let start = 0; start < slab.length; start += size) {
      const next = this.#measured(slab.subarray(start, start + size));
      if (this.#waiting) this.#keepPlane(block, this.#before, this.#waiting, next);
      this.#before = this.#waiting;
      this.#waiting = next;
    }
    this.#before = this.#before && owned(this.#before);
    this.#waiting = this.#waiting && owned(this.#waiting);
    this.#blocks.push(block.finish());
  }

  /** Returns the map of all planes; no plane may be added after. */
  finish(): SparseMap {
    const block = new GrowingBlock();
    if (this.#waiting) this.#keepPlane(block, this.#before, this.#waiting, undefined);
    this.#waiting = undefined;
    this.#before = undefined;
    this.#blocks.push(block.finish());
    return { shape: this.#shape, spacing: this.#spacing, floor: this.#floor, blocks: this.#blocks };
  }

  #measured(values: Float32Array): Plane {
    const [, height, width] = this.#shape;
    const limit = this.#limit;
    const first = new Int32Array(height);
    const end = new Int32Array(height);
    for (let y = 0; y < height; y++) {
      const base = y * width;
      let low = base;
      let high = base + width;
      while (low < high && values[low]! <= limit) low++;
      while (high > low && values[high - 1]! <= limit) high--;
      first[y] = low - base;
      end[y] = high - base;
      if (low === high) first[y] = width;
    }
    return { values, first, end };
  }

  #keepPlane(block: GrowingBlock, before: Plane | undefined, plane: Plane, after: Plane | undefined): void {
    const height = this.#shape[1];
    for (let y = 0; y < height; y++) {
      this.#mark(plane, y, 1);
      if (y > 0) this.#mark(plane, y - 1, 0);
      if (y + 1 < height) this.#mark(plane, y + 1, 0);
      if (before) this.#mark(before, y, 0);
      if (after) this.#mark(after, y, 0);
      this.#keepRow(block, plane, y);
    }
    this.#z++;
  }

  /** Marks the voxels of a row above the floor, and with a margin the voxels beside them. */
  #mark({ values, first, end }: Plane, y: number, margin: number): void {
    const width = this.#shape[2];
    const limit = this.#limit;
    const kept = this.#kept;
    const base = y * width;
    for (let x = first[y]!; x < end[y]!; x++) {
      if (!(values[base + x]! > limit)) continue;
      kept[x] = 1;
      if (margin === 0) continue;
      if (x > 0) kept[x - 1] = 1;
      if (x + 1 < width) kept[x + 1] = 1;
    }
  }

  /** Keeps the marked voxels of a row and clears the marks. */
  #keepRow(block: GrowingBlock, { values }: Plane, y: number): void {
    const [, height, width] = this.#shape;
    const kept = this.#kept;
    let x = kept.indexOf(1);
    if (x < 0) return;
    for (; x < width; x++) {
      if (kept[x] === 0) continue;
      const first = x;
      while (x < width && kept[x] === 1) x++;
      block.add(this.#z * height + y, first, values.subarray(y * width + first, y * width + x));
    }
    kept.fill(0);
  }
}

/** Returns a plane that holds no more than itself: one of a larger slab is copied out of it. */
const owned = (plane: Plane): Plane =>
  plane.values.byteLength === plane.values.buffer.byteLength
    ? plane
    : { ...plane, values: plane.values.slice() };

class GrowingBlock {
  #runs = new Int32Array(3 * 1024);
  #values = new Uint16Array(2 ** 16);
  #runCount = 0;
  #valueCount = 0;

  add(row: number, first: number, voxels: Float32Array): void {
    if (this.#runCount + 3 > this.#runs.length) {
      const larger = new Int32Array(this.#runs.length * 2);
      larger.set(this.#runs);
      this.#runs = larger;
    }
    if (this.#valueCount + voxels.length > this.#values.length) {
      const larger = new Uint16Array(Math.max(this.#values.length * 2, this.#valueCount + voxels.length));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#runs[this.#runCount++] = row;
    this.#runs[this.#runCount++] = first;
    this.#runs[this.#runCount++] = first + voxels.length;
    for (let i = 0; i < voxels.length; i++) this.#values[this.#valueCount++] = voxels[i]! * levels + 0.5;
  }

  finish(): SparseBlock {
    const runs = new Int32Array(new SharedArrayBuffer(this.#runCount * Int32Array.BYTES_PER_ELEMENT));
    const values = new Uint16Array(new SharedArrayBuffer(this.#valueCount * Uint16Array.BYTES_PER_ELEMENT));
    runs.set(this.#runs.subarray(0, this.#runCount));
    values.set(this.#values.subarray(0, this.#valueCount));
    return { runs, values };
  }
}

/** Counts the kept voxels of a map. */
export const keptVoxels = ({ blocks }: SparseMap): number =>
  blocks.reduce((sum, { values }) => sum + values.length, 0);

/** Returns the whole volume, bitwise equal to the slabs where voxels are kept, 0 elsewhere. */
export function denseVolume(map: SparseMap): { data: Float32Array; shape: Shape3; spacing: Spacing3 } {
  const data = new Float32Array(voxelCount(map.shape));
  writeKept(map, data);
  return { data, shape: map.shape, spacing: map.spacing };
}

/** Writes the kept voxels to their places in a volume of the map's shape. */
export function writeKept({ shape, blocks }: SparseMap, data: Float32Array): void {
  const width = shape[2];
  for (const { runs, values } of blocks) {
    let next = 0;
    for (let i = 0; i < runs.length; i += 3) {
      const stop = runs[i]! * width + runs[i + 2]!;
      for (let at = runs[i]! * width + runs[i + 1]!; at < stop; at++) data[at] = values[next++]! / levels;
    }
  }
}

/**
 * Returns 1 for each voxel whose probability exceeds a threshold and 0 for all others, in shared memory.
 *
 * @param threshold the map's floor or above
 */
export function voxelsAbove({ shape, blocks }: SparseMap, threshold: number): Uint8Array {
  const limit = Math.fround(threshold);
  const width = shape[2];
  const voxels = sharedBytes(voxelCount(shape));
  for (const { runs, values } of blocks) {
    let next = 0;
    for (let i = 0; i < runs.length; i += 3) {
      const stop = runs[i]! * width + runs[i + 2]!;
      for (let at = runs[i]! * width + runs[i + 1]!; at < stop; at++)
        if (Math.fround(values[next++]! / levels) > limit) voxels[at] = 1;
    }
  }
  return voxels;
}

/** Zeroes the places of the kept voxels in a volume, for its memory to be reused. */
export function clearKept({ shape, blocks }: SparseMap, data: Float32Array): void {
  const width = shape[2];
  for (const { runs } of blocks)
    for (let i = 0; i < runs.length; i += 3)
      data.fill(0, runs[i]! * width + runs[i + 1]!, runs[i]! * width + runs[i + 2]!);
}
