/**
 * Local maxima of heat maps: the voxels that no voxel in a ball-shaped window exceeds. Equal voxels that touch are one
 * plateau with one peak at its centroid; a single voxel's peak is refined by a quadratic fit. Below, the counting of
 * votes, which turns a network's offsets to particle centres into heat maps.
 */

import { offsetUnit } from "../../data/patches/offsets.js";
import { angstrom } from "../../domain/units.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import type { Runs } from "./components.js";
import { type AxisWeights, axisWeights } from "./distanceTransform.js";
import { keepSpaced } from "./spacing.js";
import { type BallWindow, ballWindow, isWindowMaximum } from "./window.js";

/** A local maximum. */
interface Peak {
  /** Continuous indices z, y, x, at most half a voxel from the maximum, or a plateau's centroid. */
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly value: number;
  /** Voxels of the plateau, 1 for a single voxel. */
  readonly voxels: number;
  /** Flat index of the first voxel, which is unique and so decides every tie. */
  readonly anchor: number;
}

/** Radius of a ball with the 26 touching voxels and no others. */
const touchingRadius = 1.75;

/**
 * Finds the peaks among the foreground's voxels.
 *
 * @param radius radius of the window in voxels of the finest axis
 * @returns peaks, the greatest first, ties by flat index; of equal peaks within one window only the first
 */
export function findPeaks(volume: Volume, runs: Runs, radius: number): Peak[] {
  const weights = axisWeights(volume.spacing);
  const search: Search = {
    volume,
    window: ballWindow(radius, weights, volume.shape),
    touching: ballWindow(touchingRadius, [1, 1, 1], volume.shape),
    visited: new Uint8Array(volume.data.length),
  };
  const peaks: Peak[] = [];
  const [, height, width] = volume.shape;
  for (let run = 0; run < runs.count; run++) {
    const row = runs.row[run]!;
    const z = Math.floor(row / height);
    const y = row - z * height;
    for (let x = runs.first[run]!; x < runs.end[run]!; x++) {
      if (search.visited[row * width + x] || !isWindowMaximum(volume.data, search.touching, z, y, x))
        continue;
      const peak = peakAt(search, row * width + x);
      if (peak) peaks.push(peak);
    }
  }
  peaks.sort((a, b) => b.value - a.value || a.anchor - b.anchor);
  return firstOfTies(peaks, volume.shape, weights, radius);
}

interface Search {
  readonly volume: Volume;
  readonly window: BallWindow;
  readonly touching: BallWindow;
  readonly visited: Uint8Array;
}

/**
 * Floods a voxel's plateau and returns its peak; undefined where a voxel in a window is greater. Only voxels at the
 * plateau's rim are tried: on the way from an inner voxel to a greater one in its window, the plateau's last voxel is
 * nearer to the greater one.
 */
function peakAt({ volume, window, touching, visited }: Search, anchor: number): Peak | undefined {
  const { data, shape } = volume;
  const value = data[anchor]!;
  const sums = [0, 0, 0] as [number, number, number];
  let voxels = 0;
  let isMaximum = true;
  visited[anchor] = 1;
  const stack = [anchor];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const place = placeOf(at, shape);
    voxels++;
    for (const axis of [0, 1, 2] as const) sums[axis] += place[axis];
    let atRim = false;
    for (let i = 0; i < touching.flat.length; i++) {
      if (!isInside(place, touching, i)) continue;
      const near = at + touching.flat[i]!;
      if (data[near] !== value) atRim = true;
      else if (!visited[near]) {
        visited[near] = 1;
        stack.push(near);
      }
    }
    if (atRim && isMaximum) isMaximum = isWindowMaximum(data, window, ...place);
  }
  if (!isMaximum) return undefined;
  const [z, y, x] = voxels === 1 ? quadraticPeak(volume, anchor) : sums.map((sum) => sum / voxels);
  return { z: z!, y: y!, x: x!, value, voxels, anchor };
}

function placeOf(index: number, shape: Shape3): [number, number, number] {
  const row = Math.floor(index / shape[2]);
  return [Math.floor(row / shape[1]), row % shape[1], index % shape[2]];
}

function isInside([z, y, x]: Shape3, { shape, dz, dy, dx }: BallWindow, i: number): boolean {
  const atZ = z + dz[i]!;
  const atY = y + dy[i]!;
  const atX = x + dx[i]!;
  return atZ >= 0 && atY >= 0 && atX >= 0 && atZ < shape[0] && atY < shape[1] && atX < shape[2];
}

/** Refines a maximum by the parabola through the voxel and its neighbours, axis by axis; no shift at a face. */
function quadraticPeak({ data, shape }: Volume, index: number): [number, number, number] {
  const place = placeOf(index, shape);
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  const along = (axis: 0 | 1 | 2): number => {
    if (place[axis] === 0 || place[axis] === shape[axis] - 1) return place[axis];
    const before = data[index - strides[axis]]!;
    const after = data[index + strides[axis]]!;
    const shift = (before - after) / (2 * (before + after - 2 * data[index]!));
    return place[axis] + (Number.isFinite(shift) ? Math.min(0.5, Math.max(-0.5, shift)) : 0);
  };
  return [along(0), along(1), along(2)];
}

/** Keeps the first of peaks within one window, which can only be equal. */
function firstOfTies(peaks: readonly Peak[], shape: Shape3, weights: AxisWeights, radius: number): Peak[] {
  const placed = peaks.map((peak) => {
    const [z, y, x] = placeOf(peak.anchor, shape);
    const scaled = (index: number, weight: number) => angstrom(index * Math.sqrt(weight));
    return { peak, z: scaled(z, weights[0]), y: scaled(y, weights[1]), x: scaled(x, weights[2]) };
  });
  return keepSpaced(placed, radius * (1 + 1e-9)).map(({ peak }) => peak);
}

/** Radius of each type's ball in Å, by class of the network; null where the class is not picked. */
export type BallRadii = readonly (number | null)[];

/** Standard deviation, in voxels, of the Gaussian by which a vote spreads; it is cut off at `reach` voxels. */
const width = 1.25;
const reach = 3;
/** Least probability of a voxel that votes. */
const least = 0.05;

interface VoteOptions {
  readonly radii: BallRadii;
  /** Voxel spacing of the patch in Å. */
  readonly spacing: number;
  /** Sizes of the patch along z, y, x. */
  readonly patch: Shape3;
  /** Patch voxels per output voxel along every axis. */
  readonly stride: number;
}

/**
 * Converts a network's output (z/stride, classes + 3, y/stride, x/stride) to votes (z, classes, y, x). Each output voxel
 * votes for the place that its offset points at, weighted by the probability of the type, as in Hough voting (Ballard
 * 1981; anchor-free detection with learned offsets). Where all voxels of a particle's ball have probability 1 and agree
 * on the centre, the value there is 1.
 */
export function countVotes(
  output: Float32Array,
  { radii, spacing, patch, stride }: VoteOptions,
): Float32Array {
  const classes = radii.length;
  const [depth, height, columns] = [patch[0] / stride, patch[1] / stride, patch[2] / stride];
  const plane = height * columns;
  const votes = new Float32Array(classes * patch[0] * patch[1] * patch[2]);
  const share = radii.map((radius) =>
    radius === null ? 0 : 1 / Math.max(1, (4 / 3) * Math.PI * (radius / (spacing * stride)) ** 3),
  );
  for (let z = 0; z < depth; z++) {
    const slice = z * (classes + 3) * plane;
    for (let kind = 0; kind < classes; kind++) {
      if (radii[kind] === null) continue;
      for (let at = 0; at < plane; at++) {
        const probability = output[slice + kind * plane + at]!;
        if (!(probability >= least)) continue;
        const way = (axis: number) => output[slice + (classes + axis) * plane + at]! * offsetUnit;
        const middle = (index: number) => index * stride + (stride - 1) / 2;
        const y = Math.floor(at / columns);
        const place = [middle(z) + way(0), middle(y) + way(1), middle(at - y * columns) + way(2)] as const;
        cast(votes, classes, kind, patch, place, probability * share[kind]!);
      }
    }
  }
  return votes;
}

function cast(
  votes: Float32Array,
  classes: number,
  kind: number,
  [depth, height, columns]: Shape3,
  [cz, cy, cx]: readonly [number, number, number],
  weight: number,
): void {
  const fall = (distance: number) => Math.exp((-distance * distance) / (2 * width * width));
  const low = (centre: number) => Math.max(0, Math.ceil(centre - reach));
  const high = (centre: number, size: number) => Math.min(size - 1, Math.floor(centre + reach));
  for (let z = low(cz); z <= high(cz, depth); z++) {
    const alongZ = weight * fall(z - cz);
    for (let y = low(cy); y <= high(cy, height); y++) {
      const alongY = alongZ * fall(y - cy);
      const row = ((z * classes + kind) * height + y) * columns;
      for (let x = low(cx); x <= high(cx, columns); x++) votes[row + x]! += alongY * fall(x - cx);
    }
  }
}
