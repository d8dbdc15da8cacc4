/**
 * Splits the foreground into groups, one a local maximum of the distance transform, component by component.
 *
 * A component is solved in its own box grown by one voxel, which gives what the whole volume would: let b be the
 * background voxel nearest to a voxel v of component C. Every voxel nearer to v than b is foreground, so a step from b
 * towards v meets foreground that is joined to v, hence C: b touches C and lies in the grown box. The flooding never
 * leaves a component, as it goes from face to face inside the foreground.
 *
 * Markers, flooding order and ties follow scikit-image's `watershed(-distance, markers, mask=mask)`: markers are the
 * voxels that are greatest in a ball-shaped window, joined where they touch; voxels are taken by (distance, age,
 * index), greatest and oldest first, and hand their label through their faces.
 */
import type { Box, Shape3, Volume } from "../volume.js";
import { voxelCount } from "../volume.js";
import { boxOf, type Components, connectedComponents, type Runs } from "./components.js";
import { type AxisWeights, axisWeights, transformInPlace } from "./distanceTransform.js";
import { type FloodArrays, flood, joinMarkers, type Markers } from "./pickFlood.js";
import { type BallWindow, ballWindow, isWindowMaximum } from "./pickWindow.js";

/** The voxels that belong to one local maximum of the distance transform. */
export interface Group {
  /** Centroid of its voxels, continuous indices. */
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly voxels: number;
  /** Sum of the volume's values over its voxels. */
  readonly weight: number;
  /** Flat index of its maximum's first voxel; unique, so it settles every tie. */
  readonly anchor: number;
}

/** Flat z,y,x arrays of the volume's size, all zeros, that a caller may give. */
export interface WatershedArrays {
  /**
   * Receives each voxel's group number from 1. A piece of foreground whose maximum lies in the window of a greater one,
   * and which no group reaches through faces, belongs to none and keeps 0.
   */
  readonly labels?: Int32Array;
  /** Memory to work in, zeros again afterwards: spares fresh memory for each of many calls. */
  readonly distances?: Float32Array;
}

/** One component's padded box: a margin of one voxel on every side, outside the volume too. */
interface Frame {
  /** Volume indices of the frame's first voxel. */
  readonly origin: Shape3;
  readonly shape: Shape3;
  readonly size: number;
}

/** Memory for the largest frame, used by one component after the other. */
interface Scratch extends FloodArrays {
  /** Squared distances while they are made; the same memory as the levels. */
  readonly distances: Float32Array;
}

/** What all components share. */
interface Work {
  readonly volume: Volume;
  readonly runs: Runs;
  readonly components: Components;
  readonly weights: AxisWeights;
  readonly window: BallWindow;
  /** Squared distances of the whole volume; memory is touched only where there is foreground. */
  readonly squared: Float32Array;
  readonly scratch: Scratch;
}

/**
 * @param windowRadius of the markers' ball, in voxels of the finest axis
 * @returns groups in the raster order of their components, then of their markers
 */
export function watershedGroups(
  volume: Volume,
  runs: Runs,
  windowRadius: number,
  { labels, distances }: WatershedArrays = {},
): Group[] {
  const components = connectedComponents(runs);
  const frames: Frame[] = [];
  for (let c = 0; c < components.count; c++) frames.push(frameAround(boxOf(runs, components, c)));
  const weights = axisWeights(volume.spacing);
  const work: Work = {
    volume,
    runs,
    components,
    weights,
    window: ballWindow(windowRadius, weights, volume.shape),
    squared: distances ?? new Float32Array(voxelCount(volume.shape)),
    scratch: newScratch(frames.reduce((largest, frame) => Math.max(largest, frame.size), 0)),
  };
  for (let c = 0; c < components.count; c++) measureComponent(work, c, frames[c]!);
  const groups: Group[] = [];
  for (let c = 0; c < components.count; c++) {
    const anchors = splitComponent(work, c, frames[c]!);
    if (labels) copyLabels(work, c, frames[c]!, groups.length, labels);
    for (const group of sumGroups(work, c, frames[c]!, anchors)) groups.push(group);
  }
  if (distances) {
    for (let c = 0; c < components.count; c++) {
      eachRun(work, c, frames[c]!, (_l, index, _z, _y, _x, length) =>
        distances.fill(0, index, index + length),
      );
    }
  }
  return groups;
}

function frameAround({ start, end }: Box): Frame {
  const shape = [end[0] - start[0] + 2, end[1] - start[1] + 2, end[2] - start[2] + 2] as const;
  return { origin: [start[0] - 1, start[1] - 1, start[2] - 1], shape, size: voxelCount(shape) };
}

function newScratch(size: number): Scratch {
  const shared = new ArrayBuffer(size * 4);
  return {
    distances: new Float32Array(shared),
    levels: new Int32Array(shared),
    labels: new Int32Array(size),
    next: new Int32Array(size),
  };
}

/** Calls `visit` for each run of a component with its place: in the frame, in the volume, z, y, first x and length. */
function eachRun(
  { runs, components }: Work,
  c: number,
  { origin, shape }: Frame,
  visit: (local: number, index: number, z: number, y: number, x: number, length: number) => void,
): void {
  const [, height, width] = runs.shape;
  for (let i = components.start[c]!; i < components.start[c + 1]!; i++) {
    const run = components.runs[i]!;
    const row = runs.row[run]!;
    const z = Math.floor(row / height);
    const y = row - z * height;
    const x = runs.first[run]!;
    const local = ((z - origin[0]) * shape[1] + y - origin[1]) * shape[2] + x - origin[2];
    visit(local, row * width + x, z, y, x, runs.end[run]! - x);
  }
}

/** Writes a component's squared distances into the volume's. */
function measureComponent(work: Work, c: number, frame: Frame): void {
  const { distances } = work.scratch;
  distances.fill(0, 0, frame.size);
  eachRun(work, c, frame, (local, _index, _z, _y, _x, length) => {
    distances.fill(Number.POSITIVE_INFINITY, local, local + length);
  });
  transformInPlace(distances, frame.shape, insideVolume(frame, work.volume.shape), work.weights);
  eachRun(work, c, frame, (local, index, _z, _y, _x, length) => {
    for (let i = 0; i < length; i++) work.squared[index + i] = distances[local + i]!;
  });
}

/** The part of a frame that lies inside the volume, in the frame's indices. */
function insideVolume({ origin, shape }: Frame, volume: Shape3): Box {
  const start = (axis: 0 | 1 | 2) => (origin[axis] < 0 ? 1 : 0);
  const end = (axis: 0 | 1 | 2) => shape[axis] - (origin[axis] + shape[axis] > volume[axis] ? 1 : 0);
  return { start: [start(0), start(1), start(2)], end: [end(0), end(1), end(2)] };
}

/** Labels a component's voxels 1, 2, … in the frame; returns the anchors of the labels, in order. */
function splitComponent(work: Work, c: number, frame: Frame): number[] {
  const { labels } = work.scratch;
  labels.fill(0, 0, frame.size);
  const firstVoxel = firstIndex(work, c);
  if (work.squared[firstVoxel] === Number.POSITIVE_INFINITY) {
    labelAll(work, c, frame);
    return [firstVoxel];
  }
  const highest = fillLevels(work, c, frame);
  const markers = findMarkers(work, c, frame);
  const anchors = joinMarkers(labels, markers, frame.shape);
  flood(work.scratch, markers.local, frame.shape, highest);
  return anchors;
}

function firstIndex({ runs, components }: Work, c: number): number {
  const run = components.runs[components.start[c]!]!;
  return runs.row[run]! * runs.shape[2] + runs.first[run]!;
}

/** Foreground without any background, which only a volume that is all foreground has, is one group. */
function labelAll(work: Work, c: number, frame: Frame): void {
  eachRun(work, c, frame, (local, _index, _z, _y, _x, length) => {
    work.scratch.labels.fill(1, local, local + length);
  });
}

/**
 * Flooding levels, integers from 1 in the order of the distances, 0 off the component; returns the highest. Equal
 * spacings have integer squared distances, which are levels already; others are ranked.
 */
function fillLevels(work: Work, c: number, frame: Frame): number {
  const { squared } = work;
  const { levels } = work.scratch;
  levels.fill(0, 0, frame.size);
  const ranked = work.weights.every((weight) => weight === 1) ? undefined : distinctDistances(work, c, frame);
  let highest = 0;
  eachRun(work, c, frame, (local, index, _z, _y, _x, length) => {
    for (let i = 0; i < length; i++) {
      const value = squared[index + i]!;
      const level = ranked ? rankOf(ranked, value) : value;
      levels[local + i] = level;
      if (level > highest) highest = level;
    }
  });
  return highest;
}

function distinctDistances(work: Work, c: number, frame: Frame): Float32Array {
  let voxels = 0;
  eachRun(work, c, frame, (_local, _index, _z, _y, _x, length) => {
    voxels += length;
  });
  const sorted = new Float32Array(voxels);
  let filled = 0;
  eachRun(work, c, frame, (_local, index, _z, _y, _x, length) => {
    sorted.set(work.squared.subarray(index, index + length), filled);
    filled += length;
  });
  sorted.sort();
  let distinct = 0;
  for (let i = 0; i < voxels; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[distinct++] = sorted[i]!;
  }
  return sorted.subarray(0, distinct);
}

/** 1 for the smallest of the sorted values. */
function rankOf(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}

/** Voxels whose distance is the greatest in their window; other components count too. Marks them −1 in the labels. */
function findMarkers(work: Work, c: number, frame: Frame): Markers {
  const { squared, window } = work;
  const { labels } = work.scratch;
  const markers: Markers = { local: [], index: [] };
  eachRun(work, c, frame, (local, index, z, y, x, length) => {
    for (let i = 0; i < length; i++) {
      if (!isWindowMaximum(squared, window, z, y, x + i)) continue;
      labels[local + i] = -1;
      markers.local.push(local + i);
      markers.index.push(index + i);
    }
  });
  return markers;
}

function copyLabels(work: Work, c: number, frame: Frame, before: number, target: Int32Array): void {
  const { labels } = work.scratch;
  eachRun(work, c, frame, (local, index, _z, _y, _x, length) => {
    for (let i = 0; i < length; i++) {
      const label = labels[local + i]!;
      if (label > 0) target[index + i] = before + label;
    }
  });
}

function sumGroups(work: Work, c: number, frame: Frame, anchors: readonly number[]): Group[] {
  const { labels } = work.scratch;
  const { data } = work.volume;
  const sums = Array.from({ length: 5 }, () => new Float64Array(anchors.length + 1));
  const [voxels, weight, sumZ, sumY, sumX] = sums as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  eachRun(work, c, frame, (local, index, z, y, x, length) => {
    for (let i = 0; i < length; i++) {
      const label = labels[local + i]!;
      voxels[label]!++;
      weight[label]! += data[index + i]!;
      sumZ[label]! += z;
      sumY[label]! += y;
      sumX[label]! += x + i;
    }
  });
  return anchors.map((anchor, i) => {
    const count = voxels[i + 1]!;
    return {
      z: sumZ[i + 1]! / count,
      y: sumY[i + 1]! / count,
      x: sumX[i + 1]! / count,
      voxels: count,
      weight: weight[i + 1]!,
      anchor,
    };
  });
}
