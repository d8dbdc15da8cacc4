/** Membranes of a cell: lipid bilayers along vesicles and sheets, with numbers from the chemistry of lipids. */
import type { Random } from "../../../domain/random.js";
import { type Slab, slabMiddle } from "../placement.js";
import { acrossTo, plus, randomDirection, randomRotation, unit, type Vector3 } from "../rotation.js";
import { type Abundance, bitOf, drawNumber } from "./features.js";
import type { Occupancy } from "./occupancy.js";
import { type Bounds, type Canvas, draw } from "./raster.js";
import {
  halfThickness,
  type Membrane,
  type Ripple,
  type SheetShape,
  type Swell,
  sheet,
  vesicle,
} from "./surfaces.js";

/**
 * Densities in Da/Å³ and widths in Å across a bilayer, above ice. The volumes and areas are those of Nagle and
 * Tristram-Nagle (Biochim. Biophys. Acta 1469, 2000, 159: a head group of 319 Å³ on 72.5 Å², CH₂ of 27.6 Å³, CH₃ of twice
 * that); their electron scattering is the sum of the atoms' (Peng et al., Acta Cryst. A52, 1996, 257), on the scale on
 * which protein of 1.35 g/cm³ is 0.81. `bound` is what peripheral proteins and sugars of natural membranes add to the
 * heads, about as much as the heads themselves.
 */
const bilayer = {
  headSigma: 5,
  head: 0.35,
  bound: 0.25,
  tail: 0.39,
  tailSigma: 3,
  /** Distance from the heads' middle to the tails' outer end. */
  glycerol: 4.5,
  gap: 0.25,
  gapSigma: 5,
} as const;

/**
 * Returns the density across a bilayer: heads, tails, and the gap in the middle where the leaflets meet.
 *
 * @param head distance of the heads from the middle, Å
 * @param spacing Å per voxel, to which the profile is smoothed like the particles' maps
 */
export function bilayerProfile(head: number, spacing: number): (distance: number) => number {
  const blur = 0.45 * spacing;
  const peak = (distance: number, sigma: number) => {
    const wide = Math.hypot(sigma, blur);
    return (sigma / wide) * Math.exp(-0.5 * (distance / wide) ** 2);
  };
  const { glycerol, gap, gapSigma, headSigma, tail, tailSigma } = bilayer;
  const tails = (distance: number) =>
    0.5 + 0.5 * Math.tanh((0.8 * (head - glycerol - distance)) / Math.hypot(tailSigma, blur));
  const step = 0.25;
  const table = Float64Array.from({ length: Math.ceil(bilayerReach(head, spacing) / step) + 2 }, (_, i) => {
    const away = i * step;
    return (
      (bilayer.head + bilayer.bound) * (peak(away - head, headSigma) + peak(away + head, headSigma)) +
      tail * tails(away) -
      gap * peak(away, gapSigma)
    );
  });
  return (distance) => {
    const at = Math.abs(distance) / step;
    const index = Math.floor(at);
    if (index + 1 >= table.length) return 0;
    return table[index]! + (at - index) * (table[index + 1]! - table[index]!);
  };
}

/** Returns the distance in Å from a bilayer's middle beyond which it has no density. */
const bilayerReach = (head: number, spacing: number): number =>
  head + 3 * Math.hypot(bilayer.headSigma, 0.45 * spacing);

/**
 * Draws membranes into a canvas.
 *
 * @param isWithin whether a point lies in the cell's ice, outside of which membranes are cut off
 */
export function drawMembranes(
  canvas: Canvas,
  membranes: readonly Membrane[],
  isWithin: (x: number, y: number, z: number) => boolean,
): void {
  const { spacing } = canvas.field;
  for (const { surface, head } of membranes) {
    const reach = bilayerReach(head, spacing);
    const half = halfThickness({ head });
    const { low, high } = surface.bounds;
    draw(canvas, {
      bounds: {
        low: [low[0] - reach, low[1] - reach, low[2] - reach],
        high: [high[0] + reach, high[1] + reach, high[2] + reach],
      },
      bit: bitOf("membrane"),
      distance: (x, y, z) => {
        const away = surface.distance(x, y, z, reach);
        return Number.isFinite(away) && isWithin(x, y, z) ? away : Infinity;
      },
      density: bilayerProfile(head, spacing),
      holds: (away) => Math.abs(away) <= half,
      span: (y, z) => surface.span(y, z, reach),
    });
  }
}

const drawHead = (random: Random): number => random.between(18, 20);

/** Distances in Å between the membranes of a flat organelle, and between organelles. */
const cisterna = { least: 220, greatest: 480 } as const;
const betweenOrganelles = 1500;

/**
 * Draws the sheets of one or two flat organelles that cross the whole tomogram: single membranes, or pairs with the
 * organelle's inside between them.
 */
export function drawSheets(slab: Slab, random: Random): Membrane[] {
  const { x, y, z } = slab.size;
  const direction = random.between(0, 2 * Math.PI);
  const rise = random.between(-0.4, 0.4);
  const normal = unit([Math.cos(direction), Math.sin(direction), rise]);
  const [e, f] = acrossTo(normal);
  const width = Math.abs(normal[0]) * x + Math.abs(normal[1]) * y;
  const bounds: Bounds = { low: [0, 0, 0], high: [x, y, z] };
  const area =
    Math.min(x / Math.max(1e-6, Math.abs(normal[1])), y / Math.max(1e-6, Math.abs(normal[0]))) *
    slab.thickness;
  const membranes: Membrane[] = [];
  const add = (shift: number, swells: readonly Swell[], side: 1 | -1): void => {
    const origin = plus([x / 2, y / 2, slabMiddle(slab, x / 2, y / 2)], normal, shift);
    const shape: SheetShape = { origin, frame: [e, f, normal], swells, side, bounds };
    membranes.push({ surface: sheet(shape), head: drawHead(random), area });
  };
  let shift = random.between(-0.35, -0.05) * width;
  if (random.uniform() < 0.5) shift = -shift - Math.min(0.5 * width, betweenOrganelles);
  for (let i = 0; i < 2 && shift < 0.4 * width; i++) {
    const swells = Array.from({ length: 3 }, () => drawSwell(random));
    const apart = random.between(cisterna.least, cisterna.greatest);
    const isPair = i === 0 ? width > 4 * apart : random.uniform() < 0.5;
    if (isPair) add(shift, swells, -1);
    add(shift + (isPair ? apart : 0), swells, 1);
    shift += apart + betweenOrganelles * random.between(1, 1.8);
  }
  return membranes;
}

function drawSwell(random: Random): Swell {
  const wave = (2 * Math.PI) / random.between(2500, 7000);
  const turn = random.between(0, Math.PI);
  const across = wave * Math.cos(turn);
  const along = wave * Math.sin(turn);
  return {
    across,
    along,
    phase: random.between(0, 2 * Math.PI),
    amplitude: random.between(0.04, 0.1) / wave,
  };
}

const abundance: Abundance = { perReference: 14, spread: [0.75, 1.25], fewest: 2 };
/** Radii of vesicles in Å. */
const vesicles = { least: 300, greatest: 1500 } as const;
/** Attempts to place a vesicle, after how many it shrinks by a tenth, and the radius in Å to which it may shrink. */
const tries = 400;
const shrinking = 50;
const smallest = 200;
/** Free space in Å kept between a vesicle and its neighbours. */
const aside = 60;

/**
 * Draws vesicles into the free space of a slab, the largest first; every fourth large one has a second membrane inside.
 *
 * @param share the tomogram's volume relative to the challenge's
 */
export function drawVesicles(
  slab: Slab,
  share: number,
  occupancy: Occupancy,
  random: Random,
  howMany = abundance,
): Membrane[] {
  const { x, y } = slab.size;
  const wanted = drawNumber(howMany, share, random);
  const roomy = Math.min(vesicles.greatest, 0.3 * Math.min(x, y));
  const radii = Array.from({ length: wanted }, () =>
    Math.min(roomy, vesicles.least * (roomy / vesicles.least) ** (random.uniform() ** 1.5)),
  ).sort((a, b) => b - a);
  const found: Membrane[] = [];
  for (let radius of radii) {
    for (let attempt = 1; attempt <= tries; attempt++) {
      if (attempt % shrinking === 0) radius = Math.max(Math.min(smallest, roomy), 0.9 * radius);
      const centre = drawCentre(slab, radius, random);
      if (!occupancy.isFree(centre, 1.25 * radius + aside)) continue;
      const members = drawVesicle(centre, radius, random);
      for (const member of members) occupancy.addMembrane(member);
      found.push(...members);
      break;
    }
  }
  return found;
}

/** Draws where a vesicle lies: whole between the ice's faces if it fits, else cut by them near its widest. */
function drawCentre(slab: Slab, radius: number, random: Random): Vector3 {
  const cx = random.between(0, slab.size.x);
  const cy = random.between(0, slab.size.y);
  const free = Math.max(0.15 * slab.thickness, slab.thickness / 2 - 1.15 * radius);
  return [cx, cy, slabMiddle(slab, cx, cy) + random.between(-free, free)];
}

/** Draws an undulating ellipsoid of about a radius, at most 1.25 times as wide anywhere. */
function drawVesicle(centre: Vector3, radius: number, random: Random): Membrane[] {
  const axes: Vector3 = [
    radius * random.between(0.85, 1.15),
    radius * random.between(0.85, 1.15),
    radius * random.between(0.85, 1.1),
  ];
  const turn = randomRotation(random);
  const ripples: Ripple[] = Array.from({ length: 4 }, (_, i) => ({
    axis: randomDirection(random),
    count: 2 + i,
    phase: random.between(0, 2 * Math.PI),
    amplitude: random.between(0.005, 0.04) / (1 + i),
  }));
  const of = (inwards: number): Membrane => ({
    surface: vesicle({
      centre,
      axes: [axes[0] - inwards, axes[1] - inwards, axes[2] - inwards],
      turn,
      ripples,
    }),
    head: drawHead(random),
    area: 4 * Math.PI * (radius - inwards) ** 2,
  });
  const inner = random.between(130, 220);
  return radius > 500 && random.uniform() < 0.25 ? [of(0), of(inner)] : [of(0)];
}
