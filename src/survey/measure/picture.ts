/** Thumbnails: the middle slice of a tomogram, and the projection of a feature, as small PNGs. */
import { quantile } from "../../domain/numbers.js";
import type { Shape3, Spacing3 } from "../../domain/volume.js";
import { type Contrast, greyPng, meanSlice, reductionOf } from "../../present/pictures/grey.js";

/** Limit of an image's longer side in pixels. */
const mostPixels = 256;

/**
 * Makes the PNG of a slice, stretched from the 1st to the 99th percentile of the pixels that hold data.
 *
 * @param planes around the slice, z slowest, and which of their voxels are blank
 * @param z of the slice among these planes
 */
export function slicePicture(
  planes: { readonly data: Float32Array; readonly shape: Shape3; readonly spacing: Spacing3 },
  blank: Uint8Array | undefined,
  z: number,
): Uint8Array {
  const reduction = reductionOf(planes.shape, mostPixels);
  const numbers = planes.data.map((value) => (Number.isNaN(value) ? 0 : value));
  const image = meanSlice({ ...planes, data: numbers }, z, reduction);
  const empty = blank && meanSlice({ ...planes, data: blank }, z, reduction).data;
  const held = image.data.filter((_, at) => empty === undefined || empty[at]! < 0.5).sort();
  const [black, white] = [quantile(held, 0.01), quantile(held, 0.99)];
  return greyPng(image, stretched(black, white));
}

/**
 * Makes the PNG of a projection along z, stretched from 0 to the 99th percentile of its pixels above 0.
 *
 * @param sums along z, y slowest
 */
export function projectionPicture(
  sums: Float32Array,
  [, height, width]: Shape3,
  spacing: Spacing3,
): Uint8Array {
  const shape = [1, height, width] as const;
  const seen = sums.filter((value) => value > 0).sort();
  const white = seen.length === 0 ? 1 : quantile(seen, 0.99);
  const image = meanSlice({ data: sums, shape, spacing }, 0, reductionOf(shape, mostPixels));
  return greyPng(image, stretched(0, white));
}

function stretched(black: number, white: number): Contrast {
  if (white > black) return { black, white };
  const least = Number.isFinite(black) ? black : 0;
  return { black: least, white: least + 1 };
}
