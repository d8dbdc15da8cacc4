/** Smooth curves through points in their order: places, tangents and curvatures by local parabolas. */
import type { Direction } from "../../../domain/principalAxes.js";

type Point = readonly [x: number, y: number, z: number];

/** A place on a curve. */
export interface CurvePoint {
  readonly at: Point;
  /** Tangent of length 1, in the points' order. */
  readonly tangent: Direction;
  /** Curvature in 1/Å. */
  readonly curvature: number;
}

/** Returns how far along each point lies, from the first one, over the points between. */
export function lengthsAlong(points: readonly Point[]): number[] {
  const along = [0];
  for (let i = 1; i < points.length; i++)
    along.push(along[i - 1]! + Math.hypot(...points[i]!.map((value, axis) => value - points[i - 1]![axis]!)));
  return along;
}

/**
 * Fits a parabola to the points around a place, weighted by the third power of (1 − |d|³), d being the distance along the
 * curve over the reach (Cleveland, J. Am. Stat. Assoc. 74, 1979); at the ends of the curve the reach is on one side.
 *
 * @param along how far along each point lies, rising
 * @param place how far along the place lies
 * @param reach Å
 */
export function fitAt(
  points: readonly Point[],
  along: readonly number[],
  place: number,
  reach: number,
): CurvePoint {
  const last = along.at(-1)!;
  const wide = reach + Math.max(0, reach - Math.min(place, last - place));
  const sums = new Float64Array(5);
  const moments = [new Float64Array(3), new Float64Array(3), new Float64Array(3)];
  for (const [i, point] of points.entries()) {
    const t = (along[i]! - place) / wide;
    if (Math.abs(t) >= 1) continue;
    const weight = (1 - Math.abs(t) ** 3) ** 3;
    for (let power = 0; power < 5; power++) sums[power]! += weight * t ** power;
    for (let power = 0; power < 3; power++)
      for (let axis = 0; axis < 3; axis++) moments[power]![axis]! += weight * t ** power * point[axis]!;
  }
  const axes = [0, 1, 2].map((axis) =>
    solve(
      sums,
      moments.map((each) => each[axis]!),
    ),
  );
  const [at, first, second] = [0, 1, 2].map((power) => axes.map((each) => each[power]! / wide ** power));
  const [x, y, z] = first as [number, number, number];
  const speed = Math.hypot(x, y, z) || 1;
  const [u, v, w] = second!.map((value) => 2 * value) as [number, number, number];
  const turning = Math.hypot(y * w - z * v, z * u - x * w, x * v - y * u);
  return {
    at: at as unknown as Point,
    tangent: [x / speed, y / speed, z / speed],
    curvature: turning / speed ** 3,
  };
}

/** Solves the normal equations of a parabola; a line, or a point, where there are too few points for one. */
function solve(s: Float64Array, m: readonly number[]): readonly [number, number, number] {
  const [a, b, c, d, e] = s as unknown as [number, number, number, number, number];
  const [p, q, r] = m as [number, number, number];
  const minors = [c * e - d * d, b * e - c * d, b * d - c * c] as const;
  const determinant = a * minors[0] - b * minors[1] + c * minors[2];
  if (determinant > 1e-12 * a * c * e)
    return [
      (p * minors[0] - q * minors[1] + r * minors[2]) / determinant,
      (-p * minors[1] + q * (a * e - c * c) - r * (a * d - b * c)) / determinant,
      (p * minors[2] - q * (a * d - b * c) + r * (a * c - b * b)) / determinant,
    ];
  const line = a * c - b * b;
  return line > 1e-12 * a * c ? [(p * c - q * b) / line, (q * a - p * b) / line, 0] : [p / a, 0, 0];
}
