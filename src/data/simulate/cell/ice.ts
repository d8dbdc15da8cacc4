/** Ice contamination: crystals that settled on the faces of the sample. */
import type { Random } from "../../../domain/random.js";
import { type Slab, slabMiddle } from "../placement.js";
import { randomDirection, randomRotation, rotate, type Vector3 } from "../rotation.js";
import { type Abundance, bitOf, drawNumber } from "./features.js";
import type { Clearance } from "./occupancy.js";
import { boundsAround, type Canvas, drawSolid } from "./raster.js";

/** A crystal: the part of space on the inner side of its faces. */
export interface Crystal {
  readonly centre: Vector3;
  /** Outward normals, and distances in Å from the centre. */
  readonly faces: readonly { readonly normal: Vector3; readonly away: number }[];
  /** Distance in Å from the centre within which the crystal lies. */
  readonly reach: number;
}

/** Ice beside the vacuum into which crystals stand, Da/Å³ (4.5 V of inner potential; Peng et al., 1996). */
const density = 1.05;
const abundance: Abundance = { perReference: 7, spread: [0.7, 1.3], fewest: 2 };
/** Radii of crystals in Å. */
const radii = { least: 120, greatest: 420 } as const;
/** Directions of faces besides a cube's, which close the crystal. */
const cube: readonly Vector3[] = [
  [1, 0, 0],
  [-1, 0, 0],
  [0, 1, 0],
  [0, -1, 0],
  [0, 0, 1],
  [0, 0, -1],
];

/** Draws crystals on the faces of the ice, sunk into them by up to a third of their radius. */
export function drawIce(slab: Slab, share: number, random: Random): Crystal[] {
  const { x, y } = slab.size;
  const wanted = drawNumber(abundance, share, random);
  const greatest = Math.max(radii.least, Math.min(radii.greatest, 0.12 * Math.min(x, y)));
  return Array.from({ length: wanted }, () => {
    const radius = random.between(radii.least, greatest);
    const cx = random.between(0, x);
    const cy = random.between(0, y);
    const side = random.uniform() < 0.5 ? 1 : -1;
    const face = slabMiddle(slab, cx, cy) + (side * slab.thickness) / 2;
    const turn = randomRotation(random);
    const others = Array.from({ length: 8 }, () => randomDirection(random));
    const faces = [...cube.map((normal) => rotate(turn, normal)), ...others].map((normal) => ({
      normal,
      away: radius * random.between(0.7, 1),
    }));
    return {
      centre: [cx, cy, face + side * radius * random.between(-0.1, 0.3)],
      faces,
      reach: radius * Math.sqrt(3),
    };
  });
}

/** Returns the distance in Å to a crystal, at least; negative inside. */
export const crystalClearance =
  ({ centre, faces }: Crystal): Clearance =>
  (x, y, z) => {
    let most = -Infinity;
    for (const { normal, away } of faces) {
      const height =
        (x - centre[0]) * normal[0] + (y - centre[1]) * normal[1] + (z - centre[2]) * normal[2] - away;
      if (height > most) most = height;
    }
    return most;
  };

/** Draws crystals into a canvas; where two meet, the voxels are the first one's. */
export function paintIce(canvas: Canvas, crystals: readonly Crystal[]): void {
  const { spacing } = canvas.field;
  const clearances = crystals.map(crystalClearance);
  for (const [i, crystal] of crystals.entries()) {
    const clearance = clearances[i]!;
    const earlier = clearances.slice(0, i);
    drawSolid(canvas, {
      bounds: boundsAround(crystal.centre, crystal.reach + spacing),
      bit: bitOf("ice"),
      distance: (x, y, z) => {
        const away = clearance(x, y, z);
        return away <= spacing && earlier.some((other) => other(x, y, z) <= 0) ? Infinity : away;
      },
      density: () => density,
    });
  }
}
