/** Slices of a tomogram as pictures, and the budget of bytes for all pictures. */
import { angstrom, indexToAngstrom } from "../../domain/units.js";
import type { ByteTomogram } from "../../present/pictures/cutout.js";
import {
  type Contrast,
  contrastOf,
  meanSlice,
  pngAddress,
  reductionOf,
} from "../../present/pictures/grey.js";

/** Slices of one tomogram from the lowest z to the highest. */
export interface SliceSeries {
  /** Width in pixels. */
  readonly width: number;
  readonly height: number;
  /** Å per pixel along x and y. */
  readonly pixel: { readonly x: number; readonly y: number };
  readonly slices: readonly {
    /** Middle of the slice in Å. */
    readonly z: number;
    readonly address: string;
  }[];
  /** Distance in Å between neighbouring slices. */
  readonly step: number;
}

/** Limit of the longer side in pixels. */
const mostPixels = 320;
const mostSlices = 24;
/** Bytes per pixel of such a picture in base64, as measured: noise in 24 greys hardly compresses. */
const bytesPerPixel = 0.78;

/** Renders as many evenly spaced slices as `bytes` of the budget allow; null where fewer than three fit. */
export function renderSlices(
  tomogram: ByteTomogram,
  bytes: number,
  budget: PictureBudget,
): { series: SliceSeries | null; contrast: Contrast } {
  const { shape, spacing } = tomogram;
  const reduction = reductionOf(shape, mostPixels);
  const { bin, width, height } = reduction;
  const affordable = Math.floor(Math.min(bytes, budget.left) / (bytesPerPixel * width * height));
  const count = Math.min(mostSlices, shape[0], affordable);
  const images = middles(shape[0], Math.max(3, count)).map((z) => meanSlice(tomogram, z, reduction));
  const contrast = contrastOf(images);
  if (count < 3) return { series: null, contrast };
  const slices = middles(shape[0], count).flatMap((z, i) => {
    const address = pngAddress(images[i]!, contrast);
    return budget.take(address.length) ? [{ z: indexToAngstrom(z, spacing[0]), address }] : [];
  });
  const pixel = { x: bin * spacing[2], y: bin * spacing[1] };
  const step = angstrom((shape[0] * spacing[0]) / count);
  return { series: { width, height, pixel, slices, step }, contrast };
}

/** Returns the middle planes of `count` equal stretches. */
const middles = (depth: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.min(depth - 1, Math.floor(((i + 0.5) * depth) / count)));

/** Budget of bytes for pictures, spent in the order of requests. */
export class PictureBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes bytes from the budget; false where too few are left. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}
