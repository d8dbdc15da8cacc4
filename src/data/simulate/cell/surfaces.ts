/** Surfaces that membranes follow: closed vesicles that undulate, and gently bent sheets. */
import type { Random } from "../../../domain/random.js";
import type { Rotation } from "../../../domain/rotation.js";
import { dot, plus, randomDirection, rotate, transposed, unit, type Vector3 } from "../rotation.js";
import { type Bounds, boundsAround } from "./raster.js";

/** A point of a surface, and the unit normal there, outwards. */
export interface Foot {
  readonly at: Vector3;
  readonly normal: Vector3;
}

/** A smooth surface with an outer side, in Å from the tomogram's corner. */
export interface Surface {
  readonly bounds: Bounds;
  /** Whether the surface encloses a space. */
  readonly isClosed: boolean;
  /** Signed distance in Å to first order, positive outside; infinite farther than `reach` from the surface. */
  distance(x: number, y: number, z: number, reach: number): number;
  /** A lower bound of the distance in Å from a point to the surface, on either side. */
  clearance(x: number, y: number, z: number): number;
  /** Whether a point lies inside a closed surface. */
  encloses(x: number, y: number, z: number): boolean;
  /** Draws a point of the surface at random, near enough to evenly. */
  draw(random: Random): Foot;
  /** The part of a row along x, in Å, that can lie within `reach` of the surface. */
  span(y: number, z: number, reach: number): readonly [low: number, high: number];
}

/** A bilayer along a surface. */
export interface Membrane {
  readonly surface: Surface;
  /** Distance in Å from the middle to the head groups of either leaflet. */
  readonly head: number;
  /** Area in Å² for which membrane proteins are drawn. */
  readonly area: number;
}

/** Distance in Å from the head groups' middle to the outer end of the bilayer. */
const rind = 11;

/** Returns half the thickness of a bilayer in Å. */
export const halfThickness = ({ head }: Pick<Membrane, "head">): number => head + rind;

/** A wave around a vesicle: it changes the radius by the share amplitude·cos(count·(axis·u) + phase), u the direction. */
export interface Ripple {
  readonly axis: Vector3;
  readonly count: number;
  readonly phase: number;
  readonly amplitude: number;
}

/** An ellipsoid that undulates. */
export interface VesicleShape {
  readonly centre: Vector3;
  /** Half axes in Å, turned by `turn`. */
  readonly axes: Vector3;
  readonly turn: Rotation;
  readonly ripples: readonly Ripple[];
}

/** A part of the bound on distances that is left for what ripples dent inwards. */
const dented = 0.9;

/** Makes a closed surface: in every direction u from the centre, at the ellipsoid's radius times its ripples. */
export function vesicle({ centre, axes, turn, ripples }: VesicleShape): Surface {
  const back = transposed(turn);
  const swing = ripples.reduce((sum, { amplitude }) => sum + amplitude, 0);
  const least = Math.min(...axes) * (1 - swing);
  const greatest = Math.max(...axes) * (1 + swing);
  const [ax, ay, az] = axes.map((axis) => 1 / (axis * axis)) as [number, number, number];

  /** Radius in a direction, and its gradient across the directions times the radius vector's length. */
  const slope = { radius: 0, x: 0, y: 0, z: 0 };
  const measure = (ux: number, uy: number, uz: number): void => {
    const plain = 1 / Math.sqrt(ax * ux * ux + ay * uy * uy + az * uz * uz);
    let share = 1;
    let [gx, gy, gz] = [0, 0, 0];
    for (const { axis, count, phase, amplitude } of ripples) {
      const angle = count * (axis[0] * ux + axis[1] * uy + axis[2] * uz) + phase;
      share += amplitude * Math.cos(angle);
      const steep = -amplitude * count * Math.sin(angle);
      gx += steep * axis[0];
      gy += steep * axis[1];
      gz += steep * axis[2];
    }
    const cubed = plain * plain * plain * share;
    gx = plain * gx - cubed * ax * ux;
    gy = plain * gy - cubed * ay * uy;
    gz = plain * gz - cubed * az * uz;
    const radial = gx * ux + gy * uy + gz * uz;
    slope.radius = plain * share;
    slope.x = gx - radial * ux;
    slope.y = gy - radial * uy;
    slope.z = gz - radial * uz;
  };
  const local = (x: number, y: number, z: number): Vector3 =>
    rotate(back, [x - centre[0], y - centre[1], z - centre[2]]);
  const scaled = (x: number, y: number, z: number): number => {
    const q = local(x, y, z);
    const long = Math.hypot(...q);
    if (long === 0) return 0;
    measure(q[0] / long, q[1] / long, q[2] / long);
    return long / slope.radius;
  };
  return {
    bounds: boundsAround(centre, greatest),
    isClosed: true,
    distance(x, y, z, reach) {
      const q = local(x, y, z);
      const long = Math.hypot(...q);
      if (long < least - reach || long > greatest + reach || long === 0) return Infinity;
      measure(q[0] / long, q[1] / long, q[2] / long);
      const tilt = Math.hypot(slope.x, slope.y, slope.z) / long;
      const away = (long - slope.radius) / Math.hypot(1, tilt);
      return Math.abs(away) > reach ? Infinity : away;
    },
    // For a convex body that holds a ball of radius b, the point λs beyond or before a point s of its surface is at
    // least |λ − 1|·b away.
    clearance: (x, y, z) => dented * least * Math.abs(scaled(x, y, z) - 1),
    encloses: (x, y, z) => scaled(x, y, z) < 1,
    draw(random) {
      const u = randomDirection(random);
      measure(...u);
      const { radius } = slope;
      const gradient: Vector3 = [u[0] - slope.x / radius, u[1] - slope.y / radius, u[2] - slope.z / radius];
      const at = rotate(turn, [u[0] * radius, u[1] * radius, u[2] * radius]);
      return { at: plus(at, centre), normal: rotate(turn, unit(gradient)) };
    },
    span(y, z, reach) {
      const squared = (greatest + reach) ** 2 - (y - centre[1]) ** 2 - (z - centre[2]) ** 2;
      const half = squared > 0 ? Math.sqrt(squared) : -1;
      return [centre[0] - half, centre[0] + half];
    },
  };
}

/** A wave across a sheet: it lifts the sheet by amplitude·cos(u·across + v·along + phase), all in Å and 1/Å. */
export interface Swell {
  readonly across: number;
  readonly along: number;
  readonly phase: number;
  readonly amplitude: number;
}

/** A bent plane. */
export interface SheetShape {
  /** A point of the plane. */
  readonly origin: Vector3;
  /** Unit vectors at right angles: two in the plane, and the plane's normal. */
  readonly frame: readonly [Vector3, Vector3, Vector3];
  readonly swells: readonly Swell[];
  /** The outer side: 1 along the normal, −1 against it. */
  readonly side: 1 | -1;
  /** The box that the sheet crosses. */
  readonly bounds: Bounds;
}

/** Makes a sheet through a box. */
export function sheet({ origin, frame, swells, side, bounds }: SheetShape): Surface {
  const [e, f, n] = frame;
  const greatest = swells.reduce((sum, { amplitude }) => sum + Math.abs(amplitude), 0);
  const steepest = swells.reduce(
    (sum, { across, along, amplitude }) => sum + Math.abs(amplitude) * Math.hypot(across, along),
    0,
  );
  const lift = { height: 0, across: 0, along: 0 };
  const measure = (u: number, v: number): void => {
    lift.height = 0;
    lift.across = 0;
    lift.along = 0;
    for (const { across, along, phase, amplitude } of swells) {
      const angle = u * across + v * along + phase;
      const steep = -amplitude * Math.sin(angle);
      lift.height += amplitude * Math.cos(angle);
      lift.across += steep * across;
      lift.along += steep * along;
    }
  };
  const height = (offset: Vector3): number => {
    const w = dot(offset, n);
    measure(dot(offset, e), dot(offset, f));
    return w - lift.height;
  };
  const from = (x: number, y: number, z: number): Vector3 => [x - origin[0], y - origin[1], z - origin[2]];
  return {
    bounds,
    isClosed: false,
    distance(x, y, z, reach) {
      const offset = from(x, y, z);
      const limit = reach * Math.hypot(1, steepest);
      if (Math.abs(dot(offset, n)) > greatest + limit) return Infinity;
      const away = height(offset) / Math.hypot(1, lift.across, lift.along);
      return Math.abs(away) > reach ? Infinity : side * away;
    },
    clearance: (x, y, z) => Math.abs(height(from(x, y, z))) / Math.hypot(1, steepest),
    encloses: () => false,
    draw(random) {
      const [x, y, z] = bounds.low.map((low, axis) => random.between(low, bounds.high[axis]!));
      const offset = from(x!, y!, z!);
      const fall = height(offset);
      const scale = side / Math.hypot(1, lift.across, lift.along);
      return {
        at: plus([x!, y!, z!], n, -fall),
        normal: [
          scale * (n[0] - lift.across * e[0] - lift.along * f[0]),
          scale * (n[1] - lift.across * e[1] - lift.along * f[1]),
          scale * (n[2] - lift.across * e[2] - lift.along * f[2]),
        ],
      };
    },
    span(y, z, reach) {
      const limit = greatest + reach * Math.hypot(1, steepest);
      const rest = (y - origin[1]) * n[1] + (z - origin[2]) * n[2];
      if (Math.abs(n[0]) < 1e-6) return Math.abs(rest) > limit ? [1, 0] : [-Infinity, Infinity];
      const ends = [(-limit - rest) / n[0], (limit - rest) / n[0]] as const;
      return [origin[0] + Math.min(...ends), origin[0] + Math.max(...ends)];
    },
  };
}
