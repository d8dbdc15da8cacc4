/**
 * Local maxima of heat maps: the voxels that no voxel in a ball-shaped window exceeds. Equal voxels that touch are one
 * plateau with one peak at its centroid; a single voxel's peak is refined by a quadratic fit.
 */

import { type AxisWeights, axisWeights } from "../../domain/distanceTransform.js";
import type { Runs } from "../../domain/morphology/components.js";
import { angstrom } from "../../domain/units.js";
import type { Shape3, Volume } from "../../domain/volume.js";
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
