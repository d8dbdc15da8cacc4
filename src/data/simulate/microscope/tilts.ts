/** Tilt series about the y axis: angles, the order in which they are exposed, and what goes wrong with each. */
import type { Random } from "../../../domain/random.js";

/** Orders of exposure. */
export const tiltOrders = ["symmetric", "bidirectional", "oneWay"] as const;
type TiltOrder = (typeof tiltOrders)[number];

/** One image of a tilt series. */
export interface Tilt {
  /** Degrees about y; a point projects to x·cos + z·sin. */
  readonly angle: number;
  /** Degrees by which the sample was tilted further than the reconstruction believes. */
  readonly angleError: number;
  /** Dose in e/Å² that the sample has taken before, with half of this image's own. */
  readonly dose: number;
  /** Å by which the image lies off along its x and y. */
  readonly shiftX: number;
  readonly shiftY: number;
  /** Å of underfocus beyond the series' own. */
  readonly defocusError: number;
}

/** What the images of a series have in common. */
export interface TiltScheme {
  /** Degrees; the angles are the multiples of `step` between them. */
  readonly lowest: number;
  readonly highest: number;
  readonly step: number;
  readonly order: TiltOrder;
  /** Dose of the whole series, e/Å². */
  readonly dose: number;
  /** Standard deviations of the images' errors: of the shift along either axis in Å, the angle in degrees, the defocus in Å. */
  readonly misalignment: number;
  readonly angleError: number;
  readonly defocusError: number;
}

/** Draws the images of a series, by angle. */
export function drawTilts(scheme: TiltScheme, random: Random): Tilt[] {
  const angles = anglesOf(scheme);
  const turns = exposureTurns(angles, scheme.order);
  const each = scheme.dose / angles.length;
  const tilts = angles.map((angle, i) => ({
    angle,
    angleError: scheme.angleError * random.normal(),
    dose: each * (turns[i]! + 0.5),
    shiftX: scheme.misalignment * random.normal(),
    shiftY: scheme.misalignment * random.normal(),
    defocusError: scheme.defocusError * random.normal(),
  }));
  return withoutDisplacement(tilts);
}

function anglesOf({ lowest, highest, step }: TiltScheme): number[] {
  const first = Math.ceil(lowest / step);
  return Array.from({ length: Math.floor(highest / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Returns for each angle, in rising order, how many were exposed before it. */
function exposureTurns(angles: readonly number[], order: TiltOrder): number[] {
  const keys: Readonly<Record<TiltOrder, (angle: number) => number>> = {
    symmetric: (angle) => Math.abs(angle) - (angle < 0 ? 0 : 1e-6),
    bidirectional: (angle) => (angle < 0 ? 360 - angle : angle),
    oneWay: (angle) => angle,
  };
  const key = keys[order];
  const exposed = [...angles].sort((a, b) => key(a) - key(b));
  return angles.map((angle) => exposed.indexOf(angle));
}

/**
 * Takes from the shifts what displaces the whole sample, by least squares: shifts of x·cos + z·sin along x and of y along y
 * move its particles, and blur none.
 */
function withoutDisplacement(tilts: readonly Tilt[]): Tilt[] {
  let [cc, cs, ss, cx, sx, sumY] = [0, 0, 0, 0, 0, 0];
  for (const { angle, shiftX, shiftY } of tilts) {
    const [cosine, sine] = directionOf(angle);
    cc += cosine * cosine;
    cs += cosine * sine;
    ss += sine * sine;
    cx += cosine * shiftX;
    sx += sine * shiftX;
    sumY += shiftY;
  }
  const determinant = cc * ss - cs * cs;
  const isFlat = determinant < 1e-9 * cc * cc;
  const x = isFlat ? cx / cc : (cx * ss - sx * cs) / determinant;
  const z = isFlat ? 0 : (sx * cc - cx * cs) / determinant;
  return tilts.map((tilt) => {
    const [cosine, sine] = directionOf(tilt.angle);
    return {
      ...tilt,
      shiftX: tilt.shiftX - x * cosine - z * sine,
      shiftY: tilt.shiftY - sumY / tilts.length,
    };
  });
}

/** Returns cosine and sine of an angle in degrees: the image's x axis along x and z. */
export const directionOf = (angle: number): readonly [cosine: number, sine: number] => [
  Math.cos((angle * Math.PI) / 180),
  Math.sin((angle * Math.PI) / 180),
];
