/** The edge of a holey carbon film that reaches into the field of view along one face of the ice. */
import type { Random } from "../../../domain/random.js";
import { type Slab, slabMiddle } from "../placement.js";
import { bitOf } from "./features.js";
import type { Clearance } from "./occupancy.js";
import { type Canvas, drawSolid } from "./raster.js";

/** Amorphous carbon of 1.8 g/cm³ above ice, Da/Å³ (10.9 V of inner potential; Peng et al., 1996). */
const density = 1.5;
/** Standard deviation of the film's grain in voxels, relative to its density. */
const grain = 0.45;
/** Thickness of films in Å, and radius of their holes in Å (1.2 to 2 µm wide). */
const thickness = { least: 150, greatest: 200 } as const;
const hole = { least: 6000, greatest: 10_000 } as const;

/**
 * Draws a carbon film outside a round hole, a part of whose edge lies in the tomogram.
 *
 * @returns the signed distance in Å to the film, negative inside, or far away a lower bound of it
 */
export function drawCarbon(slab: Slab, random: Random): Clearance {
  const { x, y } = slab.size;
  const radius = random.between(hole.least, hole.greatest);
  const direction = random.between(0, 2 * Math.PI);
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  const half = (Math.abs(cos) * x + Math.abs(sin) * y) / 2;
  const near = random.between(0.35, 0.65) * half;
  const centre = [x / 2 + (near - radius) * cos, y / 2 + (near - radius) * sin] as const;
  const thick = Math.min(random.between(thickness.least, thickness.greatest), 0.3 * slab.thickness);
  const side = random.uniform() < 0.5 ? 1 : -1;
  const height = (side * (slab.thickness - thick)) / 2;
  const frays = Array.from({ length: 3 }, () => ({
    count: (2 * Math.PI * radius) / random.between(250, 1200),
    phase: random.between(0, 2 * Math.PI),
    depth: random.between(3, 10),
  }));
  const fray = frays.reduce((sum, { depth }) => sum + depth, 0);
  return (px, py, pz) => {
    const [dx, dy] = [px - centre[0], py - centre[1]];
    const away = Math.abs(pz - slabMiddle(slab, px, py) - height) - thick / 2;
    const plain = radius - Math.sqrt(dx * dx + dy * dy);
    // Far from the edge its frays do not matter, and are not computed.
    const atMost = Math.max(plain + fray, away);
    const atLeast = Math.max(plain - fray, away);
    if (atMost === atLeast || atLeast > 2 * fray) return atLeast;
    const angle = Math.atan2(dy, dx);
    let edge = plain;
    for (const { count, phase, depth } of frays) edge += depth * Math.cos(Math.round(count) * angle + phase);
    return Math.max(edge, away);
  };
}

/** Draws a carbon film into a canvas. */
export function paintCarbon(canvas: Canvas, film: Clearance, slab: Slab, random: Random): void {
  const { x, y, z } = slab.size;
  const rim = 20 * canvas.field.spacing;
  drawSolid(canvas, {
    bounds: { low: [-rim, -rim, -rim], high: [x + rim, y + rim, z + rim] },
    bit: bitOf("carbon"),
    distance: film,
    density: () => density * (1 + grain * random.normal()),
  });
}
