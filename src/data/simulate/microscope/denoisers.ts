/** Denoisers of reconstructions: filters by frequency, and a median. */
import { fourierTransform } from "../../../domain/fourier.js";
import { type Shape3, voxelCount } from "../../../domain/volume.js";

/** Kinds of denoisers. */
export const denoiserKinds = ["none", "gaussian", "median", "wiener"] as const;

/** A denoiser with its settings. */
export type Denoiser =
  | { readonly kind: "none" | "median" }
  /** Standard deviation in Å. */
  | { readonly kind: "gaussian"; readonly sigma: number }
  /**
   * Cut in Å, at whose frequency half is left; `lift` raises lengths above `liftLength` Å, which contrast transfer left
   * faint.
   */
  | { readonly kind: "wiener"; readonly cut: number; readonly lift: number; readonly liftLength: number };

/** Returns by how much a denoiser multiplies a frequency (1/Å); 1 for one that is no filter. */
export function gainOf(denoiser: Denoiser, frequency: number): number {
  if (denoiser.kind === "gaussian") return Math.exp(-2 * (Math.PI * frequency * denoiser.sigma) ** 2);
  if (denoiser.kind !== "wiener") return 1;
  const { cut, lift, liftLength } = denoiser;
  return (1 + lift / (1 + (frequency * liftLength) ** 2)) / (1 + (frequency * cut) ** 4);
}

/** Denoises values of a shape in place. @param spacing Å per voxel. Memory: as much again for a filter. */
export function denoise(values: Float32Array, shape: Shape3, spacing: number, denoiser: Denoiser): void {
  if (denoiser.kind === "median") medianFilter(values, shape);
  else if (denoiser.kind !== "none")
    filter(values, shape, spacing, (frequency) => gainOf(denoiser, frequency));
}

function filter(re: Float32Array, shape: Shape3, spacing: number, gain: (frequency: number) => number): void {
  const im = new Float32Array(re.length);
  fourierTransform(re, im, shape);
  const [nz, ny, nx] = shape;
  const share = 1 / voxelCount(shape);
  const frequency = (index: number, size: number) => Math.min(index, size - index) / (size * spacing);
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const across = frequency(z, nz) ** 2 + frequency(y, ny) ** 2;
      for (let x = 0; x < nx; x++) {
        const at = (z * ny + y) * nx + x;
        const factor = share * gain(Math.sqrt(across + frequency(x, nx) ** 2));
        re[at]! *= factor;
        im[at]! *= factor;
      }
    }
  }
  fourierTransform(im, re, shape);
}

/** Replaces each voxel by the median of the 3 × 3 × 3 around it, in place; the outermost voxels stand for those beyond. */
export function medianFilter(values: Float32Array, [nz, ny, nx]: Shape3): void {
  const plane = ny * nx;
  const kept = [0, 1, 2].map(() => new Float32Array(plane));
  const planeAt = (z: number) => kept[(z + 3) % 3]!;
  planeAt(-1).set(values.subarray(0, plane));
  planeAt(0).set(values.subarray(0, plane));
  const around = new Float32Array(27);
  for (let z = 0; z < nz; z++) {
    const next = Math.min(nz - 1, z + 1) * plane;
    planeAt(z + 1).set(values.subarray(next, next + plane));
    for (let y = 0; y < ny; y++) {
      const rows = [Math.max(0, y - 1) * nx, y * nx, Math.min(ny - 1, y + 1) * nx];
      for (let x = 0; x < nx; x++) {
        const columns = [Math.max(0, x - 1), x, Math.min(nx - 1, x + 1)];
        let filled = 0;
        for (const from of kept)
          for (const row of rows) for (const column of columns) around[filled++] = from[row + column]!;
        values[z * plane + y * nx + x] = middleOf(around);
      }
    }
  }
}

/** Returns the median of an odd number of values, which it reorders (Hoare's selection). */
function middleOf(values: Float32Array): number {
  const middle = (values.length - 1) / 2;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[middle]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (j < middle) low = i;
    if (middle < i) high = j;
  }
  return values[middle]!;
}
