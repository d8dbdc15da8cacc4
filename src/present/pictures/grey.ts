/** How values become greys, and grey images PNGs. */
import { encode } from "fast-png";

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
  const all = new Float32Array(images.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of images) {
    all.set(data, at);
    at += data.length;
  }
  const { black, white } = tailsOf(all);
  return { black, white: white > black ? white : black + 1 };
}

/** Encodes an image as PNG in a data URL. */
export function pngAddress({ width, height, data }: GreyImage, { black, white }: Contrast): string {
  const levels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) levels[i] = greyOf((data[i]! - black) / (white - black), greys);
  const png = encode({ width, height, data: levels, channels: 1, depth: 8 }, { zlib: { level: 9 } });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}
