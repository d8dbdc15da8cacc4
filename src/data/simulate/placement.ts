/** Random placement of bodies in a slab of ice without overlap. */
import type { Random } from "../../domain/random.js";
import type { Position } from "../../domain/units.js";
import { type DrawnRange, drawFrom } from "./range.js";
import { positionOf, type Vector3 } from "./rotation.js";

/** A layer of ice, slightly tilted: its middle lies at z = height + slopeX·(x − X/2) + slopeY·(y − Y/2). */
export interface Slab {
  /** Size of the tomogram in Å. */
  readonly size: { readonly x: number; readonly y: number; readonly z: number };
  /** Thickness in Å along z. */
  readonly thickness: number;
  readonly height: number;
  readonly slopeX: number;
  readonly slopeY: number;
}

/** A body to place: its kind and the radius in Å of the sphere that it fills. */
export interface Body {
  readonly kind: string;
  readonly radius: number;
}

/** A placed body. */
interface Placed extends Body {
  readonly at: Position;
}

/** Ranges of the ice: its thickness in Å, and its slopes along x and y in degrees. */
interface IceRanges {
  readonly thickness: DrawnRange;
  readonly slope: DrawnRange;
}

/** Draws a slab inside a tomogram; a shallow tomogram is nearly filled by its slab. */
export function drawSlab(size: Slab["size"], ice: IceRanges, random: Random): Slab {
  const thickness = Math.min(drawFrom(ice.thickness, random), random.between(0.9, 0.98) * size.z);
  const room = (size.z - thickness) / 2;
  const drawSlope = () => Math.tan((drawFrom(ice.slope, random) * Math.PI) / 180);
  const slopes = [drawSlope(), drawSlope()] as const;
  const rise = (Math.abs(slopes[0]) * size.x + Math.abs(slopes[1]) * size.y) / 2;
  const share = rise > 0 ? Math.min(1, (0.8 * room) / rise) : 1;
  const left = room - rise * share;
  return {
    size,
    thickness,
    height: size.z / 2 + random.between(-left, left) * 0.8,
    slopeX: slopes[0] * share,
    slopeY: slopes[1] * share,
  };
}

/** Returns the height of the slab's middle at a point, in Å. */
export const slabMiddle = (slab: Slab, x: number, y: number): number =>
  slab.height + slab.slopeX * (x - slab.size.x / 2) + slab.slopeY * (y - slab.size.y / 2);

/** Distance in Å of centres from the tomogram's sides, so that rounding leaves them inside. */
export const rim = 2;

/** Returns by how many Å a sphere's centre may lie above or below the slab's middle; negative where it does not fit. */
export const freeHeight = (slab: Slab, radius: number): number =>
  slab.thickness / 2 - radius * Math.hypot(1, slab.slopeX, slab.slopeY);

/** Draws a point anywhere in x and y, at most so many Å above or below the slab's middle. */
export function drawPoint(slab: Slab, height: number, random: Random): Vector3 {
  const x = random.between(rim, slab.size.x - rim);
  const y = random.between(rim, slab.size.y - rim);
  return [x, y, slabMiddle(slab, x, y) + random.between(-height, height)];
}

/** Attempts before a body is left out for lack of space. */
const attempts = 2000;

/**
 * Places bodies at random so that no two spheres touch and every sphere lies between the slab's faces; centres may lie
 * anywhere in x and y, as at the edges of a real field of view. The largest are placed first.
 *
 * @returns the bodies that fitted, in the order of placement
 */
export function placeBodies(bodies: readonly Body[], slab: Slab, random: Random): Placed[] {
  const taken = new Spheres();
  const placed: Placed[] = [];
  for (const { kind, radius } of [...bodies].sort((a, b) => b.radius - a.radius)) {
    const free = freeHeight(slab, radius);
    if (free < 0) continue;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const at = drawPoint(slab, free, random);
      if (taken.overlap(at, radius)) continue;
      taken.add(at, radius);
      placed.push({ kind, radius, at: positionOf(at) });
      break;
    }
  }
  return placed;
}

/** Edge in Å of the cubes by which spheres are found. */
const edge = 100;

/** Spheres, found by the cubes that their boxes overlap. */
export class Spheres {
  readonly #spheres: number[] = [];
  readonly #cubes = new Map<number, number[]>();

  add([x, y, z]: Vector3, radius: number): void {
    const index = this.#spheres.length;
    this.#spheres.push(x, y, z, radius);
    for (const key of cubesOf(x, y, z, radius)) {
      const cube = this.#cubes.get(key);
      if (cube) cube.push(index);
      else this.#cubes.set(key, [index]);
    }
  }

  /** Says whether a sphere overlaps any. */
  overlap([x, y, z]: Vector3, radius: number): boolean {
    for (const key of cubesOf(x, y, z, radius)) {
      for (const index of this.#cubes.get(key) ?? []) {
        const dx = x - this.#spheres[index]!;
        const dy = y - this.#spheres[index + 1]!;
        const dz = z - this.#spheres[index + 2]!;
        const apart = radius + this.#spheres[index + 3]!;
        if (dx * dx + dy * dy + dz * dz < apart * apart) return true;
      }
    }
    return false;
  }
}

/** Numbers of the cubes that a sphere's box overlaps. */
function* cubesOf(x: number, y: number, z: number, radius: number): Generator<number> {
  const number = (value: number) => Math.floor(value / edge) + 512;
  for (let k = number(z - radius); k <= number(z + radius); k++)
    for (let j = number(y - radius); j <= number(y + radius); j++)
      for (let i = number(x - radius); i <= number(x + radius); i++) yield (k * 4096 + j) * 4096 + i;
}
