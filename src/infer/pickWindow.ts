import type { Shape3 } from "../volume.js";
import type { AxisWeights } from "./distanceTransform.js";

/** The voxels of a ball around a voxel, that voxel left out, nearest first. */
export interface BallWindow {
  readonly shape: Shape3;
  readonly dz: Int32Array;
  readonly dy: Int32Array;
  readonly dx: Int32Array;
  /** The same steps as differences of flat indices. */
  readonly flat: Int32Array;
  /** Furthest step along z, y, x. */
  readonly reach: Shape3;
}

/**
 * @param radius in the weights' unit (voxels of the finest axis), inclusive; the six face neighbours always belong to the window
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

/** Whether no voxel in the window around z,y,x is greater; what lies outside the volume is not greater. */
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
