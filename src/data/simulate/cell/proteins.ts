/** Built-in shapes of what a cell holds besides the particles: subunits of filaments, membrane proteins, cytosol. */
import { type Random, randomFor } from "../../../domain/random.js";
import { beadVolume, densityAt, type Ellipsoid, fillWithBeads, renderBeads } from "../beads.js";
import { type Density, densityOf } from "../density.js";
import { randomRotation, type Vector3 } from "../rotation.js";
import { blur } from "../shapes.js";

/** Densities of a cell, besides the particles'. */
export interface CellProteins {
  readonly tubulin: Density;
  readonly actin: Density;
  /** Proteins that stand in a membrane, z along the normal and z = 0 in its middle, each with its map's origin. */
  readonly membrane: readonly MembraneProtein[];
  /** Proteins of the cytosol, from 30 to about 700 kDa. */
  readonly cytosol: readonly Density[];
}

/** A membrane protein and where its centre of mass lies above the membrane's middle, x, y, z in Å. */
export interface MembraneProtein {
  readonly density: Density;
  readonly offset: Vector3;
}

/** Number of shapes of either kind. */
const membraneKinds = 6;
const cytosolKinds = 40;

/** Dalton of protein per Å³ (1.35 g/cm³). */
export const proteinDensity = 0.81;

/** Makes the densities of a cell. @param spacing Å per voxel of the tomograms */
export function cellProteins(spacing: number): CellProteins {
  const of = (name: string, bodies: readonly Ellipsoid[], extent: number, mass?: number) => {
    const beads = fillWithBeads((at) => densityAt(bodies, at), extent, 0.25, randomFor(0, `shape ${name}`));
    const volume = beadVolume * beads.reduce((sum, { weight }) => sum + weight, 0);
    return densityOf(
      name,
      renderBeads(beads, spacing, blur(spacing)),
      mass ?? (proteinDensity * volume) / 1000,
    );
  };
  const tubulin: Ellipsoid[] = [
    { at: [0, 0, 20], axes: [23, 26, 21] },
    { at: [2, 0, -20], axes: [23, 26, 21] },
  ];
  return {
    tubulin: of("tubulin", tubulin, 50, 100),
    actin: of("actin", [{ at: [0, 0, 0], axes: [22, 20, 28] }], 40, 42),
    membrane: Array.from({ length: membraneKinds }, (_, i) => {
      const density = of(`membrane protein ${i + 1}`, standing(randomFor(0, "membrane protein", i)), 130);
      const middle = (density.map.shape[0] - 1) / 2;
      const [z, y, x] = density.centre.map((at) => (at - middle) * spacing) as [number, number, number];
      return { density, offset: [x, y, z] };
    }),
    cytosol: Array.from({ length: cytosolKinds }, (_, i) => {
      const { bodies, extent } = globular(randomFor(0, "cytosol protein", i));
      return of(`cytosol protein ${i + 1}`, bodies, extent);
    }),
  };
}

/** Draws a protein with a stem through the membrane and a few domains above it. */
function standing(random: Random): Ellipsoid[] {
  const stem: Ellipsoid = {
    at: [0, 0, 4],
    axes: [random.between(12, 20), random.between(12, 20), 34],
    weight: 0.5,
  };
  const width = random.between(18, 34);
  const domains: Ellipsoid[] = Array.from({ length: 1 + random.integer(3) }, () => ({
    at: [width * 0.6 * random.normal(), width * 0.6 * random.normal(), random.between(50, 80)],
    axes: [width * random.between(0.7, 1), width * random.between(0.7, 1), random.between(16, 26)],
  }));
  return [stem, ...domains];
}

/** Draws a handful of lobes of one size. */
function globular(random: Random): { bodies: Ellipsoid[]; extent: number } {
  const size = 15 * 2.3 ** random.uniform();
  const lobes = 2 + random.integer(4);
  const axis = () => size * random.between(0.7, 1.15);
  const bodies: Ellipsoid[] = Array.from({ length: lobes }, () => ({
    at: [size * 0.9 * random.normal(), size * 0.7 * random.normal(), size * 0.6 * random.normal()],
    axes: [axis(), axis(), axis()],
    turn: randomRotation(random),
  }));
  return { bodies, extent: 5 * size };
}
