/** What already fills a cell: spheres, membranes, and solids known by a distance. */
import { type Slab, Spheres, slabMiddle } from "../placement.js";
import type { Vector3 } from "../rotation.js";
import { halfThickness, type Membrane, type Surface } from "./surfaces.js";

/** A lower bound of the distance in Å from a point to a solid; negative inside it. */
export type Clearance = (x: number, y: number, z: number) => number;

/** Spheres, membranes and solids that keep each other's places free. */
export class Occupancy {
  readonly slab: Slab;
  readonly #lean: number;
  readonly #membranes: Membrane[] = [];
  readonly #solids: Clearance[] = [];
  readonly #spheres = new Spheres();

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

  addSphere(at: Vector3, radius: number): void {
    this.#spheres.add(at, radius);
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
    return this.#membranes.some(({ surface }) => surface.encloses(x, y, z));
  }

  /**
   * Says whether a sphere touches no sphere, membrane or solid; it may leave the ice.
   *
   * @param host a surface that the sphere may touch, since it sits on it
   */
  isFree(at: Vector3, radius: number, host?: Surface): boolean {
    const [x, y, z] = at;
    if (this.#solids.some((clearance) => clearance(x, y, z) < radius)) return false;
    if (this.#spheres.overlap(at, radius)) return false;
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
