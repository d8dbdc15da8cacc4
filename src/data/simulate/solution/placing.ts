/** Places turned copies of proteins close to each other: a few spheres cover each, so that long ones lie side by side. */
import type { Random } from "../../../domain/random.js";
import type { Rotation } from "../../../domain/rotation.js";
import type { Occupancy } from "../cell/occupancy.js";
import { type Flexibility, greatestBend } from "../deformation.js";
import type { Density } from "../density.js";
import { drawPoint, freeHeight } from "../placement.js";
import { plus, randomRotation, rotate, type Vector3 } from "../rotation.js";

/** A sphere in Å. */
export interface Sphere {
  readonly at: Vector3;
  readonly radius: number;
}

/** A protein that has a place. */
export interface PlacedCopy {
  readonly density: Density;
  readonly at: Vector3;
  readonly rotation: Rotation;
}

/** Edge of the cubes into which a body is divided, relative to its radius. */
const division = 0.7;
/** The spheres of parts must be so much smaller together than the one around the whole. */
const saving = 0.7;

/**
 * Returns spheres around a density's centre of mass, in its own frame, that hold all voxels above a tenth of its peak:
 * one around each part of a long or hollow body, or one around a compact one.
 */
export function coverOf({ map, centre, radius }: Density): readonly Sphere[] {
  const parts = new Map<string, Vector3[]>();
  const least = 0.1 * map.data.reduce((peak, value) => Math.max(peak, value), 0);
  const [, ny, nx] = map.shape;
  const edge = division * radius;
  map.data.forEach((value, i) => {
    if (value <= least) return;
    const index = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
    const at = index.map((n, axis) => (n - centre[2 - axis]!) * map.spacing[2 - axis]!);
    const key = at.map((value) => Math.round(value / edge)).join();
    const part = parts.get(key);
    if (part) part.push(at as unknown as Vector3);
    else parts.set(key, [at as unknown as Vector3]);
  });
  const spheres = [...parts.values()].map(around);
  const volume = spheres.reduce((sum, sphere) => sum + sphere.radius ** 3, 0);
  return volume < saving * radius ** 3 ? spheres : [{ at: [0, 0, 0], radius }];
}

/** Returns the sphere around the mean of points that holds them all. */
function around(points: readonly Vector3[]): Sphere {
  const sum = points.reduce<Vector3>((total, point) => plus(total, point), [0, 0, 0]);
  const at = plus([0, 0, 0], sum, 1 / points.length);
  return {
    at,
    radius: points.reduce((most, point) => Math.max(most, Math.hypot(...plus(point, at, -1))), 0),
  };
}

/** Where copies may lie, and how much they bend. */
export interface Place {
  readonly occupancy: Occupancy;
  readonly flexibility: Flexibility;
  readonly random: Random;
}

/** Å kept between two copies. */
const gap = 4;
/** Probability that a place inside a vesicle is taken. */
const insideVesicles = 0.2;

/**
 * Places copies at random, the largest first, so that no two touch however they bend, and every one lies between the
 * ice's faces; centres may lie anywhere in x and y, as at the edges of a real field of view.
 *
 * @param most attempts before a copy is left out
 * @returns the copies that fitted, in the order of placement
 */
export function placeCopies(
  wanted: readonly Density[],
  most: number,
  { occupancy, flexibility, random }: Place,
): PlacedCopy[] {
  const placed: PlacedCopy[] = [];
  const covers = new Map<Density, readonly Sphere[]>();
  for (const density of [...wanted].sort((a, b) => b.radius - a.radius)) {
    const aside = greatestBend(flexibility, density.radius) + gap / 2;
    const free = freeHeight(occupancy.slab, density.radius + aside);
    if (free < 0) continue;
    const cover = covers.get(density) ?? coverOf(density);
    covers.set(density, cover);
    for (let attempt = 0; attempt < most; attempt++) {
      const at = drawPoint(occupancy.slab, free, random);
      const rotation = randomRotation(random);
      const spheres = cover.map((sphere) => ({
        at: plus(at, rotate(rotation, sphere.at)),
        radius: sphere.radius + aside,
      }));
      if (!spheres.every((sphere) => occupancy.isFree(sphere.at, sphere.radius))) continue;
      if (random.uniform() >= insideVesicles && occupancy.isEnclosed(at)) continue;
      for (const sphere of spheres) occupancy.addSphere(sphere.at, sphere.radius);
      placed.push({ density, at, rotation });
      break;
    }
  }
  return placed;
}
