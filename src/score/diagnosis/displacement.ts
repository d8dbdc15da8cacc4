/** Displacements of picks from their particles. */
import { meanOf } from "../../domain/numbers.js";
import { type Bin, binOf, evenBins } from "./bins.js";
import { type Judged, matchDistanceOf } from "./verdicts.js";

/** Statistics of prediction − truth along one axis, in Å. */
export interface AxisDisplacement {
  readonly mean: number;
  readonly median: number;
  /** Standard deviation (n − 1); null with fewer than two matches. */
  readonly spread: number | null;
  /** Standard error of the mean: a mean several times as great is a systematic shift. */
  readonly standardError: number | null;
}

interface DistanceBin extends Bin {
  readonly matches: number;
}

/** Displacements of matched picks: every particle found, with its nearest pick. */
export interface Displacement {
  readonly matches: number;
  /** Histogram of distances in Å, from 0 to the match distance. */
  readonly distances: readonly DistanceBin[];
  /** Mean distance in Å; null without a match. */
  readonly meanDistance: number | null;
  readonly axes: {
    readonly dx: AxisDisplacement;
    readonly dy: AxisDisplacement;
    readonly dz: AxisDisplacement;
  } | null;
}

/** Measures a type's displacements, with distances in `bins` bins. */
export function displacementOf(judged: Judged, bins = 10): Displacement {
  const found = judged.particles.flatMap(({ place, match }) => (match ? [{ place, ...match }] : []));
  const distances = evenBins(matchDistanceOf(judged.particle), bins).map((bin) => ({ ...bin, matches: 0 }));
  for (const { distance } of found) distances[binOf(distances, distance)]!.matches++;
  const along = (axis: "x" | "y" | "z") => ofAxis(found.map(({ place, pick }) => pick[axis] - place[axis]));
  const isEmpty = found.length === 0;
  return {
    matches: found.length,
    distances,
    meanDistance: isEmpty ? null : meanOf(found.map(({ distance }) => distance)),
    axes: isEmpty ? null : { dx: along("x"), dy: along("y"), dz: along("z") },
  };
}

function ofAxis(values: readonly number[]): AxisDisplacement {
  const centre = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const spread = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
  return {
    mean: centre,
    median: median(values),
    spread,
    standardError: spread === null ? null : spread / Math.sqrt(values.length),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
