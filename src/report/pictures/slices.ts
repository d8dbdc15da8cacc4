import { angstrom, indexToAngstrom } from "../../domain/units.js";
import type { ByteTomogram } from "../../present/pictures/cutout.js";
import { type Contrast, contrastOf, type GreyImage, pngAddress } from "../../present/pictures/grey.js";

/** Slices of one tomogram from the lowest z to the highest. */
export interface SliceSeries {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Å a pixel along x and y. */
  readonly pixel: { readonly x: number; readonly y: number };
  readonly slices: readonly {
    /** Å, of its middle. */
    readonly z: number;
    readonly address: string;
  }[];
  /** Å between neighbouring slices. */
  readonly step: number;
}

/** Pixels of the longer side at most. */
const mostPixels = 320;
const mostSlices = 24;
/** Å averaged along z, as in a look at a tomogram by eye. */
const thickness = 50;
/** Of a pixel of such a picture in base64, as measured: noise in 24 greys hardly compresses. */
const bytesPerPixel = 0.78;

/** As many evenly spaced slices as `bytes` of the budget allow; null where there is room for fewer than three. */
export function renderSlices(
  tomogram: ByteTomogram,
  bytes: number,
  budget: PictureBudget,
): { series: SliceSeries | null; contrast: Contrast } {
  const { shape, spacing } = tomogram;
  const bin = Math.ceil(Math.max(shape[1], shape[2]) / mostPixels);
  const [height, width] = [Math.floor(shape[1] / bin) || 1, Math.floor(shape[2] / bin) || 1];
  const affordable = Math.floor(Math.min(bytes, budget.left) / (bytesPerPixel * width * height));
  const count = Math.min(mostSlices, shape[0], affordable);
  const images = middles(shape[0], Math.max(3, count)).map((z) => meanSlice(tomogram, z, bin, width, height));
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

/** Middle planes of `count` equal stretches. */
const middles = (depth: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.min(depth - 1, Math.floor(((i + 0.5) * depth) / count)));

/** The mean of some planes around z, `bin` × `bin` voxels a pixel. */
function meanSlice(
  { data, shape: [depth, ny, nx], spacing }: ByteTomogram,
  z: number,
  bin: number,
  width: number,
  height: number,
): GreyImage {
  const half = Math.floor(thickness / spacing[0] / 2);
  const first = Math.max(0, z - half);
  const last = Math.min(depth - 1, z + half);
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
/** Bytes that pictures may take of the page, given out in the order in which they are asked for. */
export class PictureBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  /** False where there is no room for these any more. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}
