/** Grey images with a common contrast, as PNG. */
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

/** Returns one contrast for all pictures of a tomogram, so that they can be compared. */
export function contrastOf(images: readonly GreyImage[]): Contrast {
  const all = new Float32Array(images.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of images) {
    all.set(data, at);
    at += data.length;
  }
  all.sort();
  const black = all[Math.floor(darkest * (all.length - 1))] ?? 0;
  const white = all[Math.ceil(brightest * (all.length - 1))] ?? 0;
  return { black, white: white > black ? white : black + 1 };
}

/** Encodes an image as PNG in a data URL. */
export function pngAddress({ width, height, data }: GreyImage, { black, white }: Contrast): string {
  const levels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const share = Math.max(0, Math.min(1, (data[i]! - black) / (white - black)));
    levels[i] = Math.round((Math.round(share * (greys - 1)) * 255) / (greys - 1));
  }
  const png = encode({ width, height, data: levels, channels: 1, depth: 8 }, { zlib: { level: 9 } });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}
