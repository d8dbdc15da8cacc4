/** Point groups of symmetric particles, and their names. */
import { PickbenchError } from "../system/errors.js";
import { multiply, type Rotation, rotationAbout } from "./rotation.js";

const noRotation: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

const equal = (a: Rotation, b: Rotation): boolean => a.every((value, i) => Math.abs(value - b[i]!) < 1e-9);

/** Returns the finite group that the given rotations generate, the identity first. */
export function rotationGroup(generators: readonly Rotation[]): Rotation[] {
  const group: Rotation[] = [noRotation];
  for (let i = 0; i < group.length; i++) {
    for (const generator of generators) {
      const product = multiply(generator, group[i]!);
      if (!group.some((member) => equal(member, product))) group.push(product);
    }
  }
  return group;
}

/** Returns the four rotations with two-fold axes along x, y and z. */
export const dihedral2 = (): Rotation[] =>
  rotationGroup([rotationAbout([1, 0, 0], 180), rotationAbout([0, 1, 0], 180)]);

/** Returns the rotations by whole parts of a turn about z. */
export const cyclic = (count: number): Rotation[] => rotationGroup([rotationAbout([0, 0, 1], 360 / count)]);

/** Returns the rotations of a prism about z, with two-fold axes across it. */
export const dihedral = (count: number): Rotation[] =>
  rotationGroup([rotationAbout([0, 0, 1], 360 / count), rotationAbout([1, 0, 0], 180)]);

/** Returns the 12 rotations of a tetrahedron. */
export const tetrahedral = (): Rotation[] =>
  rotationGroup([rotationAbout([0, 0, 1], 180), rotationAbout([1, 1, 1], 120)]);

/** Returns the 24 rotations of a cube. */
export const octahedral = (): Rotation[] =>
  rotationGroup([rotationAbout([0, 0, 1], 90), rotationAbout([1, 1, 1], 120)]);

/** Returns the 60 rotations of an icosahedron with a vertex at (0, 1, φ). */
export const icosahedral = (): Rotation[] =>
  rotationGroup([rotationAbout([0, 1, (1 + Math.sqrt(5)) / 2], 72), rotationAbout([1, 1, 1], 120)]);

/** A point group by Schoenflies' name, and its rotations. */
export interface Symmetry {
  readonly name: string;
  readonly group: readonly Rotation[];
}

/** The point group of a particle without symmetry. */
export const asymmetric: Symmetry = { name: "C1", group: [noRotation] };

/**
 * Returns the point group of a name: Cn about z; Dn about z with twofold axes across, one along x; T and O with their two-
 * and fourfold axes along x, y and z; I with twofold axes along x, y and z and a fivefold one along (0, 1, φ).
 *
 * @throws PickbenchError BadUsage for another name
 */
export function symmetryOf(name: string): Symmetry {
  const [, letter, digits] = /^([CD])([1-9]\d?)$/.exec(name.toUpperCase()) ?? [];
  const fold = Number(digits);
  if (letter === "C") return { name: `C${fold}`, group: cyclic(fold) };
  if (letter === "D" && fold > 1) return { name: `D${fold}`, group: dihedral(fold) };
  const polyhedral = { T: tetrahedral, O: octahedral, I: icosahedral }[name.toUpperCase()];
  if (polyhedral) return { name: name.toUpperCase(), group: polyhedral() };
  throw new PickbenchError(
    "BadUsage",
    `--symmetry is ${name}, wanted C1 to C99, D2 to D99, T, O or I; give one`,
  );
}
