/** Sets of rotations that cover all orientations evenly: HEALPix directions times angles in the plane. */
import { multiply, type Rotation } from "../domain/rotation.js";
import type { Symmetry } from "../domain/symmetry.js";

/** A direction as polar angle θ from z and azimuth φ from x, in radians. */
export interface Direction {
  readonly polar: number;
  readonly azimuth: number;
}

/** Returns the least nside whose 12·nside² directions lie at most `step` degrees apart on average: 12·nside² ≥ 4π/Δ². */
export function leastSide(step: number): number {
  const radians = (step * Math.PI) / 180;
  return Math.max(1, Math.ceil(Math.sqrt(Math.PI / 3) / radians - 1e-9));
}

/**
 * Returns the centres of the 12·nside² pixels of HEALPix in ring order (Górski et al., Astrophys. J. 622, 2005, 759,
 * eqs. 4 to 9), all of which have the same area.
 */
export function healpixDirections(side: number): Direction[] {
  const directions: Direction[] = [];
  for (let ring = 1; ring < 4 * side; ring++) {
    const northern = Math.min(ring, 4 * side - ring);
    const isCap = northern < side;
    const height = isCap ? 1 - northern ** 2 / (3 * side ** 2) : (4 - (2 * northern) / side) / 3;
    const polar = Math.acos(ring <= 2 * side ? height : -height);
    const pixels = isCap ? 4 * northern : 4 * side;
    const shift = isCap || (ring - side) % 2 === 0 ? 0.5 : 0;
    for (let pixel = 0; pixel < pixels; pixel++)
      directions.push({ polar, azimuth: (2 * Math.PI * (pixel + shift)) / pixels });
  }
  return directions;
}

/**
 * Returns rotations R = Rz(φ)·Ry(θ)·Rz(ψ) that cover the orientations of a particle in steps of about `step` degrees: the
 * least nside of HEALPix with 12·nside² ≥ 4π/Δ², and ⌈360/Δ⌉ angles ψ, in the order of directions, then ψ.
 *
 * Cn keeps ψ < 360°/n. Of other groups those stay whose own angle is the least among R·g of all g of the group; where
 * several are least, as on the border between two such regions, all stay, so that no orientation is lost. Where these are
 * fewer than all divided by the group's size, as in coarse steps, those that are nearest to being least stay too.
 */
export function rotationSet(step: number, { name, group }: Symmetry): Rotation[] {
  const turns = Math.ceil(360 / step - 1e-9);
  const isCyclic = name.startsWith("C");
  const kept = isCyclic ? 360 / group.length - 1e-9 : 360;
  const rotations: Rotation[] = [];
  for (const { polar, azimuth } of healpixDirections(leastSide(step)))
    for (let turn = 0; (turn * 360) / turns < kept && turn < turns; turn++)
      rotations.push(eulerRotation(azimuth, polar, (2 * Math.PI * turn) / turns));
  return isCyclic ? rotations : oneOfEach(rotations, group);
}

/** Keeps about one rotation of each class R·G, in their order. */
function oneOfEach(rotations: readonly Rotation[], group: readonly Rotation[]): Rotation[] {
  const excess = Float64Array.from(rotations, (rotation) => excessOf(rotation, group));
  const fewest = Math.ceil(rotations.length / group.length);
  const bound = Math.max(0, excess.toSorted()[fewest - 1]!) + 1e-9;
  return rotations.filter((_, at) => excess[at]! <= bound);
}

/** Returns Rz(a)·Ry(b)·Rz(c) of angles in radians. */
export function eulerRotation(a: number, b: number, c: number): Rotation {
  const [ca, sa, cb, sb, cc, sc] = [a, b, c].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return [
    ca * cb * cc - sa * sc,
    -ca * cb * sc - sa * cc,
    ca * sb,
    sa * cb * cc + ca * sc,
    -sa * cb * sc + ca * cc,
    sa * sb,
    -sb * cc,
    sb * sc,
    cb,
  ];
}

/** Returns by how much another trace of R·g is greater than R's own: a trace is 1 + 2·cos of the rotation's angle. */
const excessOf = (rotation: Rotation, group: readonly Rotation[]): number =>
  Math.max(...group.map((element) => trace(multiply(rotation, element)))) - trace(rotation);

const trace = (r: Rotation): number => r[0] + r[4] + r[8];
