/**
 * The slab of a sample: what lies between two smooth surfaces z(x, y). The room `slab` fits them to picks, to a mask or to a
 * tomogram's contrast.
 *
 * A surface is fitted by quantile regression (Koenker and Bassett, Econometrica 46, 1978): the sum of q·r above and (1 − q)·r
 * below it is least, by weighted least squares again and again. Half of the points (q = ½) may so be wrong to one side
 * without moving it far.
 */
import { PickbenchError } from "../../system/errors.js";

/** Shapes of the surfaces: planes, or with squares of x and y and their product. */
export const slabForms = ["plane", "curved"] as const;
export type SlabForm = (typeof slabForms)[number];

/** A point of a surface in Å, and its weight. */
export interface SurfacePoint {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly weight: number;
}

/** Terms of a surface at x and y that are brought to about −1 to 1. */
const termsOf = (x: number, y: number, form: SlabForm): number[] =>
  form === "plane" ? [1, x, y] : [1, x, y, x * x, x * y, y * y];

/** A surface z(x, y) in Å. */
export class Surface {
  readonly #coefficients: readonly number[];
  readonly #form: SlabForm;
  readonly #frame: Frame;

  constructor(coefficients: readonly number[], form: SlabForm, frame: Frame) {
    this.#coefficients = coefficients;
    this.#form = form;
    this.#frame = frame;
  }

  /** Returns the height at x and y, and the length of the surface's normal there whose z is 1. */
  at(x: number, y: number): { readonly z: number; readonly normal: number } {
    const { centre, scale } = this.#frame;
    const [u, v] = [(x - centre[0]) / scale, (y - centre[1]) / scale];
    const z = dot(this.#coefficients, termsOf(u, v, this.#form));
    const [, a = 0, b = 0, c = 0, d = 0, e = 0] = this.#coefficients;
    return { z, normal: Math.hypot(1, (a + 2 * c * u + d * v) / scale, (b + d * u + 2 * e * v) / scale) };
  }
}

interface Frame {
  readonly centre: readonly [x: number, y: number];
  readonly scale: number;
}

/** A sample between two surfaces. */
export interface Slab {
  /** Distance in Å from the nearer surface, below 0 between them; exact for planes, else to the tangent plane above or below. */
  distance(x: number, y: number, z: number): number;
  /** Returns the height z in Å between which the sample lies at x and y. */
  span(x: number, y: number): readonly [low: number, high: number];
}

/** Makes a slab, moved outwards by `margin` Å. */
export function slabOf(lower: Surface, upper: Surface, margin = 0): Slab {
  return {
    distance(x, y, z) {
      const [below, above] = [lower.at(x, y), upper.at(x, y)];
      return Math.max((below.z - z) / below.normal, (z - above.z) / above.normal) - margin;
    },
    span(x, y) {
      const [below, above] = [lower.at(x, y), upper.at(x, y)];
      return [below.z - margin * below.normal, above.z + margin * above.normal];
    },
  };
}

/** Rounds of weighted least squares; the fit has long settled by then. */
const rounds = 60;

/**
 * Fits a surface to points.
 *
 * @param quantile share of the points' weight that is to lie below it
 * @param what the points are of, for the message
 * @throws PickbenchError BadDataset for fewer points than twice the surface's terms, or for points on one line
 */
export function fitSurface(
  points: readonly SurfacePoint[],
  quantile: number,
  form: SlabForm,
  what: string,
): Surface {
  const size = termsOf(0, 0, form).length;
  if (points.length < 2 * size)
    throw new PickbenchError(
      "BadDataset",
      `${what}: ${points.length} points for the sample's surface, wanted ${2 * size} or more; give more of them${form === "curved" ? ", or planes" : ""}`,
    );
  const frame = frameOf(points);
  const rows = points.map(({ x, y }) =>
    termsOf((x - frame.centre[0]) / frame.scale, (y - frame.centre[1]) / frame.scale, form),
  );
  const heights = points.map(({ z }) => z);
  const [lowest, highest] = rangeOf(heights);
  const least = 1e-6 * (highest - lowest) + 1e-9;
  let coefficients: number[] | undefined;
  for (let round = 0; round < rounds; round++) {
    const floor = Math.max(least, (least * 1e6) / 2 ** round);
    const weights = points.map(({ weight }, i) => {
      const above = coefficients ? heights[i]! - dot(coefficients, rows[i]!) : 0;
      return coefficients
        ? (weight * (above > 0 ? quantile : 1 - quantile)) / Math.max(floor, Math.abs(above))
        : weight;
    });
    coefficients = leastSquares(rows, heights, weights);
    if (coefficients === undefined)
      throw new PickbenchError(
        "BadDataset",
        `${what}: the points for the sample's surface lie on one line, wanted them spread over x and y; give more of them`,
      );
  }
  return new Surface(coefficients!, form, frame);
}

function frameOf(points: readonly SurfacePoint[]): Frame {
  const [left, right] = rangeOf(points.map(({ x }) => x));
  const [front, back] = rangeOf(points.map(({ y }) => y));
  const centre = [(left + right) / 2, (front + back) / 2] as const;
  return {
    centre,
    scale: Math.max(1, right - centre[0], centre[0] - left, back - centre[1], centre[1] - front),
  };
}

/** Returns the least and the greatest of values, however many. */
const rangeOf = (values: readonly number[]): readonly [least: number, most: number] =>
  values.reduce<readonly [number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Solves weighted least squares by the normal equations; undefined where they are singular. */
function leastSquares(
  rows: readonly (readonly number[])[],
  heights: readonly number[],
  weights: readonly number[],
): number[] | undefined {
  const size = rows[0]!.length;
  const matrix = Array.from({ length: size }, () => new Array<number>(size + 1).fill(0));
  for (const [i, row] of rows.entries())
    for (let a = 0; a < size; a++) {
      const weighted = weights[i]! * row[a]!;
      for (let b = 0; b < size; b++) matrix[a]![b]! += weighted * row[b]!;
      matrix[a]![size]! += weighted * heights[i]!;
    }
  return solved(matrix);
}

/** Solves linear equations, whose right side is the last column, by Gaussian elimination with pivots. */
function solved(matrix: number[][]): number[] | undefined {
  const size = matrix.length;
  const greatest = Math.max(...matrix.map((row, i) => Math.abs(row[i]!)));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    if (!(Math.abs(matrix[pivot]![column]!) > 1e-12 * greatest)) return undefined;
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = matrix[row]![column]! / matrix[column]![column]!;
      for (let at = column; at <= size; at++) matrix[row]![at]! -= factor * matrix[column]![at]!;
    }
  }
  return matrix.map((row, i) => row[size]! / row[i]!);
}
