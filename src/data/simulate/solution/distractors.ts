/** Built-in distractors: proteins of 20 to 1,000 kDa that no list of picks holds, the same in every phantom. */
import { type Random, randomFor } from "../../../domain/random.js";
import { beadVolume, densityAt, type Ellipsoid, fillWithBeads, proteinDensity } from "../beads.js";
import type { Density } from "../density.js";
import { proteinOf } from "../shapes.js";
import {
  barrel,
  chain,
  clamp,
  dimer,
  type Form,
  fork,
  globule,
  prism,
  ring,
  rod,
  shell,
  stalked,
} from "./forms.js";

/** A family's name, and the masses in kilodalton of its members with their forms. */
const families: Readonly<Record<string, readonly (readonly [mass: number, form: Form])[]>> = {
  globule: [20, 30, 45, 60, 80, 105, 140].map((mass) => [mass, globule]),
  dimer: [50, 75, 110, 160, 240, 380].map((mass) => [mass, dimer]),
  prism: [
    [120, prism(2)],
    [180, prism(2)],
    [270, prism(2)],
    [560, prism(2)],
    [320, prism(3)],
    [480, prism(4)],
    [620, prism(6)],
  ],
  chain: [
    [65, chain(3)],
    [95, chain(3)],
    [150, chain(4)],
    [230, chain(5)],
    [340, chain(6)],
    [520, chain(7)],
    [800, chain(9)],
  ],
  ring: [
    [75, ring(3)],
    [330, ring(3)],
    [210, ring(4)],
    [120, ring(5)],
    [330, ring(6)],
    [540, ring(6)],
    [270, ring(7)],
    [420, ring(8)],
    [600, ring(10)],
    [750, ring(12)],
  ],
  barrel: [
    [300, barrel(7, 2)],
    [450, barrel(6, 3)],
    [600, barrel(6, 2)],
    [700, barrel(7, 4)],
    [840, barrel(7, 2)],
    [960, barrel(8, 2)],
  ],
  rod: [
    [60, rod(4)],
    [110, rod(6)],
    [200, rod(7)],
    [420, rod(9)],
  ],
  clamp: [
    [130, clamp(5)],
    [300, clamp(8)],
  ],
  fork: [
    [150, fork],
    [260, fork],
  ],
  stalked: [
    [380, stalked(6)],
    [620, stalked(8)],
  ],
  shell: [
    [220, shell(12)],
    [340, shell(12)],
    [950, shell(60)],
  ],
};

/** Å around the bodies for beads that are shifted off their lattice. */
const clearance = 12;

/** Returns the half edge in Å of a cube around the origin that holds all bodies. */
const extentOf = (bodies: readonly Ellipsoid[]): number =>
  clearance + bodies.reduce((most, { at, axes }) => Math.max(most, Math.hypot(...at) + Math.max(...axes)), 0);

/** Returns the bodies with their mean at the origin, scaled. */
function scaled(bodies: readonly Ellipsoid[], factor: number): Ellipsoid[] {
  const middle = [0, 1, 2].map((axis) => bodies.reduce((sum, { at }) => sum + at[axis]!, 0) / bodies.length);
  const moved = (value: number, axis: number) => (value - middle[axis]!) * factor;
  return bodies.map(({ at, axes, ...rest }) => ({
    ...rest,
    at: [moved(at[0], 0), moved(at[1], 1), moved(at[2], 2)],
    axes: [axes[0] * factor, axes[1] * factor, axes[2] * factor],
  }));
}

/** Draws the bodies of a form and scales them until protein of their volume has the mass. @param mass kilodalton */
function bodiesOf(form: Form, mass: number, random: Random): Ellipsoid[] {
  const bodies = scaled(form(random), 1);
  const beads = fillWithBeads((at) => densityAt(bodies, at), extentOf(bodies), 0, random);
  return scaled(bodies, Math.cbrt((mass * 1000) / (proteinDensity * beadVolume * beads.length)));
}

/**
 * Makes the built-in distractors, as dense as protein.
 *
 * @param spacing Å per voxel
 */
export function builtInDistractors(spacing: number): Density[] {
  return Object.entries(families).flatMap(([family, members]) =>
    members.map(([mass, form], i) => {
      const name = `distractor ${family} ${i + 1}`;
      const bodies = bodiesOf(form, mass, randomFor(0, `form ${name}`));
      return proteinOf(name, spacing, bodies, extentOf(bodies));
    }),
  );
}
