/** Filaments of a cell: microtubules and actin, as lattices of subunits along bent paths. */
import type { Random } from "../../../domain/random.js";
import type { Rotation } from "../../../domain/rotation.js";
import type { Density } from "../density.js";
import { slabMiddle } from "../placement.js";
import { acrossTo, cross, dot, plus, positionOf, unit, type Vector3 } from "../rotation.js";
import { stamp } from "../stamp.js";
import { type Abundance, bitOf, type CellFeature, drawNumber } from "./features.js";
import type { Occupancy } from "./occupancy.js";
import { boundsAround, type Canvas, draw } from "./raster.js";

/** A point of a path: the axis, its direction, and a direction across it that does not twist. */
export interface PathPoint {
  readonly at: Vector3;
  readonly along: Vector3;
  readonly across: Vector3;
}

/** A subunit's place on a straight filament: Å along it, degrees about it, and Å from its axis. */
export interface Site {
  readonly along: number;
  readonly angle: number;
  readonly radius: number;
}

/**
 * Microtubule of 13 protofilaments: dimers of 80 Å, and a left-handed helix of monomers that rises by three of them a
 * turn, so that protofilaments run straight (Amos and Klug, J. Cell Sci. 14, 1974, 523; Chrétien and Wade, Biol. Cell 71,
 * 1991, 161). The wall's middle lies at 105 Å: 250 Å across, with a lumen of 160 Å.
 */
export const microtubule = { protofilaments: 13, dimer: 80, starts: 3, radius: 105, outer: 125 } as const;

/** Actin: 27.3 Å and −166.7° a subunit (Dominguez and Holmes, Annu. Rev. Biophys. 40, 2011, 169); 80 Å across. */
export const actin = { rise: 27.3, twist: -166.7, radius: 16, outer: 40 } as const;

/** Returns the dimers of a microtubule of some length in Å. */
export function microtubuleSites(length: number): Site[] {
  const { protofilaments, dimer, starts, radius } = microtubule;
  const shift = (starts * (dimer / 2)) / protofilaments;
  return Array.from({ length: protofilaments }, (_, i) => i).flatMap((i) => {
    const first = dimer - ((i * shift) % dimer);
    const count = Math.max(0, Math.floor((length - first) / dimer) + 1);
    return Array.from({ length: count }, (_unused, n) => ({
      along: first + n * dimer,
      angle: (360 * i) / protofilaments,
      radius,
    }));
  });
}

/** Returns the subunits of an actin filament of some length in Å. */
export const actinSites = (length: number): Site[] =>
  Array.from({ length: Math.floor(length / actin.rise) + 1 }, (_, n) => ({
    along: n * actin.rise,
    angle: n * actin.twist,
    radius: actin.radius,
  }));

/** Å between the points of a path. */
export const pathStep = 20;

/** How a path bends: its direction swings by up to `swing` radians over `wave` Å, in two directions across. */
export interface Bend {
  readonly swing: number;
  readonly wave: number;
  readonly phase: number;
}

/** Returns the points of a path through a point, half of it on either side. */
export function bentPath(
  middle: Vector3,
  direction: Vector3,
  bends: readonly [Bend, Bend],
  length: number,
): PathPoint[] {
  const [e, f] = acrossTo(direction);
  const count = Math.max(2, Math.floor(length / pathStep) + 1);
  const tangents = Array.from({ length: count }, (_, i) => {
    const [a, b] = bends.map(
      ({ swing, wave, phase }) => swing * Math.sin((2 * Math.PI * i * pathStep) / wave + phase),
    ) as [number, number];
    return unit(plus(plus(direction, e, a), f, b));
  });
  const places: Vector3[] = [[0, 0, 0]];
  for (let i = 1; i < count; i++) {
    const before = places[i - 1]!;
    const mean = unit(plus(tangents[i - 1]!, tangents[i]!));
    places.push(plus(before, mean, pathStep));
  }
  const shift = places[count >> 1]!;
  let across = acrossTo(tangents[0]!)[0];
  return places.map((place, i) => {
    const along = tangents[i]!;
    across = unit(plus(across, along, -dot(across, along)));
    return { at: plus(plus(place, shift, -1), middle), along, across };
  });
}

/** Returns where a subunit lies, and the rotation that turns its x outwards and its z along the filament. */
export function placeSite(path: readonly PathPoint[], site: Site): { at: Vector3; rotation: Rotation } {
  const step = Math.max(0, Math.min(path.length - 1, Math.floor(site.along / pathStep)));
  const { at, along, across } = path[step]!;
  const side = cross(along, across);
  const angle = (site.angle * Math.PI) / 180;
  const out = plus([0, 0, 0], across, Math.cos(angle));
  const radial = plus(out, side, Math.sin(angle));
  const around = cross(along, radial);
  const axis = plus(at, along, site.along - step * pathStep);
  return {
    at: plus(axis, radial, site.radius),
    rotation: [
      ...[radial[0], around[0], along[0]],
      ...[radial[1], around[1], along[1]],
      ...[radial[2], around[2], along[2]],
    ] as unknown as Rotation,
  };
}

/** A kind of filament. */
interface FilamentKind {
  readonly feature: CellFeature;
  /** Radius in Å of the solid cylinder that it fills. */
  readonly outer: number;
  readonly abundance: Abundance;
  readonly swing: number;
  readonly wave: readonly [least: number, greatest: number];
  readonly sites: (length: number) => Site[];
  /** Filaments in a bundle at most, and Å between their axes. */
  readonly bundle: { readonly most: number; readonly apart: number };
}

/** How the number of either kind varies. */
const varied = { spread: [0.8, 1.4], fewest: 2 } as const;

export const filamentKinds: Readonly<Record<"microtubule" | "actin", FilamentKind>> = {
  microtubule: {
    feature: "microtubule",
    outer: microtubule.outer,
    abundance: { perReference: 7, ...varied },
    swing: 0.12,
    wave: [9000, 25000],
    sites: microtubuleSites,
    bundle: { most: 1, apart: 0 },
  },
  actin: {
    feature: "actin",
    outer: actin.outer,
    abundance: { perReference: 16, ...varied },
    swing: 0.15,
    wave: [5000, 14000],
    sites: actinSites,
    bundle: { most: 5, apart: 130 },
  },
};

/** Draws of a path, of which the one with the longest free stretch is taken. */
const attempts = 24;
/** Å kept free around a filament, and the least length of a stretch. */
const aside = 12;
const shortest = 250;

/** Draws paths of filaments through the free space of the ice, and keeps their places. */
export function drawFilaments(
  kind: FilamentKind,
  share: number,
  occupancy: Occupancy,
  random: Random,
): PathPoint[][] {
  const wanted = drawNumber(kind.abundance, share, random);
  const found: PathPoint[][] = [];
  while (found.length < wanted) {
    const best = longestDraw(kind, occupancy, random);
    if (best.length * pathStep < shortest) break;
    const [side] = acrossTo(best[0]!.along);
    const size = 1 + random.integer(Math.min(kind.bundle.most, wanted - found.length));
    for (let i = 0; i < size; i++) {
      const path = i === 0 ? best : shifted(best, side, i * kind.bundle.apart);
      const free = longestFree(path, kind.outer, occupancy);
      if (free.length * pathStep < shortest) continue;
      found.push(free);
      keep(free, kind.outer, occupancy);
    }
  }
  return found;
}

function shifted(path: readonly PathPoint[], side: Vector3, by: number): PathPoint[] {
  return path.map((point) => ({ ...point, at: plus(point.at, side, by) }));
}

function keep(path: readonly PathPoint[], outer: number, occupancy: Occupancy): void {
  const radius = Math.hypot(outer, pathStep);
  for (let i = 0; i < path.length; i += 2) occupancy.addSphere(path[i]!.at, radius);
  occupancy.addSphere(path.at(-1)!.at, radius);
}

function longestDraw(kind: FilamentKind, occupancy: Occupancy, random: Random): PathPoint[] {
  const { slab } = occupancy;
  const { x, y } = slab.size;
  let best: PathPoint[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const angle = random.between(0, 2 * Math.PI);
    const direction = unit([Math.cos(angle), Math.sin(angle), random.between(-0.08, 0.08)]);
    const mx = random.between(0.1, 0.9) * x;
    const my = random.between(0.1, 0.9) * y;
    const room = Math.max(0, slab.thickness / 2 - kind.outer - aside);
    const middle: Vector3 = [mx, my, slabMiddle(slab, mx, my) + random.between(-room, room) * 0.8];
    const bend = (scale: number): Bend => ({
      swing: scale * kind.swing * random.between(0.2, 1),
      wave: random.between(...kind.wave),
      phase: random.between(0, 2 * Math.PI),
    });
    const path = bentPath(middle, direction, [bend(1), bend(0.3)], 2.2 * Math.hypot(x, y));
    const free = longestFree(path, kind.outer, occupancy);
    if (free.length > best.length) best = free;
  }
  return best;
}

/** Returns the longest stretch of a path that lies in and around the tomogram, in the ice, and touches nothing. */
function longestFree(path: readonly PathPoint[], outer: number, occupancy: Occupancy): PathPoint[] {
  const { x, y } = occupancy.slab.size;
  const clear = outer + aside;
  const isFree = ({ at }: PathPoint): boolean =>
    at[0] > -2 * outer &&
    at[0] < x + 2 * outer &&
    at[1] > -2 * outer &&
    at[1] < y + 2 * outer &&
    occupancy.depth(...at) >= outer &&
    occupancy.isFree(at, clear);
  let best: readonly [number, number] = [0, 0];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && isFree(path[i]!)) continue;
    if (i - start > best[1] - best[0]) best = [start, i];
    start = i + 1;
  }
  return path.slice(...best);
}

/** Draws filaments into a canvas: their subunits as density, a solid cylinder with its lumen as mask. */
export function drawPaths(
  canvas: Canvas,
  kind: FilamentKind,
  subunit: Density,
  paths: readonly (readonly PathPoint[])[],
): void {
  for (const path of paths) {
    for (const site of kind.sites((path.length - 1) * pathStep)) {
      const { at, rotation } = placeSite(path, site);
      stamp(canvas.field, subunit, rotation, positionOf(at));
    }
    markCylinder(canvas, bitOf(kind.feature), kind.outer, path);
  }
}

/** Marks the voxels whose centres lie within a radius of a path, between its ends. */
function markCylinder(canvas: Canvas, bit: number, radius: number, path: readonly PathPoint[]): void {
  const none = () => 0;
  for (const [i, { at, along }] of path.entries()) {
    const back = i === 0 ? 0 : -pathStep / 2 - 1;
    const ahead = i === path.length - 1 ? 0 : pathStep / 2 + 1;
    draw(canvas, {
      bounds: boundsAround(at, radius + pathStep),
      bit,
      density: none,
      holds: (away) => away <= radius,
      distance: (x, y, z) => {
        const [dx, dy, dz] = [x - at[0], y - at[1], z - at[2]];
        const height = dx * along[0] + dy * along[1] + dz * along[2];
        if (height < back || height > ahead) return Infinity;
        return Math.sqrt(Math.max(0, dx * dx + dy * dy + dz * dz - height * height));
      },
    });
  }
}
