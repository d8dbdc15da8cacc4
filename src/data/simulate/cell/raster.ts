/** Draws shapes that are known by a distance into the field of density and the masks. */
import type { Shape3 } from "../../../domain/volume.js";
import type { Field } from "../field.js";
import type { Vector3 } from "../rotation.js";

/** What a cell is drawn on. */
export interface Canvas {
  readonly field: Field;
  /** Shape of the tomogram, and of the masks. */
  readonly shape: Shape3;
  /** Bits of the features in each voxel of the tomogram, z slowest. */
  readonly masks: Uint8Array;
}

/** A box in Å from the tomogram's corner, x, y, z. */
export interface Bounds {
  readonly low: Vector3;
  readonly high: Vector3;
}

/** A shape that is drawn voxel by voxel. */
export interface Drawing {
  readonly bounds: Bounds;
  /** The feature's bit. */
  readonly bit: number;
  /** Signed distance in Å of a point, in whatever sense `density` and `holds` read it; infinite where nothing is drawn. */
  readonly distance: (x: number, y: number, z: number) => number;
  /** Density at a distance, Da/Å³. */
  readonly density: (distance: number) => number;
  /** Whether a voxel whose centre has this distance belongs to the feature. */
  readonly holds: (distance: number) => boolean;
  /** The part of a row along x, in Å, outside of which nothing is drawn. */
  readonly span?: (y: number, z: number) => readonly [low: number, high: number];
}

/** Adds a shape's density to the field, and sets its bit in the masks. */
export function draw({ field, shape, masks }: Canvas, drawing: Drawing): void {
  const { bounds, bit, distance, density, holds, span } = drawing;
  const { spacing, offset } = field;
  const { low, high } = voxelsOf(field, bounds);
  for (let k = low[2]; k <= high[2]; k++) {
    const z = (k + 0.5) * spacing;
    for (let j = low[1]; j <= high[1]; j++) {
      const y = (j + 0.5) * spacing;
      const [left, right] = span ? span(y, z) : [-Infinity, Infinity];
      const first = Math.max(low[0], Math.ceil(left / spacing - 0.5));
      const last = Math.min(high[0], Math.floor(right / spacing - 0.5));
      const fieldRow = ((k + offset[0]) * field.shape[1] + j + offset[1]) * field.shape[2] + offset[2];
      const isInside = k >= 0 && k < shape[0] && j >= 0 && j < shape[1];
      const maskRow = (k * shape[1] + j) * shape[2];
      for (let i = first; i <= last; i++) {
        const away = distance((i + 0.5) * spacing, y, z);
        if (!Number.isFinite(away)) continue;
        field.density[fieldRow + i]! += density(away);
        if (isInside && i >= 0 && i < shape[2] && holds(away)) masks[maskRow + i]! |= bit;
      }
    }
  }
}

/** First and last voxel of the field in a box, x, y, z, counted from the tomogram's first. */
function voxelsOf({ shape, offset, spacing }: Field, { low, high }: Bounds): Bounds {
  const along = (axis: number) => 2 - axis;
  const first = (axis: number) => Math.max(-offset[along(axis)]!, Math.ceil(low[axis]! / spacing - 0.5));
  const last = (axis: number) =>
    Math.min(shape[along(axis)]! - offset[along(axis)]! - 1, Math.floor(high[axis]! / spacing - 0.5));
  return { low: [first(0), first(1), first(2)], high: [last(0), last(1), last(2)] };
}

/** A body of one matter. */
interface Solid extends Pick<Drawing, "bounds" | "bit" | "distance"> {
  /** Density of a voxel that lies in it, Da/Å³. */
  readonly density: () => number;
}

/** Draws a body by its signed distance, negative inside; voxels that its face cuts have a share of its density. */
export function drawSolid(canvas: Canvas, { density, distance, ...solid }: Solid): void {
  const { spacing } = canvas.field;
  draw(canvas, {
    ...solid,
    distance(x, y, z) {
      const away = distance(x, y, z);
      return away > spacing ? Infinity : away;
    },
    density: (away) => density() * Math.max(0, Math.min(1, 0.5 - away / spacing)),
    holds: (away) => away <= 0,
  });
}

/** Returns the box around a point. */
export const boundsAround = ([x, y, z]: Vector3, reach: number): Bounds => ({
  low: [x - reach, y - reach, z - reach],
  high: [x + reach, y + reach, z + reach],
});
