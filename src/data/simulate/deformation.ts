/** Smooth deformations of single copies: proteins bend and breathe, and some lack a domain. */
import type { Random } from "../../domain/random.js";
import { type Density, reachTowards } from "./density.js";
import { dot, randomDirection, type Vector3 } from "./rotation.js";

/** How one copy differs from its template, in the template's own frame around its centre of mass. */
export interface Deformation {
  /** Greatest shift in Å at the distance `radius` from the centre. */
  readonly amplitude: number;
  /** Å */
  readonly radius: number;
  /**
   * A field of shifts of greatest length 1 on the unit sphere: for each of x, y, z the coefficients of x, y, z, x², y²,
   * z², xy, yz and zx.
   */
  readonly field: Float64Array;
  /** A half-space that is missing: points whose height along the normal exceeds `height` Å. */
  readonly cut?: { readonly normal: Vector3; readonly height: number };
}

/** How much a kind of copies varies. */
export interface Flexibility {
  /** Greatest amplitude in Å of any copy; each draws its own below it. */
  readonly bend: number;
  /** Probability that a copy lacks a domain. */
  readonly missing: number;
}

const terms = 9;
/** Greatest amplitude relative to the radius, so that no small protein folds over itself. */
const steepest = 0.1;
/** Where a missing domain begins, relative to the template's reach in that direction. */
const cuts = { least: 0.15, greatest: 0.65 } as const;
/** Å over which a cut fades in. */
const cutWidth = 4;

/** Returns the greatest shift in Å of copies of a radius. */
export const greatestBend = ({ bend }: Flexibility, radius: number): number =>
  Math.min(bend, steepest * radius);

/** Draws how a copy differs from its template. */
export function drawDeformation(flexibility: Flexibility, template: Density, random: Random): Deformation {
  const { radius } = template;
  const amplitude = greatestBend(flexibility, radius) * random.uniform();
  const field = Float64Array.from({ length: 3 * terms }, () => random.normal());
  const longest = sphere.reduce((most, at) => Math.max(most, Math.hypot(...shiftAt(field, at))), 0);
  for (let i = 0; i < field.length; i++) field[i]! /= longest;
  if (random.uniform() >= flexibility.missing) return { amplitude, radius, field };
  const normal = randomDirection(random);
  const height = reachTowards(template, normal) * random.between(cuts.least, cuts.greatest);
  return { amplitude, radius, field, cut: { normal, height } };
}

/** Directions spread evenly over the sphere (a Fibonacci lattice). */
const sphere: readonly Vector3[] = Array.from({ length: 200 }, (_, i) => {
  const z = 1 - (2 * i + 1) / 200;
  const angle = i * Math.PI * (3 - Math.sqrt(5));
  return [Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z];
});

function shiftAt(field: Float64Array, [x, y, z]: Vector3): [number, number, number] {
  const products = [x, y, z, x * x, y * y, z * z, x * y, y * z, z * x];
  const along = (axis: number) =>
    products.reduce((sum, product, i) => sum + field[axis * terms + i]! * product, 0);
  return [along(0), along(1), along(2)];
}

/** Where a point of a deformed copy comes from in the template. */
export interface Warp {
  /** Sets `x`, `y` and `z` for a point in Å from the copy's centre. */
  from(x: number, y: number, z: number): void;
  /** The template's point, Å from its centre of mass. */
  x: number;
  y: number;
  z: number;
  /** Returns the template's volume that went into the copy's at a point: density times this conserves mass. */
  volume(x: number, y: number, z: number): number;
}

/** Makes the warp of a deformation; one of amplitude 0 changes no bit of any point. */
export function warpOf({ amplitude, radius, field }: Deformation): Warp {
  const f = field.map((value, i) => (amplitude * value) / radius ** (i % terms < 3 ? 1 : 2));
  const slope = new Float64Array(9);
  return {
    x: 0,
    y: 0,
    z: 0,
    from(x, y, z) {
      const shift = (at: number): number =>
        x * (f[at]! + f[at + 3]! * x + f[at + 6]! * y) +
        y * (f[at + 1]! + f[at + 4]! * y + f[at + 7]! * z) +
        z * (f[at + 2]! + f[at + 5]! * z + f[at + 8]! * x);
      this.x = x + shift(0);
      this.y = y + shift(terms);
      this.z = z + shift(2 * terms);
    },
    volume(x, y, z) {
      for (let row = 0; row < 3; row++) {
        const at = row * terms;
        slope[3 * row] = f[at]! + 2 * f[at + 3]! * x + f[at + 6]! * y + f[at + 8]! * z;
        slope[3 * row + 1] = f[at + 1]! + 2 * f[at + 4]! * y + f[at + 6]! * x + f[at + 7]! * z;
        slope[3 * row + 2] = f[at + 2]! + 2 * f[at + 5]! * z + f[at + 7]! * y + f[at + 8]! * x;
      }
      const [a, e, i] = [1 + slope[0]!, 1 + slope[4]!, 1 + slope[8]!];
      return Math.max(
        0,
        a * (e * i - slope[5]! * slope[7]!) -
          slope[1]! * (slope[3]! * i - slope[5]! * slope[6]!) +
          slope[2]! * (slope[3]! * slope[7]! - e * slope[6]!),
      );
    },
  };
}

/** Returns the share of a template's point that a cut leaves, 0 to 1. */
export const shareLeft = ({ cut }: Deformation, at: Vector3): number =>
  cut ? 0.5 - 0.5 * Math.tanh((dot(cut.normal, at) - cut.height) / cutWidth) : 1;
