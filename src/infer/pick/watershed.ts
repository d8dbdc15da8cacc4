/**
 * Watershed: splits the foreground into groups, one a local maximum of the distance transform, component by component.
 *
 * A component is solved in its own box grown by one voxel, with the same result as in the whole volume: let b be the
 * background voxel nearest to a voxel v of component C. Every voxel nearer to v than b is foreground, so a step from b
 * towards v meets foreground that is joined to v, hence C: b touches C and lies in the grown box. The flooding never
 * leaves a component, since it goes from face to face inside the foreground; so components may as well share a box.
 *
 * Markers, flooding order and ties follow scikit-image's `watershed(-distance, markers, mask=mask)`: markers are the
 * voxels that are greatest in a ball-shaped window, joined where they touch; voxels are taken by (distance, age,
 * index), greatest and oldest first, and pass their label on through their faces.
 */

import { axisWeights } from "../../domain/distanceTransform.js";
import {
  boxOf,
  type Components,
  connectedComponents,
  eachRun,
  type Frame,
  frameAround,
  type Runs,
  startsOfRows,
  volumeIndex,
} from "../../domain/morphology/components.js";
import type { Symmetric3 } from "../../domain/principalAxes.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import { foregroundLevels } from "./levels.js";
import { addProducts, covarianceOf } from "./orientation.js";
import { isRunMaximum, ownersOfRows, type RunWindow, runWindow, stepsInBox } from "./window.js";

/** The voxels that belong to one local maximum of the distance transform. */
interface Group {
  /** Centroid of the voxels, as continuous indices z, y, x. */
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly voxels: number;
  /** Sum of the volume's values over the group's voxels. */
  readonly weight: number;
  /** Flat index of the maximum's first voxel, which is unique and so decides every tie. */
  readonly anchor: number;
  /** Covariance in Å² of the points of the voxels, which are boxes; where it was asked for. */
  readonly covariance?: Symmetric3;
}

/** Data that all parts of the foreground share; a part is a component, or all components together. */
interface Work {
  readonly volume: Volume;
  readonly runs: Runs;
  readonly parts: Components;
  readonly window: RunWindow;
  readonly field: Field;
  readonly hasMoments: boolean;
}

/**
 * Limit, in volumes, of all components' boxes together. Boxes may overlap, as those of slanting rods do; above the limit
 * one box holds all components, so that time and memory stay linear in the volume.
 */
const volumesInBoxes = 2;

/**
 * Splits the foreground into groups.
 *
 * @param windowRadius radius of the markers' ball in voxels of the finest axis
 * @param labels flat array (z, y, x) of zeros that receives each voxel's index in the result plus one; a piece of
 *   foreground whose maximum lies in the window of a greater one, and which no group reaches through faces, keeps 0
 * @param hasMoments whether groups have their covariance
 */
export function watershedGroups(
  volume: Volume,
  runs: Runs,
  windowRadius: number,
  labels?: Int32Array,
  hasMoments = false,
): Group[] {
  if (runs.voxels === volume.data.length) return wholeVolume(volume, labels);
  const { parts, largest } = partsOf(runs);
  const weights = axisWeights(volume.spacing);
  const memory = new ArrayBuffer(largest * 8);
  const levels = foregroundLevels(runs, parts, weights, new Float32Array(memory, 0, largest));
  const work: Work = {
    ...{ volume, runs, parts, hasMoments },
    window: runWindow(windowRadius, weights, {
      runs,
      rowStart: startsOfRows(runs),
      rowOwner: ownersOfRows(runs, parts),
      levels,
    }),
    field: { voxels: new Int32Array(memory), ends: new Int32Array(2 * (levels.highest + 1)).fill(-1) },
  };
  const groups: Group[] = [];
  for (let part = 0; part < parts.count; part++) {
    const frame = frameAround(boxOf(runs, parts, part));
    const anchors = splitPart(work, part, frame);
    if (labels) copyLabels(work, part, frame, groups.length, labels);
    sumGroups(work, part, frame, anchors, groups);
  }
  return groups;
}

/** Returns foreground without any background as one group. */
function wholeVolume({ data, shape }: Volume, labels: Int32Array | undefined): Group[] {
  labels?.fill(1);
  let weight = 0;
  for (let i = 0; i < data.length; i++) weight += data[i]!;
  const middle = (axis: 0 | 1 | 2) => (shape[axis] - 1) / 2;
  return [{ z: middle(0), y: middle(1), x: middle(2), voxels: data.length, weight, anchor: 0 }];
}

/** Returns the components, or all of them as one part, and the voxels of the largest part's frame. */
function partsOf(runs: Runs): { parts: Components; largest: number } {
  const parts = connectedComponents(runs);
  const most = volumesInBoxes * frameAround({ start: [0, 0, 0], end: runs.shape }).size;
  let largest = 0;
  let total = 0;
  for (let part = 0; part < parts.count; part++) {
    const { size } = frameAround(boxOf(runs, parts, part));
    largest = Math.max(largest, size);
    total += size;
  }
  return total > most ? allTogether(runs) : { parts, largest };
}

function allTogether(runs: Runs): { parts: Components; largest: number } {
  const parts = {
    count: 1,
    runs: Int32Array.from({ length: runs.count }, (_, run) => run),
    start: Int32Array.of(0, runs.count),
  };
  return { parts, largest: frameAround(boxOf(runs, parts, 0)).size };
}

/** Labels a part's voxels 1, 2, … in the field; returns the index of each label's maximum in the frame, in order. */
function splitPart(work: Work, part: number, frame: Frame): number[] {
  const { runs, parts, window, field } = work;
  const { voxels } = field;
  const { values, start } = window.levels;
  voxels.fill(0, 0, 2 * frame.size);
  eachRun(runs, parts, part, frame, (run, local) => {
    const length = runs.end[run]! - runs.first[run]!;
    const from = start[run]!;
    for (let i = 0; i < length; i++) voxels[2 * (local + i)] = values[from + i]!;
  });
  const markers = findMarkers(work, part, frame);
  const anchors = joinMarkers(field, markers, frame.shape);
  flood(field, markers, frame.shape);
  return anchors;
}

/**
 * Finds the voxels whose level is the highest in their window and marks them in the field. Voxels of other parts count
 * too, but are searched only where the part's own voxels leave the answer open.
 */
function findMarkers(work: Work, part: number, frame: Frame): number[] {
  const { runs, parts, window, field } = work;
  const { voxels } = field;
  const markers: number[] = [];
  const { origin, shape } = frame;
  const { near, whole } = stepsInBox(window, shape);
  const { reach } = window.ball;
  const isDeep = (axis: 0 | 1 | 2, at: number) =>
    at - origin[axis] >= reach[axis] && at - origin[axis] < shape[axis] - reach[axis];
  eachRun(runs, parts, part, frame, (run, local, z, y) => {
    const first = runs.first[run]!;
    const length = runs.end[run]! - first;
    const isRowDeep = isDeep(0, z) && isDeep(1, y);
    for (let i = 0; i < length; i++) {
      const at = local + i;
      const isTried = isRowDeep && isDeep(2, first + i);
      if (!isHighest(voxels, at, isTried ? whole : near)) continue;
      if (isRunMaximum(window, z, y, first + i, voxels[2 * at]!, isTried ? part : -1)) {
        voxels[2 * at + 1] = -1;
        markers.push(at);
      }
    }
  });
  return markers;
}

/** Tells whether no voxel at these steps has a higher level. */
function isHighest(voxels: Int32Array, at: number, steps: Int32Array): boolean {
  const level = voxels[2 * at]!;
  for (let i = 0; i < steps.length; i++) if (voxels[2 * (at + steps[i]!)]! > level) return false;
  return true;
}

function copyLabels(
  { runs, parts, field: { voxels } }: Work,
  part: number,
  frame: Frame,
  before: number,
  target: Int32Array,
): void {
  const width = runs.shape[2];
  eachRun(runs, parts, part, frame, (run, local) => {
    const first = runs.first[run]!;
    const length = runs.end[run]! - first;
    const index = runs.row[run]! * width + first;
    for (let i = 0; i < length; i++) {
      const label = voxels[2 * (local + i) + 1]!;
      if (label > 0) target[index + i] = before + label;
    }
  });
}

/** Sums of a group's voxels, of their values and indices; and of the indices' products, where they are asked for. */
const sumsAlone = 5;
const sumsWithMoments = 11;

function sumGroups(
  work: Work,
  part: number,
  frame: Frame,
  anchors: readonly number[],
  groups: Group[],
): void {
  const { runs, parts, hasMoments } = work;
  const { voxels } = work.field;
  const { data, shape, spacing } = work.volume;
  const size = hasMoments ? sumsWithMoments : sumsAlone;
  const sums = new Float64Array(size * (anchors.length + 1));
  eachRun(runs, parts, part, frame, (run, local, z, y) => {
    const first = runs.first[run]!;
    const length = runs.end[run]! - first;
    const index = runs.row[run]! * shape[2] + first;
    for (let i = 0; i < length; i++) {
      const at = size * voxels[2 * (local + i) + 1]!;
      sums[at]!++;
      sums[at + 1]! += data[index + i]!;
      sums[at + 2]! += z;
      sums[at + 3]! += y;
      sums[at + 4]! += first + i;
      if (hasMoments) addProducts(sums, at + sumsAlone, z, y, first + i);
    }
  });
  anchors.forEach((anchor, i) => {
    const at = size * (i + 1);
    const count = sums[at]!;
    groups.push({
      z: sums[at + 2]! / count,
      y: sums[at + 3]! / count,
      x: sums[at + 4]! / count,
      voxels: count,
      weight: sums[at + 1]!,
      anchor: volumeIndex(anchor, frame, shape),
      ...(hasMoments ? { covariance: covarianceOf(sums.subarray(at, at + size), spacing) } : {}),
    });
  });
}

/** Working memory of the flooding, for the largest frame, used by one part of the foreground after the other. */
interface Field {
  /**
   * Two numbers a voxel, side by side because the flood reads them together, flat (z, y, x) in the frame. The first is the
   * level from 1, 0 outside the part and on the frame's margin; for a voxel in the queue, the queue's link. The second is
   * the label from 1; −1 on markers before they are numbered, 0 elsewhere until the flood arrives.
   */
  readonly voxels: Int32Array;
  /** First and last voxel of each level's queue; −1 where it is empty, as all are after a flood. */
  readonly ends: Int32Array;
}

/** Link of a queue's last voxel; the link of another voxel is −2 minus its follower's index. */
const endOfList = -1;

/** Returns the differences of flat indices to the six voxels at the faces. */
function faceSteps([, height, width]: Shape3): Int32Array {
  return Int32Array.of(-height * width, -width, -1, 1, width, height * width);
}

/** Returns the differences of flat indices to the 26 voxels that touch by face, edge or corner. */
function touchingSteps([, height, width]: Shape3): Int32Array {
  const steps = new Int32Array(26);
  let filled = 0;
  for (let z = -1; z <= 1; z++)
    for (let y = -1; y <= 1; y++)
      for (let x = -1; x <= 1; x++)
        if (z !== 0 || y !== 0 || x !== 0) steps[filled++] = (z * height + y) * width + x;
  return steps;
}

/** Numbers the markers, touching ones (by face, edge or corner) alike; returns each number's first index. */
function joinMarkers({ voxels }: Field, markers: readonly number[], shape: Shape3): number[] {
  const anchors: number[] = [];
  const stack: number[] = [];
  const steps = touchingSteps(shape);
  for (const marker of markers) {
    if (voxels[2 * marker + 1] !== -1) continue;
    anchors.push(marker);
    voxels[2 * marker + 1] = anchors.length;
    stack.push(marker);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (let i = 0; i < 26; i++) {
        const near = at + steps[i]!;
        if (voxels[2 * near + 1] !== -1) continue;
        voxels[2 * near + 1] = anchors.length;
        stack.push(near);
      }
    }
  }
  return anchors;
}

/**
 * Spreads the labels from the markers, highest level first, within a level oldest first: one first-in-first-out queue a
 * level. A voxel's neighbour may have a higher level where the window suppressed a maximum.
 */
function flood({ voxels, ends }: Field, markers: readonly number[], shape: Shape3): void {
  const steps = faceSteps(shape);
  let level = 0;
  for (const marker of markers) {
    const own = voxels[2 * marker]!;
    enqueue(voxels, ends, marker, own);
    if (own > level) level = own;
  }
  while (level > 0) {
    const at = ends[2 * level]!;
    if (at === -1) {
      level--;
      continue;
    }
    const link = voxels[2 * at]!;
    ends[2 * level] = link === endOfList ? -1 : -2 - link;
    const label = voxels[2 * at + 1]!;
    for (let i = 0; i < 6; i++) {
      const neighbour = at + steps[i]!;
      const reached = voxels[2 * neighbour]!;
      if (reached <= 0) continue;
      voxels[2 * neighbour + 1] = label;
      enqueue(voxels, ends, neighbour, reached);
      if (reached > level) level = reached;
    }
  }
}

function enqueue(voxels: Int32Array, ends: Int32Array, at: number, level: number): void {
  voxels[2 * at] = endOfList;
  if (ends[2 * level] === -1) ends[2 * level] = at;
  else voxels[2 * ends[2 * level + 1]!] = -2 - at;
  ends[2 * level + 1] = at;
}
