/** Bodies as clouds of Gaussian beads: smooth on any grid, so that centre and rotation are exact. */
import type { Random } from "../../domain/random.js";
import type { Rotation } from "../../domain/rotation.js";
import { angstrom } from "../../domain/units.js";
import type { Volume } from "../../domain/volume.js";
import { dot, rotate, transposed, type Vector3 } from "./rotation.js";

/** A Gaussian bead of a body. */
export interface Bead {
  /** Centre in Å. */
  readonly at: Vector3;
  readonly weight: number;
}

/** An ellipsoid with half axes in Å, turned by `turn`. */
export interface Ellipsoid {
  readonly at: Vector3;
  readonly axes: Vector3;
  readonly turn?: Rotation;
  /** Density relative to protein; 1 if it is not given. */
  readonly weight?: number;
}

/** Distance in Å between the beads that fill a body. */
const pitch = 9;
/** Volume in Å³ that a bead of weight 1 stands for. */
export const beadVolume = pitch ** 3;
/** Dalton of protein per Å³ (1.35 g/cm³). */
export const proteinDensity = 0.81;

/** Returns the density at a point: that of the densest ellipsoid that holds it, 0 outside them all. */
export function densityAt(bodies: readonly Ellipsoid[], point: Vector3): number {
  let found = 0;
  for (const { at, axes, turn, weight = 1 } of bodies) {
    const offset: Vector3 = [point[0] - at[0], point[1] - at[1], point[2] - at[2]];
    const longest = Math.max(axes[0], axes[1], axes[2]) * (1 + 1e-9);
    if (dot(offset, offset) > longest * longest) continue;
    const [x, y, z] = turn ? rotate(transposed(turn), offset) : offset;
    if ((x / axes[0]) ** 2 + (y / axes[1]) ** 2 + (z / axes[2]) ** 2 <= 1) found = Math.max(found, weight);
  }
  return found;
}

/**
 * Fills a body with beads on a jittered lattice.
 *
 * @param density relative density at a point in Å, 0 outside the body
 * @param extent half edge of the cube that holds the body, Å
 * @param texture spread of the beads' weights, 0 for none
 */
export function fillWithBeads(
  density: (point: Vector3) => number,
  extent: number,
  texture: number,
  random: Random,
): Bead[] {
  const beads: Bead[] = [];
  const steps = Math.ceil(extent / pitch);
  const jitter = () => (random.uniform() - 0.5) * pitch * 0.8;
  for (let i = -steps; i <= steps; i++) {
    for (let j = -steps; j <= steps; j++) {
      for (let k = -steps; k <= steps; k++) {
        const at: Vector3 = [i * pitch + jitter(), j * pitch + jitter(), k * pitch + jitter()];
        const weight = density(at) * Math.max(0.1, 1 + texture * random.normal());
        if (weight > 0) beads.push({ at, weight });
      }
    }
  }
  return beads;
}

/** Copies the beads under every rotation of a point group. */
export function symmetrised(beads: readonly Bead[], group: readonly Rotation[]): Bead[] {
  return group.flatMap((turn) => beads.map(({ at, weight }) => ({ at: rotate(turn, at), weight })));
}

/**
 * Draws beads as Gaussians into a cubic map centred on the origin.
 *
 * @param spacing Å per voxel
 * @param sigma Å; at least 0.8 voxels keeps the map free of aliasing
 */
export function renderBeads(beads: readonly Bead[], spacing: number, sigma: number): Volume {
  const cut = 4 * sigma;
  const extent = beads.reduce((most, { at }) => Math.max(most, ...at.map(Math.abs)), 0) + cut;
  const half = Math.ceil(extent / spacing) + 1;
  const edge = 2 * half + 1;
  const data = new Float32Array(edge ** 3);
  for (const { at, weight } of beads) {
    const [xs, ys, zs] = at.map((coordinate) => profile(coordinate / spacing + half, sigma / spacing, edge));
    for (let i = 0; i < zs!.values.length; i++) {
      for (let j = 0; j < ys!.values.length; j++) {
        const row = ((zs!.first + i) * edge + ys!.first + j) * edge + xs!.first;
        const share = weight * zs!.values[i]! * ys!.values[j]!;
        for (let k = 0; k < xs!.values.length; k++) data[row + k]! += share * xs!.values[k]!;
      }
    }
  }
  const step = angstrom(spacing);
  return { data, shape: [edge, edge, edge], spacing: [step, step, step] };
}

/** Samples one axis of a Gaussian, cut at four standard deviations. */
function profile(centre: number, sigma: number, edge: number): { first: number; values: number[] } {
  const first = Math.max(0, Math.ceil(centre - 4 * sigma));
  const last = Math.min(edge - 1, Math.floor(centre + 4 * sigma));
  const values: number[] = [];
  for (let i = first; i <= last; i++) values.push(Math.exp(-0.5 * ((i - centre) / sigma) ** 2));
  return { first, values };
}
