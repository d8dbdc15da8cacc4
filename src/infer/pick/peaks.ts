/**
 * Local maxima of a heat map: the voxels that nothing in a ball-shaped window exceeds. Equal voxels that touch are one
 * plateau and give one peak at its centroid; a single voxel's peak is moved off the grid by a quadratic fit.
 */

import { offsetUnit } from "../../data/patches/offsets.js";
import { angstrom } from "../../domain/units.js";
import type { Shape3, Volume } from "../../domain/volume.js";
import type { Runs } from "./components.js";
import { type AxisWeights, axisWeights } from "./distanceTransform.js";
import { keepSpaced } from "./spacing.js";
import { type BallWindow, ballWindow, isWindowMaximum } from "./window.js";

interface Peak {
  /** Continuous indices, at most half a voxel off the greatest one. */
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly value: number;
  /** Voxels of the plateau, 1 for a proper maximum. */
  readonly voxels: number;
  /** Flat index of its first voxel; unique, so it settles every tie. */
  readonly anchor: number;
}

/** Radius that holds the 26 touching voxels and no other. */
const touchingRadius = 1.75;

/**
 * @param radius of the window, in voxels of the finest axis
 * @returns the greatest first, ties by flat index; of peaks that tie within one window, the first
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
 * Floods the plateau that holds a voxel; undefined if something near it is greater. Only voxels at the plateau's rim
 * are tried: on the way from an inner voxel to a greater one in its window, the plateau's last voxel is nearer to it.
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

/** Vertex of the parabola through a voxel and its two neighbours, axis by axis; no shift along an axis at its face. */
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

/** Two peaks within one window can only be equal; the one that comes first stays. */
function firstOfTies(peaks: readonly Peak[], shape: Shape3, weights: AxisWeights, radius: number): Peak[] {
  const placed = peaks.map((peak) => {
    const [z, y, x] = placeOf(peak.anchor, shape);
    const scaled = (index: number, weight: number) => angstrom(index * Math.sqrt(weight));
    return { peak, z: scaled(z, weights[0]), y: scaled(y, weights[1]), x: scaled(x, weights[2]) };
  });
  return keepSpaced(placed, radius * (1 + 1e-9)).map(({ peak }) => peak);
}

/**
 * Counts where voxels say that their particle's centre lies: each is a vote for the place its offset points at, weighed
 * by the probability of its type, as in Hough voting (Ballard 1981; anchor-free detection with learned offsets).
 */

/** Radius of each type's ball in Å, by class of the network; null where the class is not picked. */
export type BallRadii = readonly (number | null)[];

/** A vote falls on the voxels around its place as a Gaussian of this width, in voxels, cut off at `reach`. */
const width = 1.25;
const reach = 3;
/** Probabilities under this do not vote. */
const least = 0.05;

interface VoteOptions {
  readonly radii: BallRadii;
  /** Å per voxel of the patch. */
  readonly spacing: number;
  /** Voxels of the patch. */
  readonly patch: Shape3;
  /** Patch voxels to an output voxel. */
  readonly stride: number;
}

/**
 * A network's output (z/stride, classes + 3, y/stride, x/stride) as votes (z, classes, y, x): where all voxels of a
 * particle's ball are sure of it and agree on its centre, that voxel's value is 1.
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
