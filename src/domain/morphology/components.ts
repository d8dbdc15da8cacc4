/**
 * The voxels above a threshold as runs along x, and their 26-connected components by union-find over the runs: memory
 * and time grow with the foreground's surface, not with the volume (one pass over the volume aside). A component, or
 * several as one part, is worked on in a padded box of its own, its frame.
 */

import { PickbenchError } from "../../system/errors.js";
import { type Box, type Shape3, type Volume, voxelCount } from "../volume.js";

/** Runs of foreground in raster order; run i covers first[i] ≤ x < end[i] in row[i] = z·ny + y. */
export interface Runs {
  readonly shape: Shape3;
  readonly count: number;
  readonly row: Int32Array;
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** Voxels in all runs. */
  readonly voxels: number;
}

/** Runs grouped by component, in the raster order of the components' first voxels. */
export interface Components {
  readonly count: number;
  /** Indices into the runs, component after component, each in raster order. */
  readonly runs: Int32Array;
  /** Component c has the runs from runs[start[c]] to before runs[start[c + 1]]. */
  readonly start: Int32Array;
}

const largestVolume = 2 ** 31 - 1;

class RunList {
  private row = new Int32Array(1024);
  private first = new Int32Array(1024);
  private end = new Int32Array(1024);
  private count = 0;
  private voxels = 0;

  add(row: number, first: number, end: number): void {
    if (this.count === this.row.length) {
      this.row = doubled(this.row);
      this.first = doubled(this.first);
      this.end = doubled(this.end);
    }
    this.row[this.count] = row;
    this.first[this.count] = first;
    this.end[this.count++] = end;
    this.voxels += end - first;
  }

  finish(shape: Shape3): Runs {
    const { count, voxels } = this;
    const whole = (array: Int32Array) => array.subarray(0, count);
    return { shape, count, voxels, row: whole(this.row), first: whole(this.first), end: whole(this.end) };
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/**
 * Finds the voxels strictly above a threshold, which is rounded to float32 as the voxels are: a voxel of 0.3 is not above
 * 0.3. Voxels of −Infinity are background.
 *
 * @throws PickbenchError NotFinite at the first voxel that is NaN or +Infinity, with its z, y, x; Unsupported for a volume
 * of 2³¹ voxels or more
 */
export function runsAbove(volume: Volume, threshold: number): Runs {
  const { data, shape } = volume;
  checkSize(shape, data.length);
  const limit = Math.fround(threshold);
  const rows = shape[0] * shape[1];
  const width = shape[2];
  const list = new RunList();
  for (let row = 0; row < rows; row++) {
    const base = row * width;
    const stop = base + width;
    let index = base;
    for (;;) {
      index = skipBackground(data, index, stop, limit);
      if (index === stop) break;
      const first = index;
      while (index < stop && data[index]! > limit && data[index]! < Number.POSITIVE_INFINITY) index++;
      if (index === first) throw notFinite(data[index]!, index, shape);
      list.add(row, first - base, index - base);
    }
  }
  return list.finish(shape);
}

/**
 * Finds the voxels of a mask (z, y, x) that are not 0.
 *
 * @throws PickbenchError Unsupported for a volume of 2³¹ voxels or more
 */
export function runsOfMask(mask: Uint8Array, shape: Shape3): Runs {
  checkSize(shape, mask.length);
  const width = shape[2];
  const list = new RunList();
  let index = nextSet(mask, 0);
  while (index < mask.length) {
    const row = Math.floor(index / width);
    const first = index;
    const stop = (row + 1) * width;
    while (index < stop && mask[index] !== 0) index++;
    list.add(row, first - row * width, index - row * width);
    index = nextSet(mask, index);
  }
  return list.finish(shape);
}

/** Returns the first index from `start` on that is not 0, or the length. */
function nextSet(mask: Uint8Array, start: number): number {
  let i = start;
  while (i < mask.length && mask[i] === 0) i++;
  return i;
}

/** Finds the voxels strictly above a higher threshold among `runs` of the same volume. */
export function runsWithin(runs: Runs, data: Float32Array, threshold: number): Runs {
  const limit = Math.fround(threshold);
  const width = runs.shape[2];
  const list = new RunList();
  for (let run = 0; run < runs.count; run++) {
    const row = runs.row[run]!;
    const base = row * width;
    const stop = base + runs.end[run]!;
    let index = base + runs.first[run]!;
    for (;;) {
      index = skipBackground(data, index, stop, limit);
      if (index === stop) break;
      const first = index;
      while (index < stop && data[index]! > limit) index++;
      list.add(row, first - base, index - base);
    }
  }
  return list.finish(runs.shape);
}

/** Returns the first index that is not background, or `stop`; tests eight voxels at a time, which halves the time. */
function skipBackground(data: Float32Array, start: number, stop: number, limit: number): number {
  let i = start;
  while (
    i + 8 <= stop &&
    data[i]! <= limit &&
    data[i + 1]! <= limit &&
    data[i + 2]! <= limit &&
    data[i + 3]! <= limit &&
    data[i + 4]! <= limit &&
    data[i + 5]! <= limit &&
    data[i + 6]! <= limit &&
    data[i + 7]! <= limit
  )
    i += 8;
  while (i < stop && data[i]! <= limit) i++;
  return i;
}

function checkSize(shape: Shape3, length: number): void {
  const count = voxelCount(shape);
  if (count !== length) {
    throw new Error(`a volume of shape ${shape.join("×")} must have ${count} voxels, got ${length}`);
  }
  if (count > largestVolume) {
    throw new PickbenchError(
      "Unsupported",
      `picking takes volumes of up to ${largestVolume} voxels, got ${shape.join("×")} = ${count}: pick from a coarser level`,
    );
  }
}

function notFinite(value: number, index: number, shape: Shape3): PickbenchError {
  const x = index % shape[2];
  const y = Math.floor(index / shape[2]) % shape[1];
  const z = Math.floor(index / (shape[1] * shape[2]));
  return new PickbenchError(
    "NotFinite",
    `the volume to pick from holds ${value} at z,y,x = ${z},${y},${x}, wanted finite numbers: predict it anew`,
  );
}

/** Joins runs whose voxels touch by a face, an edge or a corner. */
export function connectedComponents(runs: Runs): Components {
  const [depth, height] = runs.shape;
  const parent = new Int32Array(runs.count);
  for (let run = 0; run < runs.count; run++) parent[run] = run;
  const rowStart = startsOfRows(runs);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = z * height + y;
      if (rowStart[row] === rowStart[row + 1]) continue;
      if (y > 0) joinRows(runs, rowStart, parent, row, row - 1);
      if (z === 0) continue;
      const above = row - height;
      if (y > 0) joinRows(runs, rowStart, parent, row, above - 1);
      joinRows(runs, rowStart, parent, row, above);
      if (y + 1 < height) joinRows(runs, rowStart, parent, row, above + 1);
    }
  }
  return groupByRoot(parent);
}

/** Returns the index of each row's first run, and at the end the count of runs. */
export function startsOfRows(runs: Runs): Int32Array {
  const starts = new Int32Array(runs.shape[0] * runs.shape[1] + 1);
  for (let run = 0; run < runs.count; run++) starts[runs.row[run]! + 1]!++;
  for (let row = 1; row < starts.length; row++) starts[row]! += starts[row - 1]!;
  return starts;
}

function joinRows(runs: Runs, rowStart: Int32Array, parent: Int32Array, row: number, other: number): void {
  const { first, end } = runs;
  let a = rowStart[row]!;
  let b = rowStart[other]!;
  const lastA = rowStart[row + 1]!;
  const lastB = rowStart[other + 1]!;
  while (a < lastA && b < lastB) {
    if (first[a]! <= end[b]! && first[b]! <= end[a]!) join(parent, a, b);
    if (end[a]! < end[b]!) a++;
    else b++;
  }
}

/** Joins two runs; the smaller index becomes the root, so that a root is its component's first run. */
export function join(parent: Int32Array, a: number, b: number): void {
  const rootA = rootOf(parent, a);
  const rootB = rootOf(parent, b);
  if (rootA < rootB) parent[rootB] = rootA;
  else parent[rootA] = rootB;
}

/** Returns the root of a run, halving the path to it. */
export function rootOf(parent: Int32Array, run: number): number {
  let at = run;
  while (parent[at] !== at) {
    const above = parent[parent[at]!]!;
    parent[at] = above;
    at = above;
  }
  return at;
}

function groupByRoot(parent: Int32Array): Components {
  const component = new Int32Array(parent.length);
  let count = 0;
  for (let run = 0; run < parent.length; run++) {
    const root = rootOf(parent, run);
    component[run] = root === run ? count++ : component[root]!;
  }
  const start = new Int32Array(count + 1);
  for (const owner of component) start[owner + 1]!++;
  for (let c = 0; c < count; c++) start[c + 1]! += start[c]!;
  const next = start.slice(0, count);
  const grouped = new Int32Array(parent.length);
  for (let run = 0; run < parent.length; run++) grouped[next[component[run]!]!++] = run;
  return { count, runs: grouped, start };
}

/** Returns the smallest box around component c. */
export function boxOf(runs: Runs, components: Components, c: number): Box {
  const height = runs.shape[1];
  const low = [runs.shape[0], height, runs.shape[2]] as [number, number, number];
  const high = [0, 0, 0] as [number, number, number];
  for (let i = components.start[c]!; i < components.start[c + 1]!; i++) {
    const run = components.runs[i]!;
    const z = Math.floor(runs.row[run]! / height);
    const y = runs.row[run]! - z * height;
    low[0] = Math.min(low[0], z);
    low[1] = Math.min(low[1], y);
    low[2] = Math.min(low[2], runs.first[run]!);
    high[0] = Math.max(high[0], z + 1);
    high[1] = Math.max(high[1], y + 1);
    high[2] = Math.max(high[2], runs.end[run]!);
  }
  return { start: low, end: high };
}

/** A box around a part of the foreground, with a margin of one voxel on every side, even outside the volume. */
export interface Frame {
  /** Volume indices of the frame's first voxel. */
  readonly origin: Shape3;
  readonly shape: Shape3;
  readonly size: number;
}

/** Pads a box to a frame. */
export function frameAround({ start, end }: Box): Frame {
  const shape = [end[0] - start[0] + 2, end[1] - start[1] + 2, end[2] - start[2] + 2] as const;
  return { origin: [start[0] - 1, start[1] - 1, start[2] - 1], shape, size: voxelCount(shape) };
}

/** Calls `visit` for each run of a part with the run's index, its flat index in the frame, and z and y in the volume. */
export function eachRun(
  runs: Runs,
  parts: Components,
  part: number,
  { origin, shape }: Frame,
  visit: (run: number, local: number, z: number, y: number) => void,
): void {
  const height = runs.shape[1];
  for (let i = parts.start[part]!; i < parts.start[part + 1]!; i++) {
    const run = parts.runs[i]!;
    const z = Math.floor(runs.row[run]! / height);
    const y = runs.row[run]! - z * height;
    visit(run, ((z - origin[0]) * shape[1] + y - origin[1]) * shape[2] + runs.first[run]! - origin[2], z, y);
  }
}

/** Converts a flat index in the frame to one in the volume. */
export function volumeIndex(local: number, { origin, shape }: Frame, volume: Shape3): number {
  const row = Math.floor(local / shape[2]);
  const z = Math.floor(row / shape[1]);
  const y = row - z * shape[1];
  const x = local - row * shape[2];
  return ((z + origin[0]) * volume[1] + y + origin[1]) * volume[2] + x + origin[2];
}

/** Returns the part of a frame inside the volume, in the frame's indices. */
export function insideVolume({ origin, shape }: Frame, volume: Shape3): Box {
  const start = (axis: 0 | 1 | 2) => (origin[axis] < 0 ? 1 : 0);
  const end = (axis: 0 | 1 | 2) => shape[axis] - (origin[axis] + shape[axis] > volume[axis] ? 1 : 0);
  return { start: [start(0), start(1), start(2)], end: [end(0), end(1), end(2)] };
}
