/** Built-in shapes of what a cell holds besides the particles: subunits of filaments, proteins of membranes and cytosol. */
import { type Random, randomFor } from "../../../domain/random.js";
import type { Ellipsoid } from "../beads.js";
import type { Density } from "../density.js";
import { randomRotation, type Vector3 } from "../rotation.js";
import { proteinOf } from "../shapes.js";

/** Proteins of a cell, besides the particles. */
export interface CellProteins {
  readonly membrane: readonly MembraneProtein[];
  /** Proteins of the cytosol, from 20 to about 500 kDa. */
  readonly cytosol: readonly Density[];
}

/** A protein that stands in a membrane along z, and where its centre of mass lies from the membrane's middle, Å. */
export interface MembraneProtein {
  readonly density: Density;
  readonly offset: Vector3;
}

/** Number of shapes of either kind. */
const membraneKinds = 6;
const cytosolKinds = 40;

/** Makes the subunits of filaments: a dimer of tubulin and an actin, x outwards and z along the filament. */
export function filamentSubunits(spacing: number): Readonly<Record<"microtubule" | "actin", Density>> {
  const dimer: Ellipsoid[] = [
    { at: [0, 0, 20], axes: [23, 26, 21] },
    { at: [2, 0, -20], axes: [23, 26, 21] },
  ];
  return {
    microtubule: proteinOf("tubulin", spacing, dimer, 50, 100),
    actin: proteinOf("actin", spacing, [{ at: [0, 0, 0], axes: [22, 20, 28] }], 40, 42),
  };
}

/** Makes the proteins of a cell. @param spacing Å per voxel of the tomograms */
export function cellProteins(spacing: number): CellProteins {
  return {
    membrane: Array.from({ length: membraneKinds }, (_, i) => {
      const bodies = standing(randomFor(0, "membrane protein", i));
      const density = proteinOf(`membrane protein ${i + 1}`, spacing, bodies, 130);
      const middle = (density.map.shape[0] - 1) / 2;
      const [z, y, x] = density.centre.map((at) => (at - middle) * spacing) as [number, number, number];
      return { density, offset: [x, y, z] };
    }),
    cytosol: Array.from({ length: cytosolKinds }, (_, i) => {
      const { bodies, extent } = globular(randomFor(0, "cytosol protein", i));
      return proteinOf(`cytosol protein ${i + 1}`, spacing, bodies, extent);
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
