/** What already fills a cell: spheres, membranes, and solids known by a distance. */
import { type Slab, slabMiddle } from "../placement.js";
import type { Vector3 } from "../rotation.js";
import { halfThickness, type Membrane, type Surface } from "./surfaces.js";

/** A lower bound of the distance in Å from a point to a solid; negative inside it. */
export type Clearance = (x: number, y: number, z: number) => number;

/** Edge in Å of the cubes by which spheres are found. */
const edge = 100;

/** Spheres, membranes and solids that keep each other's places free. */
export class Occupancy {
  readonly slab: Slab;
  readonly #lean: number;
  readonly #membranes: Membrane[] = [];
  readonly #solids: Clearance[] = [];
  readonly #spheres: number[] = [];
  readonly #cubes = new Map<number, number[]>();

  constructor(slab: Slab) {
    this.slab = slab;
    this.#lean = Math.hypot(1, slab.slopeX, slab.slopeY);
  }

  addMembrane(membrane: Membrane): void {
    this.#membranes.push(membrane);
  }

  addSolid(clearance: Clearance): void {
    this.#solids.push(clearance);
  }

  addSphere([x, y, z]: Vector3, radius: number): void {
    const index = this.#spheres.length;
    this.#spheres.push(x, y, z, radius);
    for (const key of cubesOf(x, y, z, radius)) {
      const cube = this.#cubes.get(key);
      if (cube) cube.push(index);
      else this.#cubes.set(key, [index]);
    }
  }

  /** Returns the depth in Å of a point below the nearer face of the ice; negative outside the ice. */
  depth(x: number, y: number, z: number): number {
    return (this.slab.thickness / 2 - Math.abs(z - slabMiddle(this.slab, x, y))) / this.#lean;
  }

  /** Says whether a point lies in the ice and in no solid, at least `aside` Å from either. */
  isWithin(x: number, y: number, z: number, aside = 0): boolean {
    return this.depth(x, y, z) >= aside && this.#solids.every((clearance) => clearance(x, y, z) >= aside);
  }

  /** Says whether a closed membrane holds a point. */
  isEnclosed([x, y, z]: Vector3): boolean {
    return this.#membranes.some(({ surface }) => surface.isClosed && surface.encloses(x, y, z));
  }

  /**
   * Says whether a sphere touches no sphere, membrane or solid; it may leave the ice.
   *
   * @param host a surface that the sphere may touch, since it sits on it
   */
  isFree(at: Vector3, radius: number, host?: Surface): boolean {
    const [x, y, z] = at;
    if (this.#solids.some((clearance) => clearance(x, y, z) < radius)) return false;
    for (const key of cubesOf(x, y, z, radius)) {
      for (const index of this.#cubes.get(key) ?? []) {
        const dx = x - this.#spheres[index]!;
        const dy = y - this.#spheres[index + 1]!;
        const dz = z - this.#spheres[index + 2]!;
        const apart = radius + this.#spheres[index + 3]!;
        if (dx * dx + dy * dy + dz * dz < apart * apart) return false;
      }
    }
    return this.#membranes.every((membrane) => {
      const { surface } = membrane;
      const aside = radius + halfThickness(membrane);
      return surface === host || isOutside(surface, at, aside) || surface.clearance(x, y, z) >= aside;
    });
  }
}

/** Says whether a point is farther than `aside` from the box of a closed surface. */
function isOutside({ isClosed, bounds: { low, high } }: Surface, at: Vector3, aside: number): boolean {
  return isClosed && at.some((value, axis) => value < low[axis]! - aside || value > high[axis]! + aside);
}

/** Numbers of the cubes that a sphere's box overlaps. */
function* cubesOf(x: number, y: number, z: number, radius: number): Generator<number> {
  const number = (value: number) => Math.floor(value / edge) + 512;
  for (let k = number(z - radius); k <= number(z + radius); k++)
    for (let j = number(y - radius); j <= number(y + radius); j++)
      for (let i = number(x - radius); i <= number(x + radius); i++) yield (k * 4096 + j) * 4096 + i;
}
