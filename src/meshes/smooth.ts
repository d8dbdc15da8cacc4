/** A Gaussian over slices that come one after another: as many are held as its window is deep. */
import { gaussianWeights } from "../domain/gaussian.js";
import type { Shape3 } from "../domain/volume.js";

/** Takes a volume's slices in order. */
export interface SliceSink {
  /** Takes the next slice, y·x values, which are the caller's own again afterwards. */
  add(slice: Float32Array): void;
  /** Ends with all slices taken. */
  finish(): void;
}

/**
 * Smooths slices on their way, as SciPy's `gaussian_filter` does with `mode="nearest"`: beyond the volume's faces its
 * outermost voxels go on.
 *
 * @param sigma standard deviations in voxels along z, y, x
 * @param sink receives the smoothed slices
 */
export function smoothed(
  shape: Shape3,
  [sigmaZ, sigmaY, sigmaX]: readonly [number, number, number],
  sink: (slice: Float32Array) => void,
): SliceSink {
  const [depth, height, width] = shape;
  const [weightsZ, weightsY, weightsX] = [
    gaussianWeights(sigmaZ),
    gaussianWeights(sigmaY),
    gaussianWeights(sigmaX),
  ];
  const radius = weightsZ.length - 1;
  const ring = Array.from(
    { length: Math.min(2 * radius + 1, depth) },
    () => new Float32Array(height * width),
  );
  const row = new Float32Array(width + 2 * (weightsX.length - 1));
  const rows = new Float32Array(height * width);
  const out = new Float32Array(height * width);
  let taken = 0;
  const sliceAt = (z: number): Float32Array => ring[Math.min(Math.max(z, 0), taken - 1) % ring.length]!;
  const emit = (z: number): void => {
    weighted(out, weightsZ, (step) => sliceAt(z + step));
    sink(out);
  };
  return {
    add(slice) {
      for (let y = 0; y < height; y++)
        smoothRow(slice.subarray(y * width, (y + 1) * width), weightsX, row, rows.subarray(y * width));
      const held = ring[taken % ring.length]!;
      const rowAt = (y: number): Float32Array => {
        const at = Math.min(Math.max(y, 0), height - 1);
        return rows.subarray(at * width, (at + 1) * width);
      };
      for (let y = 0; y < height; y++)
        weighted(held.subarray(y * width, (y + 1) * width), weightsY, (step) => rowAt(y + step));
      taken++;
      if (taken > radius) emit(taken - 1 - radius);
    },
    finish() {
      for (let z = Math.max(0, taken - radius); z < taken; z++) emit(z);
    },
  };
}

/** Writes the weighted sum of lines, which lie `step` before and behind the one in the middle. */
function weighted(out: Float32Array, weights: Float64Array, lineAt: (step: number) => Float32Array): void {
  const middle = lineAt(0);
  for (let i = 0; i < out.length; i++) out[i] = weights[0]! * middle[i]!;
  for (let step = 1; step < weights.length; step++) {
    const weight = weights[step]!;
    const [before, behind] = [lineAt(-step), lineAt(step)];
    for (let i = 0; i < out.length; i++) out[i]! += weight * (before[i]! + behind[i]!);
  }
}

function smoothRow(
  values: Float32Array,
  weights: Float64Array,
  padded: Float32Array,
  out: Float32Array,
): void {
  const radius = weights.length - 1;
  padded.fill(values[0]!, 0, radius);
  padded.set(values, radius);
  padded.fill(values.at(-1)!, radius + values.length);
  for (let x = 0; x < values.length; x++) {
    let sum = weights[0]! * padded[x + radius]!;
    for (let step = 1; step <= radius; step++)
      sum += weights[step]! * (padded[x + radius - step]! + padded[x + radius + step]!);
    out[x] = sum;
  }
}
