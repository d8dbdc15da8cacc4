/** Prediction at a network's own spacing along y and x: planes are resampled to it, and their maps back. */

import { isPerSlice, type Normalisation, rescale } from "../../data/normalisation.js";
import { gaussianWeights } from "../../domain/gaussian.js";
import { angstrom } from "../../domain/units.js";
import type { Volume } from "../../domain/volume.js";
import { sharedFloats } from "../../formats/sharedFloats.js";
import { type PredictedSlab, roundInto } from "./slabPrediction.js";

/** Spacings that differ by a smaller share are taken as one, as Ais does. */
const leastDifference = 0.05;

/** The part of a predictor that planes are resampled for. */
interface PlanePredictor {
  readonly normalisations: readonly Normalisation[];
  predict(
    views: readonly Volume[],
    onSlab: (slab: PredictedSlab) => void | Promise<void>,
    onProgress?: (done: number, total: number) => void,
  ): Promise<void>;
}

/** Returns the prediction of a predictor that sees planes of a spacing, whatever the tomogram's own along y and x. */
export function inPlane(predictor: PlanePredictor, spacing: number): PlanePredictor["predict"] {
  return async (volumes, onSlab, onProgress) => {
    const [, height, width] = volumes[0]!.shape;
    const ratio = volumes[0]!.spacing[2] / spacing;
    if (Math.abs(1 - ratio) < leastDifference) return predictor.predict(volumes, onSlab, onProgress);
    const size: PlaneSize = [Math.max(1, Math.round(height * ratio)), Math.max(1, Math.round(width * ratio))];
    const resampled = volumes.map((volume, at) => {
      const view = resampledVolume(volume, size, spacing);
      const normalisation = predictor.normalisations[at]!;
      if (isPerSlice(normalisation)) rescale(view.data, normalisation, view.blank, size[0] * size[1]);
      return view;
    });
    await predictor.predict(
      resampled,
      ({ zStart, shape, values }) => {
        const back = [...values].map(([type, maps]): [string, Float32Array] => [
          type,
          enlarged(maps, shape[0], size, [height, width]),
        ]);
        return onSlab({ zStart, shape: [shape[0], height, width], values: new Map(back) });
      },
      onProgress,
    );
  };
}

/** Voxels of a plane along y and x. */
export type PlaneSize = readonly [y: number, x: number];

/** Resamples each plane of a volume; blank voxels are taken from the nearest. */
function resampledVolume({ data, shape, spacing, blank }: Volume, size: PlaneSize, to: number): Volume {
  const [depth, height, width] = shape;
  const out = sharedFloats(depth * size[0] * size[1]);
  for (let z = 0; z < depth; z++) {
    const plane = data.subarray(z * height * width, (z + 1) * height * width);
    out.set(resampledPlane(plane, [height, width], size), z * size[0] * size[1]);
  }
  const view: Volume = {
    data: out,
    shape: [depth, ...size],
    spacing: [spacing[0], angstrom(to), angstrom(to)],
  };
  return blank ? { ...view, blank: nearest(blank, depth, [height, width], size) } : view;
}

/**
 * Resamples a plane: where it shrinks it is first smoothed by a Gaussian of standard deviation (factor − 1)/2, then taken
 * linearly at the new voxels' centres, mirrored at the faces. As scikit-image's `resize` of order 1 with anti-aliasing.
 */
function resampledPlane(plane: Float32Array, from: PlaneSize, to: PlaneSize): Float32Array {
  const [height, width] = from;
  const rows = resampledRows(plane, height, width, to[1]);
  const turned = transposed(rows, height, to[1]);
  return transposed(resampledRows(turned, to[1], height, to[0]), to[1], to[0]);
}

/** Resamples every row of a plane to another length. */
function resampledRows(plane: Float32Array, rows: number, length: number, wanted: number): Float32Array {
  const factor = length / wanted;
  const kernel = gaussianWeights(Math.max(0, (factor - 1) / 2));
  const reach = kernel.length - 1;
  const out = new Float32Array(rows * wanted);
  const smooth = new Float64Array(length);
  for (let row = 0; row < rows; row++) {
    const line = plane.subarray(row * length, (row + 1) * length);
    for (let i = 0; i < length; i++) {
      let sum = kernel[0]! * line[i]!;
      for (let k = 1; k <= reach; k++)
        sum += kernel[k]! * (line[mirrored(i - k, length)]! + line[mirrored(i + k, length)]!);
      smooth[i] = sum;
    }
    for (let i = 0; i < wanted; i++) {
      const place = (i + 0.5) * factor - 0.5;
      const below = Math.floor(place);
      const share = place - below;
      const [low, high] = [smooth[mirrored(below, length)]!, smooth[mirrored(below + 1, length)]!];
      out[row * wanted + i] = low + share * (high - low);
    }
  }
  return out;
}

function mirrored(index: number, length: number): number {
  const period = Math.max(1, 2 * (length - 1));
  const place = ((index % period) + period) % period;
  return place < length ? place : period - place;
}

function transposed(plane: Float32Array, height: number, width: number): Float32Array {
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out[x * height + y] = plane[y * width + x]!;
  return out;
}

/** Takes maps of planes linearly at the voxels' centres of another size; outside the outermost centres they stay. */
export function enlarged(maps: Float32Array, planes: number, from: PlaneSize, to: PlaneSize): Float32Array {
  const out = new Float32Array(planes * to[0] * to[1]);
  const [ys, xs] = [places(from[0], to[0]), places(from[1], to[1])];
  let at = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let y = 0; y < to[0]; y++) {
      const low = (plane * from[0] + ys.below[y]!) * from[1];
      const high = (plane * from[0] + ys.above[y]!) * from[1];
      for (let x = 0; x < to[1]; x++) {
        const [left, right, share] = [xs.below[x]!, xs.above[x]!, xs.share[x]!];
        const upper = maps[low + left]! + share * (maps[low + right]! - maps[low + left]!);
        const lower = maps[high + left]! + share * (maps[high + right]! - maps[high + left]!);
        out[at++] = upper + ys.share[y]! * (lower - upper);
      }
    }
  roundInto(out, out);
  return out;
}

/** The two voxels between which each new centre lies, and the share of the second. */
function places(from: number, to: number) {
  const below = new Int32Array(to);
  const above = new Int32Array(to);
  const share = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const place = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    below[i] = Math.floor(place);
    above[i] = Math.min(from - 1, below[i]! + 1);
    share[i] = place - below[i]!;
  }
  return { below, above, share };
}

function nearest(blank: Uint8Array, depth: number, from: PlaneSize, to: PlaneSize): Uint8Array {
  const out = new Uint8Array(depth * to[0] * to[1]);
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < to[0]; y++) {
      const row = (z * from[0] + Math.floor(((y + 0.5) * from[0]) / to[0])) * from[1];
      for (let x = 0; x < to[1]; x++) out[at++] = blank[row + Math.floor(((x + 0.5) * from[1]) / to[1])]!;
    }
  return out;
}
