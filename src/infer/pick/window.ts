/** Ball-shaped windows, and whether a voxel is the greatest in one, in whole volumes and in runs of foreground. */

import type { AxisWeights } from "../../domain/distanceTransform.js";
import type { Components, Runs } from "../../domain/morphology/components.js";
import type { Shape3 } from "../../domain/volume.js";
import type { Levels } from "./levels.js";

/** Steps from a voxel to the other voxels of a ball around it, nearest first. */
export interface BallWindow {
  readonly shape: Shape3;
  readonly dz: Int32Array;
  readonly dy: Int32Array;
  readonly dx: Int32Array;
  /** Steps as differences of flat indices. */
  readonly flat: Int32Array;
  /** Longest steps along z, y, x. */
  readonly reach: Shape3;
}

/**
 * Makes a window for volumes of one shape. The six face neighbours always belong to it.
 *
 * @param radius radius in the weights' unit (voxels of the finest axis), inclusive
 */
export function ballWindow(radius: number, weights: AxisWeights, shape: Shape3): BallWindow {
  const reach = weights.map((weight) => Math.max(1, Math.floor(radius / Math.sqrt(weight)))) as [
    number,
    number,
    number,
  ];
  const steps: { distance: number; step: [number, number, number] }[] = [];
  for (let z = -reach[0]; z <= reach[0]; z++) {
    for (let y = -reach[1]; y <= reach[1]; y++) {
      for (let x = -reach[2]; x <= reach[2]; x++) {
        const distance = z * z * weights[0] + y * y * weights[1] + x * x * weights[2];
        const manhattan = Math.abs(z) + Math.abs(y) + Math.abs(x);
        if (manhattan > 0 && (distance <= radius * radius || manhattan === 1))
          steps.push({ distance, step: [z, y, x] });
      }
    }
  }
  steps.sort((a, b) => a.distance - b.distance);
  const along = (axis: 0 | 1 | 2) => Int32Array.from(steps, ({ step }) => step[axis]);
  return {
    shape,
    dz: along(0),
    dy: along(1),
    dx: along(2),
    flat: Int32Array.from(steps, ({ step: [z, y, x] }) => (z * shape[1] + y) * shape[2] + x),
    reach,
  };
}

/** Tells whether no voxel of the volume in the window around z, y, x is greater. */
export function isWindowMaximum(
  values: Float32Array,
  window: BallWindow,
  z: number,
  y: number,
  x: number,
): boolean {
  const { shape, reach, flat } = window;
  const index = (z * shape[1] + y) * shape[2] + x;
  const value = values[index]!;
  const inside =
    z >= reach[0] &&
    y >= reach[1] &&
    x >= reach[2] &&
    z < shape[0] - reach[0] &&
    y < shape[1] - reach[1] &&
    x < shape[2] - reach[2];
  if (!inside) return isMaximumAtFace(values, window, z, y, x, index);
  for (let i = 0; i < flat.length; i++) if (values[index + flat[i]!]! > value) return false;
  return true;
}

function isMaximumAtFace(
  values: Float32Array,
  { shape, dz, dy, dx, flat }: BallWindow,
  z: number,
  y: number,
  x: number,
  index: number,
): boolean {
  const value = values[index]!;
  for (let i = 0; i < flat.length; i++) {
    const atZ = z + dz[i]!;
    const atY = y + dy[i]!;
    const atX = x + dx[i]!;
    if (atZ < 0 || atY < 0 || atX < 0 || atZ >= shape[0] || atY >= shape[1] || atX >= shape[2]) continue;
    if (values[index + flat[i]!]! > value) return false;
  }
  return true;
}

/** A window in which maxima of the distance transform are sought, with the levels of all runs. */
export interface RunWindow {
  readonly runs: Runs;
  /** First run of each row, as `startsOfRows` returns it. */
  readonly rowStart: Int32Array;
  /** Part that owns each row, as `ownersOfRows` returns it. */
  readonly rowOwner: Int32Array;
  readonly levels: Levels;
  readonly ball: BallWindow;
  /** The window's rows, nearest first: steps along z (`dz`) and y (`dy`), and their reach along x (`reach`). */
  readonly dz: Int32Array;
  readonly dy: Int32Array;
  readonly reach: Int32Array;
}

/**
 * Makes a window of the ball's voxels and the centre.
 *
 * @param radius as in `ballWindow`
 */
export function runWindow(
  radius: number,
  weights: AxisWeights,
  foreground: Pick<RunWindow, "runs" | "rowStart" | "rowOwner" | "levels">,
): RunWindow {
  const ball = ballWindow(radius, weights, foreground.runs.shape);
  const rows = new Map<string, { dz: number; dy: number; reach: number }>();
  for (let i = 0; i < ball.flat.length; i++) {
    const [dz, dy, reach] = [ball.dz[i]!, ball.dy[i]!, Math.abs(ball.dx[i]!)];
    const row = rows.get(`${dz},${dy}`);
    if (row) row.reach = Math.max(row.reach, reach);
    else rows.set(`${dz},${dy}`, { dz, dy, reach });
  }
  const column = (name: "dz" | "dy" | "reach") => Int32Array.from([...rows.values()], (row) => row[name]);
  return { ...foreground, ball, dz: column("dz"), dy: column("dy"), reach: column("reach") };
}

/** Steps to a window's voxels, as differences of flat indices in a box. */
interface BoxSteps {
  /** Steps to the voxels of the window among the 26 touching ones. */
  readonly near: Int32Array;
  /** Steps to all voxels of the window, nearest first; empty where the window does not fit into the box. */
  readonly whole: Int32Array;
}

/** Returns a window's steps in a box of the given shape. */
export function stepsInBox({ ball }: RunWindow, shape: Shape3): BoxSteps {
  const { dz, dy, dx, reach } = ball;
  const flat = (i: number) => (dz[i]! * shape[1] + dy[i]!) * shape[2] + dx[i]!;
  const near: number[] = [];
  for (let i = 0; i < dz.length; i++) {
    if (Math.max(Math.abs(dz[i]!), Math.abs(dy[i]!), Math.abs(dx[i]!)) === 1) near.push(flat(i));
  }
  const fits = shape.every((size, axis) => size > 2 * reach[axis]!);
  const whole = new Int32Array(fits ? dz.length : 0);
  for (let i = 0; i < whole.length; i++) whole[i] = flat(i);
  return { near: Int32Array.from(near), whole };
}

/** Returns, for each row, the only part that its runs belong to; −1 where there are several parts or no run. */
export function ownersOfRows({ row, shape }: Runs, parts: Components): Int32Array {
  const rows = shape[0] * shape[1];
  const owners = new Int32Array(rows).fill(-1);
  const isTaken = new Uint8Array(rows);
  for (let part = 0; part < parts.count; part++) {
    for (let i = parts.start[part]!; i < parts.start[part + 1]!; i++) {
      const at = row[parts.runs[i]!]!;
      if (!isTaken[at]) owners[at] = part;
      else if (owners[at] !== part) owners[at] = -1;
      isTaken[at] = 1;
    }
  }
  return owners;
}

/**
 * Tells whether no foreground voxel in the window around z, y, x has a level above `level`.
 *
 * @param except part whose own rows are skipped, since its voxels have been tried; −1 for none
 */
export function isRunMaximum(
  window: RunWindow,
  z: number,
  y: number,
  x: number,
  level: number,
  except: number,
): boolean {
  const { runs, rowStart, rowOwner, levels, dz, dy, reach } = window;
  const [depth, height] = runs.shape;
  for (let i = 0; i < dz.length; i++) {
    const atZ = z + dz[i]!;
    const atY = y + dy[i]!;
    if (atZ < 0 || atY < 0 || atZ >= depth || atY >= height) continue;
    const row = atZ * height + atY;
    if (except >= 0 && rowOwner[row] === except) continue;
    const low = x - reach[i]!;
    const high = x + reach[i]!;
    const last = rowStart[row + 1]!;
    for (let run = firstEndingAfter(runs.end, rowStart[row]!, last, low); run < last; run++) {
      const first = runs.first[run]!;
      if (first > high) break;
      const origin = levels.start[run]! - first;
      const stop = origin + Math.min(runs.end[run]! - 1, high);
      for (let at = origin + Math.max(first, low); at <= stop; at++)
        if (levels.values[at]! > level) return false;
    }
  }
  return true;
}

/** Returns the first of the runs [from, to) that ends after x. */
function firstEndingAfter(end: Int32Array, from: number, to: number, x: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}
