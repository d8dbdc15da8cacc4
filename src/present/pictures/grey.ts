/** Grey images: slices of a tomogram, how values become greys, and images PNGs. */
import { encode } from "fast-png";
import { joinedFloats } from "../../domain/numbers.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";

/** An image of voxel means, row by row. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Values that become black and white. */
export interface Contrast {
  readonly black: number;
  readonly white: number;
}

/** Shares of the values that become black and white. */
const darkest = 0.003;
const brightest = 0.997;
/** Number of grey levels; more would mostly keep noise, which does not compress. */
const greys = 24;

/** Thickness in Å averaged along z, as when people look at a tomogram. */
const thickness = 50;

/** Size in pixels of a plane's image, and the side in voxels of the square that a pixel averages. */
interface Reduction {
  readonly bin: number;
  readonly width: number;
  readonly height: number;
}

/** Returns how planes become images whose longer side has at most so many pixels. */
export function reductionOf([, ny, nx]: Shape3, mostPixels: number): Reduction {
  const bin = Math.ceil(Math.max(ny, nx) / mostPixels);
  return { bin, width: Math.floor(nx / bin) || 1, height: Math.floor(ny / bin) || 1 };
}

/** Returns the first and the last of the planes around z that `meanSlice` averages. */
export function planesAround(z: number, depth: number, spacing: number): readonly [number, number] {
  const half = Math.floor(thickness / spacing / 2);
  return [Math.max(0, z - half), Math.min(depth - 1, z + half)];
}

/** Averages some planes of a tomogram around z; voxels at its far edges that fill no pixel are left out. */
export function meanSlice(
  {
    data,
    shape: [depth, ny, nx],
    spacing,
  }: { readonly data: ArrayLike<number>; readonly shape: Shape3; readonly spacing: Spacing3 },
  z: number,
  { bin, width, height }: Reduction,
): GreyImage {
  const [first, last] = planesAround(z, depth, spacing[0]);
  const sums = new Float32Array(width * height);
  for (let plane = first; plane <= last; plane++)
    for (let y = 0; y < height * bin; y++) {
      const from = (plane * ny + y) * nx;
      const to = Math.floor(y / bin) * width;
      for (let x = 0; x < width * bin; x++) sums[to + Math.floor(x / bin)]! += data[from + x]!;
    }
  const share = 1 / ((last - first + 1) * bin * bin);
  return { width, height, data: sums.map((sum) => sum * share) };
}

/** The values of black and white by percentiles, which a few bright or dark voxels do not move. Sorts the values. */
export function tailsOf(values: Float32Array): Contrast {
  const sorted = values.sort();
  const black = sorted[Math.floor(darkest * (sorted.length - 1))] ?? 0;
  const white = sorted[Math.ceil(brightest * (sorted.length - 1))] ?? 0;
  return { black, white };
}

/** The nearest of `count` evenly spaced greys, 0 to 255, of a share of the way from black to white. */
export function greyOf(share: number, count: number): number {
  const level = Math.round(Math.max(0, Math.min(1, share)) * (count - 1));
  return Math.round((level * 255) / (count - 1));
}

/** Returns one contrast for all pictures of a tomogram, so that they can be compared. */
export function contrastOf(images: readonly GreyImage[]): Contrast {
  const { black, white } = tailsOf(joinedFloats(images.map(({ data }) => data)));
  return { black, white: white > black ? white : black + 1 };
}

/** Encodes an image as PNG. */
export function greyPng({ width, height, data }: GreyImage, { black, white }: Contrast): Uint8Array {
  const levels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) levels[i] = greyOf((data[i]! - black) / (white - black), greys);
  return encode({ width, height, data: levels, channels: 1, depth: 8 }, { zlib: { level: 9 } });
}

/** Encodes an image as PNG in a data URL. */
export const pngAddress = (image: GreyImage, contrast: Contrast): string =>
  `data:image/png;base64,${Buffer.from(greyPng(image, contrast)).toString("base64")}`;
