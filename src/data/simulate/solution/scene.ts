/**
 * The scene of a simulated solution: particles in ice among unlisted proteins and, in some, vesicles, gold and carbon.
 * The room `solution` draws what networks shall not take for particles.
 */
import { challengeParticles } from "../../../domain/particles.js";
import type { Random } from "../../../domain/random.js";
import { drawCarbon, paintCarbon } from "../cell/carbon.js";
import type { Abundance } from "../cell/features.js";
import { type Bead, drawGold, paintGold } from "../cell/gold.js";
import { drawMembranes, drawVesicles } from "../cell/membranes.js";
import { type Clearance, Occupancy } from "../cell/occupancy.js";
import type { Canvas } from "../cell/raster.js";
import type { Membrane } from "../cell/surfaces.js";
import { drawDeformation, type Flexibility } from "../deformation.js";
import type { Density } from "../density.js";
import type { Slab } from "../placement.js";
import { drawCounts, referenceVolume, type SpecimenSet } from "../population.js";
import { positionOf } from "../rotation.js";
import { type PhantomPick, stamp } from "../stamp.js";
import { type Contents, drawKinds } from "./contents.js";
import { type PlacedCopy, placeCopies } from "./placing.js";

/** What stands where in a solution. */
export interface Solution {
  readonly slab: Slab;
  readonly occupancy: Occupancy;
  readonly film?: Clearance | undefined;
  readonly vesicles: readonly Membrane[];
  readonly gold: readonly Bead[];
  /** Listed particles, the largest first. */
  readonly particles: readonly PlacedCopy[];
  /** Unlisted proteins, the largest first. */
  readonly distractors: readonly PlacedCopy[];
}

/** Attempts before a particle, and before a protein of no interest, is left out for lack of space. */
const attempts = 2000;
const fewAttempts = 30;
/** A solution holds few vesicles and beads, and a small one none. */
const fewVesicles: Abundance = { perReference: 4, spread: [0.3, 1.7], fewest: 0 };
const fewBeads: Abundance = { perReference: 5, spread: [0.2, 1.8], fewest: 0 };

/**
 * Draws a solution: first what is large, then the particles, then as many unlisted proteins as wanted or fit.
 *
 * @param wanted counts given by the user; the count of any other type is drawn
 * @param drawn makes the generator of a purpose
 */
export function drawSolution(
  slab: Slab,
  contents: Contents,
  specimens: SpecimenSet,
  wanted: ReadonlyMap<string, number>,
  drawn: (purpose: string) => Random,
): Solution {
  const volume = slab.size.x * slab.size.y * slab.size.z;
  const share = volume / referenceVolume;
  const occupancy = new Occupancy(slab);
  const film = contents.carbon ? drawCarbon(slab, drawn("carbon")) : undefined;
  if (film) occupancy.addSolid(film);
  const vesicles = contents.vesicles
    ? drawVesicles(slab, share, occupancy, drawn("vesicles"), fewVesicles)
    : [];
  const gold = contents.gold ? drawGold(share, occupancy, drawn("gold"), fewBeads) : [];
  const place = { occupancy, flexibility: contents.flexibility, random: drawn("placement") };
  const population = drawn("population");
  const counts = drawCounts(volume, wanted, population, contents.particles);
  const listed = challengeParticles.flatMap(({ name }) => {
    const density = specimens.particles.get(name);
    return density ? Array<Density>(counts.get(name) ?? 0).fill(density) : [];
  });
  const particles = placeCopies(listed, attempts, place);
  const kinds = drawKinds(contents.kinds, Math.round(contents.perParticle * listed.length), population);
  const others = specimens.distractors.flatMap((density) =>
    Array<Density>(kinds.get(density.name) ?? 0).fill(density),
  );
  return {
    ...{ slab, occupancy, film, vesicles, gold, particles },
    distractors: placeCopies(others, fewAttempts, place),
  };
}

/**
 * Draws a solution into a canvas.
 *
 * @param drawn makes the generator of a purpose
 * @returns the particles as they came to lie, each with its centre and rotation
 */
export function paintSolution(
  canvas: Canvas,
  solution: Solution,
  flexibility: Flexibility,
  drawn: (purpose: string) => Random,
): PhantomPick[] {
  const { slab, occupancy, film, vesicles, gold, particles, distractors } = solution;
  drawMembranes(canvas, vesicles, (x, y, z) => occupancy.isWithin(x, y, z));
  paintGold(canvas, gold);
  if (film) paintCarbon(canvas, film, slab, drawn("carbon grain"));
  const bends = drawn("deformation");
  const stamped = ({ density, at, rotation }: PlacedCopy): PhantomPick => {
    const deformation = drawDeformation(flexibility, density, bends);
    const centre = stamp(canvas.field, density, rotation, positionOf(at), deformation);
    return { type: density.name, ...centre, rotation };
  };
  const picks = particles.map(stamped);
  distractors.forEach(stamped);
  return picks;
}

/** Counts everything that found a place in a solution, by kind. */
export function countsOf({ particles, distractors, vesicles, gold }: Solution): Record<string, number> {
  const counts: Record<string, number> = { "vesicle membrane": vesicles.length, "gold bead": gold.length };
  for (const { density } of [...particles, ...distractors])
    counts[density.name] = (counts[density.name] ?? 0) + 1;
  return counts;
}
