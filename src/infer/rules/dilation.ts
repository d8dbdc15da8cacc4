/**
 * Dilation of a volume's bits by a ball or by discs, exact, in time that does not grow with the radius: squared distances
 * within each slice (`domain/distanceTransform`), from which it follows how many slices up and down a voxel's column is
 * reached.
 */
import { axisWeights, newEnvelope, transformAxis } from "../../domain/distanceTransform.js";
import type { Box, Shape3, Spacing3 } from "../../domain/volume.js";
import { type Bits, makeBits } from "./bits.js";

/** How far dilation reaches: squared distances up to `limit`, weighted along z, y, x. */
export interface Reach {
  readonly weights: readonly [z: number, y: number, x: number];
  readonly limit: number;
  /** Whether it stays within a voxel's own slice. */
  readonly isFlat: boolean;
}

/** Relative slack of squared distances, for spacings and radii whose quotient is not exact in binary. */
const slack = 1e-6;

/**
 * Returns the reach of a ball: distances between voxel centres of at most `radius` Å; what lies within 5e-7 of the radius
 * counts as within.
 */
export function ballReach(radius: number, spacing: Spacing3): Reach {
  const finest = Math.min(...spacing);
  return { weights: axisWeights(spacing), limit: (radius / finest) ** 2 * (1 + slack), isFlat: false };
}

/**
 * Returns the reach of Ais's discs: dx² + dy² < r² in voxels of one slice, with r = floor(radius / voxel), computed in nm as
 * Ais does. Below one voxel nothing is reached, not even the voxel itself.
 */
export function discReach(radius: number, [, , pixel]: Spacing3): Reach {
  const voxels = Math.floor(radius / 10 / (pixel / 10));
  return { weights: [1, 1, 1], limit: voxels ** 2 - 0.5, isFlat: true };
}

/** Slices up and down that each voxel's column reaches, plus 1; 0 where it reaches none. Shared by threads. */
export type Reaches = Uint16Array;

/** Allocates the reaches of a volume. */
export const makeReaches = (shape: Shape3): Reaches =>
  new Uint16Array(new SharedArrayBuffer(2 * shape[0] * shape[1] * shape[2]));

/** Computes the reaches of slices zStart ≤ z < zEnd. */
export function reachSlices(
  { bytes, shape, rowBytes }: Bits,
  { weights, limit, isFlat }: Reach,
  [zStart, zEnd]: readonly [number, number],
  reaches: Reaches,
): void {
  const [depth, height, width] = shape;
  const area = height * width;
  const plane = new Float32Array(area);
  const flat: Shape3 = [1, height, width];
  const whole: Box = { start: [0, 0, 0], end: flat };
  const envelope = newEnvelope(Math.max(height, width));
  for (let z = zStart; z < zEnd; z++) {
    const out = reaches.subarray(z * area, (z + 1) * area);
    const isAny = unpack(
      bytes.subarray(z * height * rowBytes, (z + 1) * height * rowBytes),
      rowBytes,
      width,
      plane,
    );
    if (!isAny || limit < 0) {
      out.fill(0);
      continue;
    }
    transformAxis(plane, flat, whole, 2, weights[2], envelope);
    transformAxis(plane, flat, whole, 1, weights[1], envelope);
    for (let i = 0; i < area; i++) {
      const left = limit - plane[i]!;
      if (left < 0) out[i] = 0;
      else out[i] = isFlat ? 1 : 1 + Math.min(depth, Math.floor(Math.sqrt(left / weights[0])));
    }
  }
}

/** Turns a slice's bits into 0 where they are on and Infinity elsewhere; returns whether any is on. */
function unpack(bytes: Uint8Array, rowBytes: number, width: number, plane: Float32Array): boolean {
  let isAny = false;
  for (let row = 0, i = 0; i < plane.length; row += rowBytes)
    for (let x = 0; x < width; x++, i++) {
      const isOn = (bytes[row + (x >> 3)]! & (1 << (x & 7))) !== 0;
      isAny ||= isOn;
      plane[i] = isOn ? 0 : Number.POSITIVE_INFINITY;
    }
  return isAny;
}

/** Turns on, in rows yStart ≤ y < yEnd of every slice, the bits that a reach covers: up the slices, then down. */
export function coverRows(
  reaches: Reaches,
  { bytes, shape, rowBytes }: Bits,
  [yStart, yEnd]: readonly [number, number],
): void {
  const [depth, height, width] = shape;
  const cover = new Int32Array((yEnd - yStart) * width);
  const pass = (z: number): void => {
    let i = 0;
    for (let y = yStart; y < yEnd; y++) {
      const from = (z * height + y) * width;
      const row = (z * height + y) * rowBytes;
      for (let x = 0; x < width; x++, i++) {
        const covered = Math.max(cover[i]! - 1, reaches[from + x]!);
        cover[i] = covered;
        if (covered > 0) bytes[row + (x >> 3)] = bytes[row + (x >> 3)]! | (1 << (x & 7));
      }
    }
  };
  for (let z = 0; z < depth; z++) pass(z);
  cover.fill(0);
  for (let z = depth - 1; z >= 0; z--) pass(z);
}

/** Dilates bits; whether in this thread or in several is its maker's choice. */
export type Dilate = (bits: Bits, reach: Reach) => Promise<Bits>;

/** Dilates bits in this thread. */
export const dilateHere: Dilate = async (bits, reach) => {
  const { shape } = bits;
  const reaches = makeReaches(shape);
  reachSlices(bits, reach, [0, shape[0]], reaches);
  const out = makeBits(shape);
  coverRows(reaches, out, [0, shape[1]]);
  return out;
};
