/** Gold fiducials: small spheres far denser than anything else, which streak where tilts are missing. */
import type { Random } from "../../../domain/random.js";
import { slabMiddle } from "../placement.js";
import type { Vector3 } from "../rotation.js";
import { type Abundance, bitOf, drawNumber } from "./features.js";
import type { Occupancy } from "./occupancy.js";
import { boundsAround, type Canvas, drawSolid } from "./raster.js";

/** A gold bead, in Å from the tomogram's corner. */
export interface Bead {
  readonly at: Vector3;
  readonly radius: number;
}

/** Density of gold above ice in Da/Å³: 30 V of inner potential beside protein's 8 V and ice's 4.5 V (Peng et al., 1996). */
const density = 5.9;
const abundance: Abundance = { perReference: 9, spread: [0.7, 1.3], fewest: 1 };
/** Diameters in Å of one batch of beads, and how much a batch varies. */
const beads = { least: 50, greatest: 100, spread: 0.06 } as const;
/** Attempts to place a bead, and Å kept free around it. */
const attempts = 300;
const aside = 10;

/** Draws gold beads into free space, most of them near the faces of the ice, and keeps their places. */
export function drawGold(share: number, occupancy: Occupancy, random: Random, howMany = abundance): Bead[] {
  const { slab } = occupancy;
  const wanted = drawNumber(howMany, share, random);
  const mean = random.between(beads.least * 1.1, beads.greatest * 0.9);
  const found: Bead[] = [];
  for (let attempt = 0; attempt < attempts && found.length < wanted; attempt++) {
    const size = mean * (1 + beads.spread * random.normal());
    const radius = Math.max(beads.least, Math.min(beads.greatest, size)) / 2;
    const x = random.between(radius, slab.size.x - radius);
    const y = random.between(radius, slab.size.y - radius);
    const room = slab.thickness / 2 - radius - 2;
    const height =
      random.uniform() < 0.6
        ? Math.sign(random.uniform() - 0.5) * random.between(0.8, 1)
        : random.between(-1, 1);
    const at: Vector3 = [x, y, slabMiddle(slab, x, y) + room * height];
    if (!occupancy.isFree(at, radius + aside)) continue;
    occupancy.addSphere(at, radius);
    found.push({ at, radius });
  }
  return found;
}

/** Draws gold beads into a canvas. */
export function paintGold(canvas: Canvas, found: readonly Bead[]): void {
  const { spacing } = canvas.field;
  for (const { at, radius } of found) {
    drawSolid(canvas, {
      bounds: boundsAround(at, radius + spacing),
      bit: bitOf("gold"),
      distance: (x, y, z) => Math.hypot(x - at[0], y - at[1], z - at[2]) - radius,
      density: () => density,
    });
  }
}
