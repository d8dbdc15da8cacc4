/**
 * Built-in shapes of the challenge's six particles, for machines without density maps: subunits of the published sizes
 * and symmetries, filled with beads. Each is the same in every phantom, whatever the seed.
 */
import { randomFor } from "../../domain/random.js";
import { type Rotation, rotationAbout } from "../../domain/rotation.js";
import { dihedral2, icosahedral, octahedral, rotationGroup } from "../../domain/symmetry.js";
import {
  type Bead,
  beadVolume,
  densityAt,
  type Ellipsoid,
  fillWithBeads,
  proteinDensity,
  renderBeads,
  symmetrised,
} from "./beads.js";
import { type Density, densityOf } from "./density.js";
import { randomRotation, rotate, type Vector3 } from "./rotation.js";

interface Shape {
  /** Mass in kilodalton. */
  readonly mass: number;
  readonly beads: () => Bead[];
}

const solid = (name: string, bodies: readonly Ellipsoid[], extent: number, texture: number): Bead[] =>
  fillWithBeads((point) => densityAt(bodies, point), extent, texture, randomFor(0, `shape ${name}`));

const copies = (
  name: string,
  bodies: readonly Ellipsoid[],
  extent: number,
  texture: number,
  group: readonly Rotation[],
): Bead[] => symmetrised(solid(name, bodies, extent, texture), group);

/** 24 four-helix bundles, 50 × 25 Å, lying in a shell of 12 nm outer and 8 nm inner diameter (octahedral). */
function apoFerritin(): Bead[] {
  const bundle: Ellipsoid = {
    at: [16, 29, 38],
    axes: [29, 17, 14],
    turn: rotationAbout([16, 29, 38], 50),
  };
  return copies("apo-ferritin", [bundle], 80, 0.15, octahedral());
}

/** Sweet potato's tetramer: four compact (α/β)₈ barrels of 56 kDa around three two-fold axes. */
function betaAmylase(): Bead[] {
  const barrel: Ellipsoid = { at: [22, 21, 16], axes: [28, 26, 23] };
  return copies("beta-amylase", [barrel], 60, 0.2, dihedral2());
}

/** Dimer of dimers, about 18 × 14 × 9 nm (D2), each monomer a large core with a side domain. */
function betaGalactosidase(): Bead[] {
  const monomer: Ellipsoid[] = [
    { at: [38, 26, 8], axes: [38, 23, 22], turn: rotationAbout([0, 0, 1], 18) },
    { at: [22, 44, -10], axes: [18, 15, 16] },
    { at: [62, 18, 14], axes: [20, 20, 18] },
  ];
  return copies("beta-galactosidase", monomer, 95, 0.2, dihedral2());
}

/** A round large subunit with stalks and a flatter small one, head and body, across a cleft; RNA is denser. */
function ribosome(): Bead[] {
  const large: Ellipsoid[] = [
    { at: [0, -36, 0], axes: [106, 80, 92], weight: 1.2 },
    { at: [0, -8, 0], axes: [58, 62, 55], weight: 1.4 },
    { at: [0, -62, 70], axes: [30, 32, 48], weight: 1.1 },
    { at: [92, -30, 62], axes: [34, 20, 26], turn: rotationAbout([0, 1, 0], 40), weight: 1.1 },
    { at: [-96, -20, 55], axes: [40, 18, 20], turn: rotationAbout([0, 1, 0], -35) },
  ];
  const small: Ellipsoid[] = [
    { at: [6, 78, -34], axes: [62, 36, 62], weight: 1.25 },
    { at: [-8, 78, 62], axes: [52, 36, 34], weight: 1.25 },
    { at: [40, 72, -92], axes: [22, 18, 34] },
    { at: [-58, 74, 44], axes: [24, 20, 24], weight: 1.1 },
  ];
  const tunnel: Ellipsoid[] = [
    { at: [10, -52, -10], axes: [8, 60, 8] },
    { at: [-45, 40, 25], axes: [60, 8, 18] },
  ];
  const random = randomFor(0, "shape ribosome surface");
  const groove = (): Ellipsoid => {
    const turn = randomRotation(random);
    return { at: rotate(turn, [random.between(85, 130), 0, 0]), axes: [22, 12, 26], turn };
  };
  const holes = [...tunnel, ...Array.from({ length: 26 }, groove)];
  const density = (point: Vector3): number =>
    densityAt(holes, point) > 0 ? 0 : Math.max(densityAt(large, point), densityAt(small, point));
  return fillWithBeads(density, 160, 0.55, random);
}

/** An elongated two-fold dimer like a butterfly, about 25 × 15 × 11 nm, full of holes. */
function thyroglobulin(): Bead[] {
  const monomer: Ellipsoid[] = [
    { at: [24, 24, 8], axes: [27, 23, 26] },
    { at: [52, 40, -14], axes: [34, 20, 26], turn: rotationAbout([0, 0, 1], 35) },
    { at: [62, -6, 16], axes: [30, 22, 24], turn: rotationAbout([0, 1, 0], 30) },
    { at: [98, 20, 6], axes: [30, 18, 28], turn: rotationAbout([0, 0, 1], -40) },
    { at: [84, 54, 22], axes: [18, 22, 18] },
    { at: [112, -12, -18], axes: [16, 22, 18] },
  ];
  return copies("thyroglobulin", monomer, 140, 0.45, rotationGroup([rotationAbout([0, 0, 1], 180)]));
}

/** An icosahedral capsid of 28 nm outer diameter: a thin shell that 180 coat proteins line, empty inside. */
function virusLikeParticle(): Bead[] {
  const unit = (at: Vector3): Ellipsoid => {
    const scale = 127 / Math.hypot(...at);
    return { at: [at[0] * scale, at[1] * scale, at[2] * scale], axes: [22, 22, 14] };
  };
  const coat = [unit([0.12, 0.62, 1]), unit([0.34, 0.42, 1]), unit([0.1, 0.22, 1])];
  const lining = (point: Vector3): number => {
    const away = Math.hypot(...point);
    return away > 118 && away < 138 ? 1 : 0;
  };
  return [
    ...copies("virus-like-particle", coat, 150, 0.2, icosahedral()).map(({ at, weight }) => ({
      at,
      weight: weight * 0.35,
    })),
    ...fillWithBeads(lining, 150, 0.3, randomFor(0, "shape capsid lining")),
  ];
}

const shapes: Readonly<Record<string, Shape>> = {
  "apo-ferritin": { mass: 480, beads: apoFerritin },
  "beta-amylase": { mass: 224, beads: betaAmylase },
  "beta-galactosidase": { mass: 465, beads: betaGalactosidase },
  ribosome: { mass: 3300, beads: ribosome },
  thyroglobulin: { mass: 660, beads: thyroglobulin },
  "virus-like-particle": { mass: 2600, beads: virusLikeParticle },
};

/** Returns a particle's mass in kilodalton; undefined if it is none of the six. */
export const massOf = (name: string): number | undefined => shapes[name]?.mass;

/**
 * Returns the blur of a bead in Å: helices and side chains are not resolved at the tomogram's voxels, which set the
 * least blur.
 */
const blur = (spacing: number): number => Math.max(6.5, 0.8 * spacing);

/** Returns the density of one of the six particles at a spacing (Å per voxel); undefined for any other name. */
export function shapeOf(name: string, spacing: number): Density | undefined {
  const shape = shapes[name];
  return shape && densityOf(name, renderBeads(shape.beads(), spacing, blur(spacing)), shape.mass);
}

/**
 * Makes the density of a protein from its bodies; where they overlap, the densest counts.
 *
 * @param spacing Å per voxel
 * @param extent half edge in Å of the cube that holds the bodies
 * @param mass kilodalton; by the bodies' volume if it is not given
 */
export function proteinOf(
  name: string,
  spacing: number,
  bodies: readonly Ellipsoid[],
  extent: number,
  mass?: number,
): Density {
  const beads = fillWithBeads((at) => densityAt(bodies, at), extent, 0.25, randomFor(0, `shape ${name}`));
  return densityOf(name, renderBeads(beads, spacing, blur(spacing)), mass ?? massOfBeads(beads));
}

/** Returns the mass in kilodalton of beads that are as dense as protein. */
const massOfBeads = (beads: readonly Bead[]): number =>
  (proteinDensity * beadVolume * beads.reduce((sum, { weight }) => sum + weight, 0)) / 1000;
