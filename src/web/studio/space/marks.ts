/** Marks of the 3-D view as numbers for the graphics card, and which of them is under the mouse. */
import { angstromsPerPixel, type Frame, type Size } from "./camera.js";
import type { Vector } from "./vectors.js";

/** A sphere at a position, with an arrow where it has a direction. */
export interface SpaceMark {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Å */
  readonly radius: number;
  /** `#rrggbb` */
  readonly colour: string;
  /** Drawn as an outline that one sees through. */
  readonly isHollow?: boolean;
  /** Drawn with a bright rim. */
  readonly isChosen?: boolean;
  readonly direction?: Vector;
}

/** Bytes of a mark: x, y, z, radius; red, green, blue, look; direction of length 1, zeros where there is none. */
export const markBytes = 32;

/** Bits of a mark's look. */
export const hollowBit = 1;
export const chosenBit = 2;

/** Marks as bytes, and the numbers of those that have an arrow, behind which is nothing. */
export interface PackedMarks {
  readonly count: number;
  readonly bytes: ArrayBuffer;
  /** The same for those with a direction alone. */
  readonly arrows: PackedMarks | undefined;
}

/** Packs marks; those with a direction are packed a second time, as arrows. */
export function packMarks(marks: readonly SpaceMark[]): PackedMarks {
  const pointing = marks.filter(({ direction }) => direction !== undefined);
  return {
    count: marks.length,
    bytes: bytesOf(marks),
    arrows:
      pointing.length === 0
        ? undefined
        : { count: pointing.length, bytes: bytesOf(pointing), arrows: undefined },
  };
}

function bytesOf(marks: readonly SpaceMark[]): ArrayBuffer {
  const bytes = new ArrayBuffer(marks.length * markBytes);
  const floats = new Float32Array(bytes);
  const colours = new Uint8Array(bytes);
  for (const [i, { x, y, z, radius, colour, isHollow, isChosen, direction }] of marks.entries()) {
    floats.set([x, y, z, radius], 8 * i);
    const look = (isHollow ? hollowBit : 0) + (isChosen ? chosenBit : 0);
    colours.set([...rgbOf(colour), look], markBytes * i + 16);
    if (direction) {
      const length = Math.hypot(...direction) || 1;
      for (let axis = 0; axis < 3; axis++) floats[8 * i + 5 + axis] = direction[axis]! / length;
    }
  }
  return bytes;
}

/** Returns red, green and blue, 0 to 255, of `#rrggbb` or `#rgb`; grey where it is neither. */
export function rgbOf(colour: string): [number, number, number] {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  if (short) return [1, 2, 3].map((at) => 17 * Number.parseInt(short[at]!, 16)) as [number, number, number];
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!long) return [128, 128, 128];
  return [1, 2, 3].map((at) => Number.parseInt(long[at]!, 16)) as [number, number, number];
}

/**
 * Returns the number of the mark under a pixel: of those whose disc holds it, or that lie within `slack` pixels, the
 * one whose centre is nearest to the pixel, in shares of its disc; of equals the one in front. Undefined where there is
 * none.
 */
export function markAt(
  { bytes, count }: PackedMarks,
  frame: Frame,
  size: Size,
  pixel: { readonly x: number; readonly y: number },
  slack = 4,
): number | undefined {
  const floats = new Float32Array(bytes);
  const { eye, right, down, forward } = frame;
  let [best, bestShare, bestDepth] = [-1, 1, Number.POSITIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    const dx = floats[8 * i]! - eye[0];
    const dy = floats[8 * i + 1]! - eye[1];
    const dz = floats[8 * i + 2]! - eye[2];
    const depth = dx * forward[0] + dy * forward[1] + dz * forward[2];
    if (depth <= 0) continue;
    const perPixel = angstromsPerPixel(depth, size);
    const x = (dx * right[0] + dy * right[1] + dz * right[2]) / perPixel + size.width / 2;
    const y = (dx * down[0] + dy * down[1] + dz * down[2]) / perPixel + size.height / 2;
    const share = Math.hypot(x - pixel.x, y - pixel.y) / (floats[8 * i + 3]! / perPixel + slack);
    if (share > 1) continue;
    const isBetter = share < bestShare - 1e-6 || (share <= bestShare + 1e-6 && depth < bestDepth);
    if (isBetter) [best, bestShare, bestDepth] = [i, share, depth];
  }
  return best < 0 ? undefined : best;
}
