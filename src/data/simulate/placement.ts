/** Random placement of bodies in a slab of ice without overlap. */
import type { Random } from "../../domain/random.js";
import { angstrom, type Position } from "../../domain/units.js";

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
export interface Placed {
  readonly kind: string;
  readonly radius: number;
  readonly at: Position;
}

/**
 * Thickness of the challenge's ice in Å, and its greatest slope (fits through the picks of its seven training runs).
 */
const thinnest = 1000;
const thickest = 1350;
const steepest = Math.tan((4 * Math.PI) / 180);

/** Draws a slab inside a tomogram; a shallow tomogram is nearly filled by its slab. */
export function drawSlab(size: Slab["size"], random: Random): Slab {
  const thickness = Math.min(random.between(thinnest, thickest), random.between(0.9, 0.98) * size.z);
  const room = (size.z - thickness) / 2;
  const slopes = [random.between(-steepest, steepest), random.between(-steepest, steepest)] as const;
  const rise = (Math.abs(slopes[0]) * size.x + Math.abs(slopes[1]) * size.y) / 2;
  const share = Math.min(1, (0.8 * room) / rise);
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
const rim = 2;
/** Attempts before a body is left out for lack of space. */
const attempts = 2000;

/**
 * Places bodies at random so that no two spheres touch and every sphere lies between the slab's faces; centres may lie
 * anywhere in x and y, as at the edges of a real field of view. The largest are placed first.
 *
 * @returns the bodies that fitted, in the order of placement
 */
export function placeBodies(bodies: readonly Body[], slab: Slab, random: Random): Placed[] {
  const largest = bodies.reduce((most, { radius }) => Math.max(most, radius), 1);
  const neighbours = new CellList(2 * largest);
  const lean = Math.hypot(1, slab.slopeX, slab.slopeY);
  const placed: Placed[] = [];
  for (const { kind, radius } of [...bodies].sort((a, b) => b.radius - a.radius)) {
    const free = slab.thickness / 2 - radius * lean;
    if (free < 0) continue;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const x = random.between(rim, slab.size.x - rim);
      const y = random.between(rim, slab.size.y - rim);
      const z = slabMiddle(slab, x, y) + random.between(-free, free);
      const body = { kind, radius, at: { x: angstrom(x), y: angstrom(y), z: angstrom(z) } };
      if (neighbours.overlaps(body)) continue;
      neighbours.add(body);
      placed.push(body);
      break;
    }
  }
  return placed;
}

/** Spheres by the cubic cell that holds their centre; two touching spheres lie in the same or in adjacent cells. */
class CellList {
  readonly #edge: number;
  readonly #cells = new Map<string, Placed[]>();

  constructor(edge: number) {
    this.#edge = edge;
  }

  #cellOf({ x, y, z }: Position): [number, number, number] {
    return [Math.floor(x / this.#edge), Math.floor(y / this.#edge), Math.floor(z / this.#edge)];
  }

  add(body: Placed): void {
    const key = this.#cellOf(body.at).join();
    const cell = this.#cells.get(key);
    if (cell) cell.push(body);
    else this.#cells.set(key, [body]);
  }

  overlaps({ at, radius }: Placed): boolean {
    const [cx, cy, cz] = this.#cellOf(at);
    for (let x = cx - 1; x <= cx + 1; x++) {
      for (let y = cy - 1; y <= cy + 1; y++) {
        for (let z = cz - 1; z <= cz + 1; z++) {
          for (const other of this.#cells.get([x, y, z].join()) ?? []) {
            const apart = Math.hypot(at.x - other.at.x, at.y - other.at.y, at.z - other.at.z);
            if (apart < radius + other.radius) return true;
          }
        }
      }
    }
    return false;
  }
}
