/** Notes on picks that do not fit the densities of their tomogram. */
import type { Position } from "../../domain/units.js";
import type { TruthContrast, TypeContrast } from "./truthContrast.js";

const axes = ["x", "y", "z"] as const;

/** Least contrast that tells picks from random places. */
const leastContrast = 4;
const leastPicks = 10;

/**
 * Describes what looks wrong about the places of picks; empty where nothing does. @param voxel the finest spacing in Å
 */
export function contrastNotes(contrast: TruthContrast, voxel: number): string[] {
  const { types, z, better } = contrast;
  if (better)
    return [
      `picks and densities do not meet (contrast ${shown(z)} standard errors above random places), but would if the picks were ${better.words} (${shown(better.z)}): correct the picks before training`,
    ];
  const picks = types.reduce((sum, type) => sum + type.picks, 0);
  if (Math.abs(z) < leastContrast && picks >= leastPicks)
    return [
      `the ${picks} picks lie where the tomogram shows nothing (contrast ${shown(z)} standard errors above random places): is it the tomogram that they were picked in, and their origin, unit and axis order the same?`,
    ];
  const offset = commonOffset(types, voxel);
  if (!offset) return [];
  const { mean, error } = offset;
  return [
    `the densities' extremum lies x,y,z = ${axes.map((axis) => `${mean[axis].toFixed(1)} ± ${error[axis].toFixed(1)}`).join(", ")} Å from the picks: a shifted origin? data.offset of an experiment, or mending the picks, takes it out`,
  ];
}

const shown = (z: number): string => Math.abs(z).toFixed(1);

/**
 * Returns the offset that all types share, weighted by their errors, where it is significant: along some axis more than
 * half a voxel and more than four standard errors. Undefined where it is not, or where no type has an offset.
 */
function commonOffset(
  types: readonly TypeContrast[],
  voxel: number,
): { readonly mean: Position; readonly error: Position } | undefined {
  const offsets = types.flatMap(({ offset }) => offset ?? []);
  if (offsets.length === 0) return undefined;
  const along = (axis: (typeof axes)[number]) => {
    const weights = offsets.map(({ error }) => 1 / (error[axis] ** 2 + (voxel / 4) ** 2));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = offsets.reduce((sum, offset, at) => sum + weights[at]! * offset.mean[axis], 0) / total;
    return { mean, error: 1 / Math.sqrt(total) };
  };
  const [x, y, z] = axes.map(along) as [Along, Along, Along];
  const isSure = [x, y, z].some(
    ({ mean, error }) => Math.abs(mean) > voxel / 2 && Math.abs(mean) > 4 * error,
  );
  return isSure
    ? {
        mean: { x: x.mean, y: y.mean, z: z.mean } as Position,
        error: { x: x.error, y: y.error, z: z.error } as Position,
      }
    : undefined;
}

interface Along {
  readonly mean: number;
  readonly error: number;
}
