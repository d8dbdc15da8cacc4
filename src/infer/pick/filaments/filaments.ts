/** Filaments: points at equal steps along the centre lines of what is above a threshold, with tangents and curvatures. */

import {
  boxOf,
  type Components,
  connectedComponents,
  eachRun,
  type Frame,
  frameAround,
  type Runs,
  runsAbove,
} from "../../../domain/morphology/components.js";
import type { Direction } from "../../../domain/principalAxes.js";
import { type Angstrom, angstrom, type Position } from "../../../domain/units.js";
import { type Volume, voxelCount, voxelVolume } from "../../../domain/volume.js";
import { type OrientSign, signed } from "../orientation.js";
import { type CentreLine, centreLines, type FramedComponent, middleAround } from "./centreLines.js";
import { type CurvePoint, fitAt, lengthsAlong } from "./curve.js";

/** How filaments are traced. */
export interface FilamentSettings {
  readonly method: "filament";
  /** Voxels strictly above it belong to filaments. */
  readonly threshold: number;
  /** Å between points along a filament. */
  readonly spacing: Angstrom;
  /** Least length of a filament in Å; what has no length has no direction, and is none. */
  readonly length: Angstrom;
  /** Least volume of a component in Å³. */
  readonly minVolume: number;
  /** Which way tangents go, all of a filament alike. */
  readonly sign: OrientSign;
}

/** What a point is of its filament: 0 in the middle, 1 at an end, 2 where filaments meet (as in Ais). */
export type Connectivity = 0 | 1 | 2;

/** A point on a filament, in Å from the volume's corner. */
export interface FilamentPoint extends Position {
  /** Tangent, of length 1. */
  readonly direction: Direction;
  /** Radius of curvature in Å, at most `straightest`. */
  readonly radius: number;
  readonly connectivity: Connectivity;
  /** The map's value there. */
  readonly score: number;
  /** Å³ of the filament for which the point stands: that of its cross-section times the spacing. */
  readonly size: number;
}

/** A filament: its points in order. */
export interface Filament {
  /** Å */
  readonly length: number;
  readonly points: readonly FilamentPoint[];
}

/** Filaments of a volume, and what was left out. */
export interface Filaments {
  readonly filaments: readonly Filament[];
  readonly aboveThreshold: number;
  readonly components: number;
  /** Lines that are shorter than the least length. */
  readonly short: number;
}

/** Radius of curvature in Å of what is as good as straight. */
export const straightest = 1e6;

/** Radii of the ball in which a filament's middle is sought around a voxel of its path. */
const middleInRadii = 1.5;

/** Radii of a filament that the parabolas at its points reach each way, and the least reach in voxels. */
const reachInRadii = 4;
const leastReach = 5;

/**
 * Traces the filaments of a map, the largest component's first.
 *
 * @throws PickbenchError NotFinite at a voxel that is NaN or +Infinity, with its z, y, x
 */
export function traceFilaments(volume: Volume, settings: FilamentSettings): Filaments {
  const runs = runsAbove(volume, settings.threshold);
  const parts = connectedComponents(runs);
  const large = Array.from({ length: parts.count }, (_, part) => ({
    part,
    voxels: voxelsOf(runs, parts, part),
  }))
    .filter(({ voxels }) => voxels * voxelVolume(volume.spacing) >= settings.minVolume)
    .sort((a, b) => b.voxels - a.voxels || a.part - b.part);
  const filaments: Filament[] = [];
  let short = 0;
  for (const { part } of large) {
    const frame = frameAround(boxOf(runs, parts, part));
    const { weights, ...component } = framed(volume, runs, parts, part, frame);
    const { lines, depth } = centreLines(component);
    for (const line of lines) {
      const filament = filamentOf(volume, component, frame, line, depth, weights, settings);
      if (filament.length > 0 && filament.length >= settings.length) filaments.push(filament);
      else short++;
    }
  }
  return { filaments, aboveThreshold: runs.voxels, components: large.length, short };
}

function voxelsOf(runs: Runs, parts: Components, part: number): number {
  let voxels = 0;
  for (let i = parts.start[part]!; i < parts.start[part + 1]!; i++)
    voxels += runs.end[parts.runs[i]!]! - runs.first[parts.runs[i]!]!;
  return voxels;
}

function framed(
  { data, shape, spacing }: Volume,
  runs: Runs,
  parts: Components,
  part: number,
  frame: Frame,
): FramedComponent & { readonly weights: Float32Array } {
  const weights = new Float32Array(voxelCount(frame.shape));
  const mask = new Uint8Array(voxelCount(frame.shape));
  const voxels = new Int32Array(voxelsOf(runs, parts, part));
  let filled = 0;
  eachRun(runs, parts, part, frame, (run, local) => {
    const first = runs.row[run]! * shape[2] + runs.first[run]!;
    for (let i = 0; i < runs.end[run]! - runs.first[run]!; i++) {
      weights[local + i] = data[first + i]!;
      mask[local + i] = 1;
      voxels[filled++] = local + i;
    }
  });
  return { mask, shape: frame.shape, voxels, spacing, weights };
}

function filamentOf(
  volume: Volume,
  component: FramedComponent,
  frame: Frame,
  { path, junctions }: CentreLine,
  depth: Float32Array,
  weights: Float32Array,
  settings: FilamentSettings,
): Filament {
  const corner = [2, 1, 0].map((axis) => frame.origin[axis]! * volume.spacing[axis]!);
  const radius = medianOf(path.map((voxel) => depth[voxel]!));
  const raw = path.map((voxel): [number, number, number] => {
    const [x, y, z] = middleAround(component, weights, voxel, middleInRadii * radius);
    return [x + corner[0]!, y + corner[1]!, z + corner[2]!];
  });
  const reach = Math.max(reachInRadii * radius, leastReach * Math.max(...volume.spacing));
  const rawAlong = lengthsAlong(raw);
  const smooth = raw.map((_, i) => fitAt(raw, rawAlong, rawAlong[i]!, reach).at);
  const along = lengthsAlong(smooth);
  const length = along.at(-1)!;
  const steps = Math.floor(length / settings.spacing);
  const first = (length - steps * settings.spacing) / 2;
  const places = Array.from({ length: steps + 1 }, (_, step) => first + step * settings.spacing);
  const curve = places.map((place) => fitAt(smooth, along, place, reach));
  const meeting = junctions.map((voxel) => along[path.indexOf(voxel)]).filter((place) => place !== undefined);
  const connectivity = connectivities(places, meeting);
  const turn = directionOf(curve, volume, settings.sign);
  const points = curve.map(({ at: [x, y, z], tangent, curvature }, i): FilamentPoint => {
    const at = { x: angstrom(x), y: angstrom(y), z: angstrom(z) };
    return {
      ...at,
      direction: turn < 0 ? [-tangent[0], -tangent[1], -tangent[2]] : tangent,
      radius: Math.min(straightest, 1 / Math.max(curvature, 1 / straightest)),
      connectivity: connectivity[i]!,
      score: valueAt(volume, at),
      size: Math.PI * radius * radius * settings.spacing,
    };
  });
  return { length, points };
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Marks the ends, and the points nearest to where filaments meet. */
function connectivities(places: readonly number[], meeting: readonly number[]): Connectivity[] {
  const found: Connectivity[] = places.map((_, i) => (i === 0 || i === places.length - 1 ? 1 : 0));
  for (const place of meeting) {
    const nearest = places.reduce(
      (best, each, i) => (Math.abs(each - place) < Math.abs(places[best]! - place) ? i : best),
      0,
    );
    found[nearest] = 2;
  }
  return found;
}

/** Returns 1 or −1: whether tangents go as the sign asks at the curve's middle point. */
function directionOf(curve: readonly CurvePoint[], { shape, spacing }: Volume, sign: OrientSign): number {
  const { at, tangent } = curve[Math.floor(curve.length / 2)]!;
  const [x, y, z] = at;
  const turned = signed(tangent, sign, { x: angstrom(x), y: angstrom(y), z: angstrom(z) }, shape, spacing);
  return turned === tangent ? 1 : -1;
}

/** Returns the value of the voxel at a position; of the nearest one within the volume. */
function valueAt({ data, shape, spacing }: Volume, { x, y, z }: Position): number {
  const [i, j, k] = [z, y, x].map((at, axis) =>
    Math.min(Math.max(Math.floor(at / spacing[axis]!), 0), shape[axis]! - 1),
  );
  return data[(i! * shape[1] + j!) * shape[2] + k!]!;
}
