/** Places particles and other proteins in a cell: on membranes, and in the space between all else. */
import { challengeParticles } from "../../../domain/particles.js";
import type { Random } from "../../../domain/random.js";
import type { Rotation } from "../../../domain/rotation.js";
import { proteinDensity } from "../beads.js";
import { type Density, reachTowards } from "../density.js";
import { drawPoint, freeHeight, rim } from "../placement.js";
import { acrossTo, plus, randomRotation, rotate, type Vector3 } from "../rotation.js";
import type { Occupancy } from "./occupancy.js";
import type { CellProteins, MembraneProtein } from "./proteins.js";
import { halfThickness, type Membrane } from "./surfaces.js";

/** A protein to be stamped. */
export interface PlacedProtein {
  readonly density: Density;
  readonly at: Vector3;
  readonly rotation: Rotation;
  /** The membrane that it sits on. */
  readonly host?: Membrane;
}

/** The type that sits on membranes as on the endoplasmic reticulum: its share there, and which way faces the membrane. */
export const boundType = "ribosome";
const boundShare = 0.4;
/** Direction in a bound particle's own frame that points at the membrane: the exit tunnel's in the built-in shape. */
export const towardsMembrane: Vector3 = [0, -1, 0];

/** Å kept between two particles. */
const gap = 4;
/** Attempts before a particle, and before a protein of no interest, is left out for lack of space. */
const attempts = 2000;
const fewAttempts = 12;

/** Returns the rotation that turns `from` to `to`, then by `degrees` about it. Both have length 1. */
export function turnTo(from: Vector3, to: Vector3, degrees: number): Rotation {
  const [a, b] = acrossTo(from);
  const [p, q] = acrossTo(to);
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const axes = [0, 1, 2].map((i) => [cos * p[i]! + sin * q[i]!, cos * q[i]! - sin * p[i]!, to[i]!] as const);
  return axes.flatMap((row) =>
    [0, 1, 2].map((i) => row[0] * a[i]! + row[1] * b[i]! + row[2] * from[i]!),
  ) as unknown as Rotation;
}

/**
 * Places the particles: part of the ribosomes on membranes, the rest, largest first, anywhere in the ice.
 *
 * @returns those that fitted
 */
export function placeParticles(
  particles: ReadonlyMap<string, Density>,
  counts: ReadonlyMap<string, number>,
  membranes: readonly Membrane[],
  occupancy: Occupancy,
  random: Random,
): PlacedProtein[] {
  const placed: PlacedProtein[] = [];
  const left = new Map(counts);
  const bound = particles.get(boundType);
  if (bound && membranes.length > 0) {
    const wanted = Math.round(boundShare * (counts.get(boundType) ?? 0));
    const rise = reachTowards(bound, towardsMembrane);
    for (let i = 0; i < wanted; i++) {
      const found = placeOnMembrane(bound, rise, membranes, occupancy, random);
      if (found) placed.push(found);
    }
    left.set(boundType, (counts.get(boundType) ?? 0) - placed.length);
  }
  const rest = challengeParticles
    .flatMap(({ name }) => Array<string>(left.get(name) ?? 0).fill(name))
    .flatMap((name) => particles.get(name) ?? [])
    .sort((a, b) => b.radius - a.radius);
  for (const density of rest) {
    const at = findPlace(density.radius + gap / 2, attempts, 1, occupancy, random);
    if (at) placed.push({ density, at, rotation: randomRotation(random) });
  }
  return placed;
}

function placeOnMembrane(
  density: Density,
  rise: number,
  membranes: readonly Membrane[],
  occupancy: Occupancy,
  random: Random,
): PlacedProtein | undefined {
  const radius = density.radius + gap / 2;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const host = membranes[random.integer(membranes.length)]!;
    const { at: foot, normal } = host.surface.draw(random);
    const at = plus(foot, normal, halfThickness(host) + rise + gap);
    const spin = random.between(0, 360);
    if (!isInView(at, occupancy) || !occupancy.isWithin(...foot, gap)) continue;
    if (occupancy.depth(...at) < radius || !occupancy.isFree(at, radius, host.surface)) continue;
    occupancy.addSphere(at, radius);
    const down: Vector3 = [-normal[0], -normal[1], -normal[2]];
    return { density, at, rotation: turnTo(towardsMembrane, down, spin), host };
  }
  return undefined;
}

function isInView([x, y]: Vector3, { slab: { size } }: Occupancy): boolean {
  return x >= rim && y >= rim && x < size.x - rim && y < size.y - rim;
}

/** Finds a free place for a sphere in the ice, and keeps it; a place inside a vesicle is taken with a probability. */
function findPlace(
  radius: number,
  most: number,
  inside: number,
  occupancy: Occupancy,
  random: Random,
): Vector3 | undefined {
  const free = freeHeight(occupancy.slab, radius);
  if (free < 0) return undefined;
  for (let attempt = 0; attempt < most; attempt++) {
    const at = drawPoint(occupancy.slab, free, random);
    if (!occupancy.isFree(at, radius)) continue;
    if (inside < 1 && random.uniform() >= inside && occupancy.isEnclosed(at)) continue;
    occupancy.addSphere(at, radius);
    return at;
  }
  return undefined;
}

/** Area in Å² of membrane per protein that stands in it. */
const areaPerProtein = { least: 25_000, greatest: 70_000 } as const;
/** Å above a membrane's middle, and radius, of the sphere that a standing protein keeps free. */
const domain = { height: 68, radius: 30 } as const;

/** Places proteins that stand in membranes, on their outer side. */
export function placeMembraneProteins(
  proteins: readonly MembraneProtein[],
  membranes: readonly Membrane[],
  occupancy: Occupancy,
  random: Random,
): PlacedProtein[] {
  const placed: PlacedProtein[] = [];
  for (const host of membranes) {
    const wanted = Math.round(host.area / random.between(areaPerProtein.least, areaPerProtein.greatest));
    for (let i = 0; i < wanted; i++) {
      const { density, offset } = proteins[random.integer(proteins.length)]!;
      const { at: foot, normal } = host.surface.draw(random);
      const rotation = turnTo([0, 0, 1], normal, random.between(0, 360));
      const head = plus(foot, normal, domain.height);
      if (!occupancy.isWithin(...foot, gap) || occupancy.depth(...head) < domain.radius) continue;
      if (!occupancy.isFree(head, domain.radius, host.surface)) continue;
      occupancy.addSphere(head, domain.radius);
      placed.push({ density, at: plus(foot, rotate(rotation, offset)), rotation, host });
    }
  }
  return placed;
}

/** Crowding inside vesicles, relative to the cytosol's. */
const insideVesicles = 0.35;
/** Radius of the sphere that a protein of the cytosol keeps free, relative to its own: lobes interlock. */
const softness = 0.75;
/** Proteins in a row without a place after which the cytosol counts as full. */
const patience = 60;

/**
 * Fills the ice with proteins of the cytosol until they take a share of it, or until it is full.
 *
 * @param crowding share of the volume that is protein
 */
export function placeCytosol(
  proteins: CellProteins["cytosol"],
  crowding: number,
  occupancy: Occupancy,
  random: Random,
): PlacedProtein[] {
  const { slab } = occupancy;
  const placed: PlacedProtein[] = [];
  const masses = proteins.map(({ map }) => map.data.reduce((sum, value) => sum + value, 0));
  let left = crowding * proteinDensity * slab.size.x * slab.size.y * slab.thickness;
  for (let failures = 0; left > 0 && failures < patience; ) {
    const kind = random.integer(proteins.length);
    const density = proteins[kind]!;
    const at = findPlace(softness * density.radius, fewAttempts, insideVesicles, occupancy, random);
    failures = at ? 0 : failures + 1;
    if (!at) continue;
    left -= masses[kind]!;
    placed.push({ density, at, rotation: randomRotation(random) });
  }
  return placed;
}
